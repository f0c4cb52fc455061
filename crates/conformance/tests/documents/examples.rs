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
    steps_of(text, REPOSITORY)
}

/// The same, of what comes from one place.
fn steps_of(text: &str, place: &str) -> Vec<Step> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = vec![];
    for (at, line) in lines.iter().enumerate() {
        let Some((_, uses)) = line.split_once(&format!("uses: {place}")) else { continue };
        let (path, reference) = uses.split_once('@').unwrap_or((uses, ""));
        let depth = indent(line);
        let mut below =
            lines[at + 1..].iter().skip_while(|l| indent(l) >= depth && !l.trim().starts_with("with:"));
        let with_line = below.next().filter(|l| l.trim().starts_with("with:"));
        let with = with_line.map_or_else(BTreeSet::new, |with_line| {
            let inner: Vec<&&str> = below.take_while(|l| indent(l) > indent(with_line)).collect();
            let first = inner.first().map_or(0, |l| indent(l));
            let keys = inner.iter().filter(|l| indent(l) == first).filter_map(|l| l.trim().split_once(':'));
            let keys = keys.map(|(key, _)| key.trim_start_matches("# ").to_owned());
            // A comment may show an input, or say something that has a colon.
            keys.filter(|key| !key.contains(' ')).collect()
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
            if !step.path.starts_with("/.github/workflows/") {
                wrong.extend(beside_the_table(&place, &step));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > hallmark::RANK.len(), "only {seen} steps were found in the pages");
}

/// In what a step differs from the inputs that its action has.
fn beside_the_table(place: &str, step: &Step) -> Vec<String> {
    let Some(action) = action_of(&step.path) else {
        return vec![format!("{place}: there is no such action")];
    };
    let known = |key: &&String| action.inputs.iter().any(|input| input.name == **key);
    let unknown =
        step.with.iter().filter(|key| !known(key)).map(|key| format!("{place} has no input `{key}`"));
    let required = action.inputs.iter().filter(|input| input.required && !step.with.contains(input.name));
    let missing = required.map(|input| format!("{place}: the required input `{}` is missing", input.name));
    unknown.chain(missing).collect()
}

/// The workflows that are called, which name the actions by `$`, and the examples, which name them by a commit.
#[test]
fn steps_in_the_workflows_have_the_inputs_they_give() {
    let mut files: Vec<_> = ["golden-image", "bake", "assay", "publish"]
        .map(|name| root().join(format!(".github/workflows/{name}.yml")))
        .into();
    for example in std::fs::read_dir(root().join("examples")).unwrap().map(|entry| entry.unwrap().path()) {
        let inside = std::fs::read_dir(&example).into_iter().flatten().map(|entry| entry.unwrap().path());
        files.extend(inside.filter(|path| path.extension().is_some_and(|ending| ending == "yml")));
    }
    let (mut wrong, mut seen) = (vec![], 0);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for step in steps_of(&text, "$").into_iter().chain(steps(&text)) {
            if step.path.starts_with("/.github/workflows/") {
                continue;
            }
            seen += 1;
            wrong.extend(beside_the_table(&format!("{}: {}", file.display(), step.path), &step));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen >= 14, "only {seen} steps were found in the workflows");
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
