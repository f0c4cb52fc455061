//! Which actions the workflows use, and by what they name them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Place, count, named};
use crate::doctor::uses::{Pin, Uses, pin};

/// Workflow files that GitHub refuses.
pub(super) fn form(facts: &Facts) -> Vec<Finding> {
    let project = &facts.project;
    match (project.broken.is_empty(), project.workflows.len()) {
        (true, 0) => vec![],
        (true, number) => vec![Finding::ok(format!("{} read", count(number, "file")))],
        (false, _) => project.broken.clone(),
    }
}

/// The steps of the chain, and what is missing without them.
const STEPS: &[(&str, &str)] = &[
    ("packer-build", "nothing is baked"),
    ("goss-test", "nothing is tested"),
    ("trivy-scan", "nothing is scanned"),
    ("gate", "nothing decides"),
    ("register-ami", "nothing is published"),
];

/// Whether anything of Hallmark is used at all, and what of it.
pub(super) fn used(facts: &Facts) -> Vec<Finding> {
    let mut seen: Vec<&str> = Vec::new();
    let mut odd = Vec::new();
    for (uses, at) in hallmark(facts) {
        match uses.action() {
            Some(action) => seen.push(action.name),
            None if !uses.runs().is_empty() => seen.extend(uses.runs()),
            None => odd.extend(unknown_action(uses, at)),
        }
    }
    if seen.is_empty() && odd.is_empty() {
        let mend = match (outer(&facts.project.root), facts.job.github.on_runner) {
            (Some(outer), _) => format!(
                "give `directory: {}`: GitHub reads workflows at a repository's root only",
                outer.display()
            ),
            (None, true) => {
                "check the repository out before this step; `hallmark init` writes a workflow to begin with"
                    .to_owned()
            }
            (None, false) => "`hallmark init` writes a workflow to begin with".to_owned(),
        };
        return vec![
            Finding::problem("no workflow uses Hallmark", mend).at(&Place::file(".github/workflows")),
        ];
    }
    let whole = seen.contains(&"chain");
    let missing = STEPS.iter().filter(|(name, _)| !whole && !seen.contains(name));
    let mut found: Vec<Finding> = missing
        .map(|(name, what)| Finding::note(format!("no workflow uses `{name}`: {what} here"), ""))
        .collect();
    if found.is_empty() {
        found.push(Finding::ok("bake, test, scan, decide, publish"));
    }
    found.append(&mut odd);
    found
}

/// The repository that a folder is inside of, if it is not its root.
fn outer(folder: &Path) -> Option<&Path> {
    let is_root = |folder: &&Path| folder.join(".git").exists();
    folder.ancestors().find(is_root).filter(|root| *root != folder)
}

fn unknown_action(uses: &Uses, at: &Place) -> Option<Finding> {
    let Uses::Remote { path, .. } = uses else { return None };
    // Its workflows may be called too, and are no actions.
    if path.starts_with(".github/") {
        return None;
    }
    let known: Vec<&str> = crate::doctor::uses::actions().map(|action| action.name).collect();
    let what = format!("Hallmark has no action {}", named(path));
    Some(
        Finding::problem(what, format!("its actions are {}, each below `actions/`", known.join(", "))).at(at),
    )
}

/// Whether every use of Hallmark names a commit.
pub(super) fn pinned(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let (mut commits, mut local) = (0, 0);
    for (uses, at) in hallmark(facts) {
        let Uses::Remote { reference, .. } = uses else {
            local += 1;
            continue;
        };
        let mend = "name the release's whole commit, 40 hexadecimal digits, with its version in a comment";
        found.extend(
            match pin(reference) {
                Pin::Commit => {
                    commits += 1;
                    None
                }
                Pin::Version => Some(Finding::warning(
                    format!("{} is a tag: whoever can move it decides what runs here", named(reference)),
                    mend,
                )),
                Pin::Moving => Some(Finding::problem(
                    format!("{} names no release: executables are in release commits only", named(reference)),
                    mend,
                )),
            }
            .map(|finding| finding.at(at)),
        );
    }
    if found.is_empty() && commits > 0 {
        found.push(Finding::ok(format!("{}, each by its commit", count(commits, "use"))));
    }
    if local > 0 {
        let what = format!("{} of the checkout, pinned by whatever is checked out", count(local, "use"));
        found.push(Finding::note(what, ""));
    }
    found
}

/// Whether they are all of the same commit.
pub(super) fn one_commit(facts: &Facts) -> Vec<Finding> {
    let mut by: BTreeMap<String, (usize, &Place)> = BTreeMap::new();
    for (uses, at) in hallmark(facts) {
        if let Uses::Remote { repository, reference, .. } = uses {
            let key = format!("{}@{}", repository.to_ascii_lowercase(), reference.to_ascii_lowercase());
            by.entry(key).or_insert((0, at)).0 += 1;
        }
    }
    let Some((usual, _)) = by.iter().max_by_key(|(_, (number, _))| *number) else { return vec![] };
    if by.len() == 1 {
        return vec![Finding::ok(named(usual))];
    }
    let others = by.iter().filter(|(key, _)| *key != usual);
    let what = |key: &str| {
        format!("{} here, {} elsewhere: one job may not read what another wrote", named(key), named(usual))
    };
    others.map(|(key, (_, at))| Finding::warning(what(key), "name one commit everywhere").at(at)).collect()
}

/// Whether the version in the comment is that of this program, by whose tables the inputs are judged.
pub(super) fn version(facts: &Facts) -> Vec<Finding> {
    let own = concat!("v", env!("CARGO_PKG_VERSION"));
    let mut by: BTreeMap<String, Place> = BTreeMap::new();
    for workflow in &facts.project.workflows {
        for (uses, at) in workflow.uses().filter(|(uses, _)| uses.is_hallmark()) {
            let comment = workflow.line(at.line).split_once(" #").map_or("", |(_, comment)| comment.trim());
            let Uses::Remote { reference, .. } = uses else { continue };
            let said = [comment, reference]
                .into_iter()
                .find_map(|text| text.split_whitespace().next().filter(|word| pin(word) == Pin::Version));
            by.extend(said.map(|version| (version.to_owned(), at.clone())));
        }
    }
    let others = by.iter().filter(|(version, _)| version.as_str() != own);
    let what = |version: &str| {
        format!(
            "the workflow names {}, and this is {own}: inputs are judged by what {own} takes",
            named(version)
        )
    };
    let found: Vec<Finding> = others
        .map(|(version, at)| {
            Finding::note(what(version), "run the doctor of the version that the workflow names").at(at)
        })
        .collect();
    if found.is_empty() && !by.is_empty() { vec![Finding::ok(own)] } else { found }
}

/// Whether everybody else's actions are named by their commits.
pub(super) fn others_pinned(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut good = 0;
    for (uses, at) in facts.project.workflows.iter().flat_map(|workflow| workflow.uses()) {
        let weak = match uses {
            Uses::Remote { .. } if uses.is_hallmark() => continue,
            Uses::Remote { repository, reference, .. } => {
                (pin(reference) != Pin::Commit).then(|| format!("{}@{}", repository, reference))
            }
            Uses::Docker(image) => (!image.contains("@sha256:")).then(|| format!("docker://{image}")),
            Uses::Local(_) | Uses::Odd(_) => continue,
        };
        match weak {
            None => good += 1,
            Some(name) => {
                let what = format!("{} can be changed by others after you read it", named(&name));
                found.push(
                    Finding::warning(
                        what,
                        "name its whole commit (an image: its digest), with the version in a comment",
                    )
                    .at(at),
                );
            }
        }
    }
    if found.is_empty() && good > 0 {
        found.push(Finding::ok(format!("{}, each by its commit", count(good, "use"))));
    }
    found
}

fn hallmark(facts: &Facts) -> impl Iterator<Item = &(Uses, Place)> {
    facts.project.workflows.iter().flat_map(|workflow| workflow.uses()).filter(|(uses, _)| uses.is_hallmark())
}
