//! `action.yml`: name, description and branding by hand, everything else from the program's own table.

use std::fmt::Write as _;
use std::path::PathBuf;

use runner::{Action, Input, Kind};

use super::{generated, root};

const MARKER: &str = "# From here on written from the program's own table: HALLMARK_BLESS=1 cargo test -p conformance --test documents\n";

/// The actions of a workflow: each with its `action.yml` and the folder of its two scripts, as
/// `action.yml` names it.
fn metadata() -> Vec<(PathBuf, &'static str, &'static Action)> {
    let own = hallmark::RANK
        .iter()
        .map(|action| (root().join("actions").join(action.name).join("action.yml"), "", *action));
    own.chain([(root().join("action.yml"), "actions/chain/", hallmark::CHAIN)]).collect()
}

/// A YAML double-quoted scalar: JSON is YAML.
fn quoted(text: &str) -> String {
    serde_json::to_string(&text.replace('`', "")).unwrap()
}

fn description(input: &Input) -> String {
    match input.kind {
        Kind::Choice(values) => format!("{} [{}]", input.help, values.join(", ")),
        Kind::Bool => format!("{} [true, false]", input.help),
        Kind::List => format!("{}; by line or comma", input.help),
        _ => input.help.to_owned(),
    }
}

fn body(action: &Action, scripts: &str) -> String {
    let mut text = String::from("inputs:\n");
    for input in action.inputs {
        writeln!(text, "  {}:\n    description: {}", input.name, quoted(&description(input))).unwrap();
        writeln!(text, "    required: {}", input.required).unwrap();
        if let Some(default) = input.default {
            writeln!(text, "    default: {}", serde_json::to_string(default).unwrap()).unwrap();
        }
    }
    text.push_str("outputs:\n");
    for output in action.outputs {
        writeln!(text, "  {}:\n    description: {}", output.name, quoted(output.help)).unwrap();
    }
    writeln!(text, "runs:\n  using: node24\n  main: {scripts}index.js").unwrap();
    if action.post.is_some() {
        writeln!(text, "  post: {scripts}post.js").unwrap();
    }
    text
}

#[test]
fn every_action_yml_is_the_programs_own_table() {
    let wrong: Vec<_> = metadata()
        .into_iter()
        .filter_map(|(path, scripts, action)| generated(&path, MARKER, None, &body(action, scripts)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The scripts name the action that they start, and a clean-up has a script if, and only if, the
/// program has one.
#[test]
fn the_scripts_start_the_action_of_their_folder() {
    for (path, scripts, action) in metadata() {
        let folder = path.parent().unwrap().join(scripts);
        let script = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
        let launch = |arguments: &str| {
            Some(format!("'use strict';\nrequire('../launcher/launcher.js').launch({arguments});\n"))
        };
        let name = action.name;
        assert_eq!(script("index.js"), launch(&format!("'{name}'")), "{}", folder.display());
        let post = action.post.and_then(|_| launch(&format!("'{name}', '--post'")));
        assert_eq!(script("post.js"), post, "{}", folder.display());
    }
}

/// What the runner hands over is what the program reads: an input of another spelling would be lost.
#[test]
fn names_are_kebab_case_and_said_once() {
    for action in hallmark::ACTIONS {
        let names = action.inputs.iter().map(|input| input.name);
        let mut names: Vec<_> = names.collect();
        let outputs = action.outputs.iter().map(|output| output.name);
        for name in names.iter().copied().chain(outputs) {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.chars().all(plain), "{}: {name}", action.name);
        }
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{}", action.name);
    }
}
