//! The README's tables are the program's own lists.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;

use model::Weight;
use policy::{Code, SetBy};
use runner::{Action, Kind};

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Path => "path",
        Kind::Bool => "boolean",
        Kind::Integer => "number",
        Kind::Duration => "duration",
        Kind::List => "list",
        Kind::Lines => "lines",
        Kind::Choice(_) => "choice",
        Kind::Secret => "secret",
    }
}

fn tables(action: &Action) -> String {
    let mut text = String::from("| input | kind | default | |\n|---|---|---|---|\n");
    for input in action.inputs {
        let default = input.default.map(|d| format!("`{d}`")).unwrap_or_default();
        let required = if input.required { "**required**" } else { &default };
        writeln!(text, "| `{}` | {} | {required} | {} |", input.name, kind(input.kind), input.help).unwrap();
    }
    text.push_str("\n| output | |\n|---|---|\n");
    for output in action.outputs {
        writeln!(text, "| `{}` | {} |", output.name, output.help).unwrap();
    }
    text
}

fn codes() -> String {
    let mut text =
        String::from("| code | weight | set by | meaning | what clears it |\n|---|---|---|---|---|\n");
    for code in Code::ALL {
        let weight = match code.usual_weight() {
            Weight::Fail => "fail",
            Weight::Review => "review",
            Weight::Note => "note",
        };
        let (weight, by) = match code.set_by() {
            SetBy::Nobody => (weight, "always"),
            SetBy::Reasons => (weight, "`reasons`"),
            SetBy::Rules => ("by rule", "`vulnerabilities`"),
        };
        writeln!(text, "| `{code}` | {weight} | {by} | {} | {} |", code.about(), code.clears()).unwrap();
    }
    text
}

#[test]
fn the_readme_lists_what_the_program_has() {
    let readme = include_str!("../README.md");
    for table in [tables(&gate::ACTION), tables(&gate::APPROVE), codes()] {
        assert!(readme.contains(&table), "README.md lacks, or has otherwise:\n\n{table}");
    }
}
