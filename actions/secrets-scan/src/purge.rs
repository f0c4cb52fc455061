//! How to get rid of what was found: the summary says it, for these commits and files.

use std::collections::{BTreeMap, BTreeSet};

use model::Class;
use runner::{Context, Summary};
use scanners::Scan;

/// How many files are listed.
const MANY: usize = 50;

/// Says it, if there is anything.
pub(crate) fn show(ctx: &mut Context, scan: &Scan) {
    let mut files: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for finding in scan.of(Class::Secret) {
        let path = finding.package.path.as_deref().unwrap_or_default();
        files.entry(path).or_default().extend(finding.package.layer.as_deref());
    }
    if files.is_empty() {
        return;
    }
    let mut steps = Summary::default();
    steps.list(&steps_for(files.values().any(|commits| !commits.is_empty())));
    steps.table(&["file", "commits"], &rows(&files));
    if files.len() > MANY {
        steps.paragraph(&format!("{} more files are in the report.", files.len() - MANY));
    }
    ctx.summary().heading(3, "How to get rid of them");
    ctx.summary()
        .paragraph("Revoke first: a secret that was pushed is known, whatever is done to the repository.");
    ctx.summary().details("Step by step", &steps.markdown());
}

fn steps_for(in_history: bool) -> Vec<String> {
    let mut steps = vec![
        "Revoke or change the secret where it is valid, and look there for what was done with it.".to_owned(),
        "Take it out of the file, and give the program its secret another way: a secret of Actions, OIDC, a vault.".to_owned(),
    ];
    if in_history {
        steps.extend([
            "To take it out of the history as well, tell everybody with a clone, and work on a fresh mirror clone: git clone --mirror URL".to_owned(),
            "With git filter-repo: write the secret into a file, one a line, and run git filter-repo --replace-text FILE; for a whole file, git filter-repo --invert-paths --path PATH. Delete that file afterwards.".to_owned(),
            "Or with BFG: bfg --replace-text FILE, for a whole file bfg --delete-files NAME; then git reflog expire --expire=now --all and git gc --prune=now --aggressive".to_owned(),
            "Push with git push --force --mirror. Forks, pull requests and caches keep the commits: GitHub's support removes those.".to_owned(),
            "Scan again with scan: both.".to_owned(),
        ]);
    }
    steps
}

fn rows(files: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<Vec<String>> {
    let shown = |commits: &BTreeSet<&str>| {
        let first: Vec<String> = commits.iter().take(3).map(|id| id.chars().take(12).collect()).collect();
        match commits.len() {
            0 => "only the file as it is now".to_owned(),
            count if count > 3 => format!("{}, {} more", first.join(", "), count - 3),
            _ => first.join(", "),
        }
    };
    files.iter().take(MANY).map(|(path, commits)| vec![(*path).to_owned(), shown(commits)]).collect()
}
