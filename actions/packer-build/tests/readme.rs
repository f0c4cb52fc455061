//! The README's tables are the action's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use packer_build::ACTION;
use runner::Kind;

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Path => "path".to_owned(),
        Kind::Bool => "`true` or `false`".to_owned(),
        Kind::Integer => "number".to_owned(),
        Kind::Duration => "duration".to_owned(),
        Kind::List => "list".to_owned(),
        Kind::Lines => "lines".to_owned(),
        Kind::Choice(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Kind::Secret => "secret".to_owned(),
    }
}

#[test]
fn the_tables_are_true() {
    let mut inputs = "| Input | Kind | Default | |\n|---|---|---|---|\n".to_owned();
    for input in ACTION.inputs {
        let default = match (input.required, input.default) {
            (true, _) => "required".to_owned(),
            (false, Some(default)) => format!("`{default}`"),
            (false, None) => String::new(),
        };
        inputs += &format!("| `{}` | {} | {default} | {} |\n", input.name, kind(input.kind), input.help);
    }
    let mut outputs = "| Output | |\n|---|---|\n".to_owned();
    for output in ACTION.outputs {
        outputs += &format!("| `{}` | {} |\n", output.name, output.help);
    }
    let readme = include_str!("../README.md");
    for table in [inputs, outputs] {
        assert!(readme.contains(&table), "README.md wants this table:\n{table}");
    }
}
