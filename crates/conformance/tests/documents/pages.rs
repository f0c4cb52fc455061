//! Links, commands, flags and targets that the pages name.

use std::path::{Path, PathBuf};

use runner::Action;

use super::root;

/// Every Markdown page that the project ships.
pub(super) fn pages() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && !["target", "dist"].contains(&name.as_str()) {
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
