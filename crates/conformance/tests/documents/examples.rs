//! The workflow steps that the pages show: their inputs are the program's, and every action's page says
//! what the action needs of a runner.

use std::collections::BTreeSet;

use runner::Action;

use super::{pages::pages, root};

const REPOSITORY: &str = "hallmark-images/hallmark";

/// One `uses:` of a page, with the names under its `with:`.
struct Step {
    /// What follows the repository's name: empty for the root action.
    path: String,
    reference: String,
    with: BTreeSet<String>,
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '-']).len()
}

/// Reads the steps line by line: pages show fragments, which are no YAML documents.
fn steps(text: &str) -> Vec<Step> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = vec![];
    for (at, line) in lines.iter().enumerate() {
        let Some((_, uses)) = line.split_once(&format!("uses: {REPOSITORY}")) else { continue };
        let (path, reference) = uses.split_once('@').unwrap_or((uses, ""));
        let depth = indent(line);
        let mut below =
            lines[at + 1..].iter().skip_while(|l| indent(l) >= depth && !l.trim().starts_with("with:"));
        let with_line = below.next().filter(|l| l.trim().starts_with("with:"));
        let with = with_line.map_or_else(BTreeSet::new, |with_line| {
            let inner: Vec<&&str> = below.take_while(|l| indent(l) > indent(with_line)).collect();
            let first = inner.first().map_or(0, |l| indent(l));
            let keys = inner.iter().filter(|l| indent(l) == first).filter_map(|l| l.trim().split_once(':'));
            keys.map(|(key, _)| key.trim_start_matches("# ").to_owned()).collect()
        });
        found.push(Step {
            path: path.to_owned(),
            reference: reference.split_whitespace().next().unwrap_or_default().to_owned(),
            with,
        });
    }
    found
}

fn action_of(path: &str) -> Option<&'static Action> {
    if path.is_empty() {
        return Some(hallmark::CHAIN);
    }
    let name = path.strip_prefix("/actions/")?;
    hallmark::RANK.iter().copied().find(|action| action.name == name)
}

#[test]
fn steps_in_the_pages_have_the_inputs_they_show() {
    let mut wrong = vec![];
    let mut seen = 0;
    for page in pages() {
        for step in steps(&std::fs::read_to_string(&page).unwrap()) {
            seen += 1;
            let place = format!("{}: {REPOSITORY}{}", page.display(), step.path);
            if step.reference != "<commit>" {
                wrong.push(format!("{place}: pinned to `{}`, not to <commit>", step.reference));
            }
            let Some(action) = action_of(&step.path) else {
                wrong.push(format!("{place}: there is no such action"));
                continue;
            };
            for key in &step.with {
                if !action.inputs.iter().any(|input| input.name == key) {
                    wrong.push(format!("{place} has no input `{key}`"));
                }
            }
            for input in action.inputs.iter().filter(|input| input.required) {
                if !step.with.contains(input.name) {
                    wrong.push(format!("{place}: the required input `{}` is missing", input.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > hallmark::RANK.len(), "only {seen} steps were found in the pages");
}

#[test]
fn every_actions_page_says_what_it_needs_of_a_runner() {
    for action in hallmark::RANK.iter().chain([&hallmark::CHAIN]) {
        let page = root().join("actions").join(action.name).join("README.md");
        let text = std::fs::read_to_string(&page).unwrap();
        let steps = steps(&text);
        assert!(steps.iter().any(|step| action_of(&step.path).is_some_and(|it| it.name == action.name)));
        for part in
            ["## On a runner\n\n```yaml\npermissions:\n", "**GitHub Enterprise Server**", "**Air gap**"]
        {
            assert!(text.contains(part), "{}: {part:?} is missing", page.display());
        }
    }
}
