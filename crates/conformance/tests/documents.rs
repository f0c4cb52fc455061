//! What the documents say is what the programs do: tables of inputs and outputs, and every file,
//! flag and target that the pages name.
#![expect(clippy::disallowed_methods, reason = "HALLMARK_BLESS is the test's own switch")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use runner::{Action, Kind};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

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
    own.chain([("gate", &gate::APPROVE)]).collect()
}

const END: &str = "<!-- /tables -->\n";

#[test]
fn every_actions_readme_has_the_programs_own_tables() {
    let mut wrong = vec![];
    for (folder, action) in documented() {
        let path = root().join("actions").join(folder).join("README.md");
        let begin = format!("<!-- tables: {} -->\n", action.name);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let Some((head, rest)) = text.split_once(&begin) else {
            wrong.push(format!("{}: the marker `{}` is missing", path.display(), begin.trim()));
            continue;
        };
        let (old, tail) = rest.split_once(END).unwrap_or((rest, ""));
        let new = tables(action);
        if old == new {
            continue;
        }
        if std::env::var_os("HALLMARK_BLESS").is_some() {
            std::fs::write(&path, format!("{head}{begin}{new}{END}{tail}")).unwrap();
        } else {
            wrong.push(format!(
                "{}: its tables differ from the program's (HALLMARK_BLESS=1 writes them)",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every Markdown page that the project ships.
fn pages() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                walk(&path, found);
            } else if name.ends_with(".md") {
                found.push(path);
            }
        }
    }
    let mut found = vec![];
    walk(&root(), &mut found);
    found
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    let mut wrong = vec![];
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            if !page.parent().unwrap().join(target).exists() {
                wrong.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere: {wrong:#?}");
}

#[test]
fn commands_in_the_pages_have_the_flags_they_show() {
    let known: Vec<&Action> = hallmark::ACTIONS.to_vec();
    let mut wrong = vec![];
    let mut seen = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap().replace("\\\n", " ");
        for line in text.lines() {
            let Some((_, command)) = line.split_once("hallmark ") else { continue };
            let mut words = command.split_whitespace();
            let Some(action) = words.next().and_then(|name| known.iter().find(|a| a.name == name)) else {
                continue;
            };
            seen += 1;
            for flag in words.filter_map(|word| word.trim_start_matches(['`', '[']).strip_prefix("--")) {
                let flag =
                    flag.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default();
                let common = ["help", "version", "post"].contains(&flag);
                if !common && !action.inputs.iter().any(|input| input.name == flag) {
                    wrong.push(format!("{}: `hallmark {}` has no --{flag}", page.display(), action.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 0, "no page shows a command");
}

#[test]
fn make_targets_in_the_pages_exist() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let mut wrong = vec![];
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for rest in text.split("`make ").skip(1) {
            let target: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
            if !makefile.lines().any(|line| line.starts_with(&format!("{target}:"))) {
                wrong.push(format!("{}: make {target}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
