//! The tables of inputs and outputs in the actions' READMEs.

use std::fmt::Write as _;

use runner::{Action, Kind};

use super::{generated, root};

fn accepted(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".into(),
        Kind::Path => "path".into(),
        Kind::Bool => "`true` or `false`".into(),
        Kind::Integer => "whole number".into(),
        Kind::Duration => "duration (`90s`, `24h`, `7d`)".into(),
        Kind::List => "list, by line or comma".into(),
        Kind::Lines => "list, by line".into(),
        Kind::Choice(values) => values.iter().map(|v| format!("`{v}`")).collect::<Vec<_>>().join(", "),
        Kind::Secret => "secret, or the path of its file".into(),
    }
}

/// The two tables as every action's README carries them, between the markers.
fn tables(action: &Action) -> String {
    let mut text = String::from("## Inputs\n\n| input | accepts | default | what |\n|---|---|---|---|\n");
    for input in action.inputs {
        let default = match (input.required, input.default) {
            (true, _) => "**required**".to_owned(),
            (false, Some(value)) => format!("`{value}`"),
            (false, None) => String::new(),
        };
        let what = input.help.replace('|', "\\|");
        writeln!(text, "| `{}` | {} | {default} | {what} |", input.name, accepted(input.kind)).unwrap();
    }
    if !action.outputs.is_empty() {
        text.push_str("\n## Outputs\n\n| output | what |\n|---|---|\n");
        for output in action.outputs {
            writeln!(text, "| `{}` | {} |", output.name, output.help.replace('|', "\\|")).unwrap();
        }
    }
    text
}

/// Every action whose tables a page carries, and the folder of the page.
fn documented() -> Vec<(&'static str, &'static Action)> {
    let own = hallmark::RANK.iter().map(|action| (action.name, *action));
    own.chain([("gate", &gate::APPROVE), ("chain", hallmark::CHAIN)]).collect()
}

#[test]
fn every_actions_readme_has_the_programs_own_tables() {
    let wrong: Vec<_> = documented()
        .into_iter()
        .filter_map(|(folder, action)| {
            let path = root().join("actions").join(folder).join("README.md");
            let begin = format!("<!-- tables: {} -->\n", action.name);
            generated(&path, &begin, Some("<!-- /tables -->\n"), &tables(action))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
