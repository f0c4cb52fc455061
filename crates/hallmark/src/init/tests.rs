//! What needs the inside: the server's answer, and what a second run makes of it.

use super::*;
use process::{Fake, Script};
use runner::testing::Harness;
use std::fs;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn repository() -> Harness {
    let harness = Harness::new().input("directory", "repo");
    harness.file("repo/.git/HEAD", "");
    harness.file("repo/packer/web/web.pkr.hcl", "");
    harness
}

fn init(harness: &Harness, fake: &Fake) -> (u8, String) {
    let (_, ran) = harness.with_context(&ACTION, async |cx| run(cx, fake).await);
    (ran.code, ran.stdout)
}

fn answer() -> Script {
    Script::exits(0).stdout(format!("{A}\trefs/tags/v{}\n", env!("CARGO_PKG_VERSION")))
}

fn workflow(harness: &Harness) -> String {
    fs::read_to_string(harness.workspace().join("repo").join(starter::WORKFLOW)).unwrap()
}

#[test]
fn the_commit_that_the_server_tells_is_pinned() {
    let harness = repository();
    let (code, stdout) = init(&harness, &Fake::new().then("git", answer()));
    assert_eq!(code, 0, "{stdout}");
    assert!(!stdout.contains("Not pinned"), "{stdout}");
    let uses: Vec<_> = workflow(&harness)
        .lines()
        .filter(|line| line.contains(release::REPOSITORY))
        .map(str::to_owned)
        .collect();
    assert!(uses.len() >= 6 && uses.iter().all(|line| line.contains(&format!("@{A} # v"))), "{uses:?}");
}

/// Otherwise a run without a network and one with it would contradict each other.
#[test]
fn a_second_run_keeps_the_release_of_the_first() {
    let harness = repository();
    let (code, stdout) = init(&harness, &Fake::new().then("git", Script::is_missing()));
    assert_eq!(code, 0, "{stdout}");
    assert!(stdout.contains("Not pinned") && stdout.contains("sed -i"), "{stdout}");
    let first = workflow(&harness);
    let asked = Fake::new().then("git", answer());
    let (code, stdout) = init(&harness, &asked);
    assert_eq!((code, asked.calls().len()), (0, 0), "{stdout}");
    assert!(stdout.contains("Everything was there already.") && stdout.contains("Not pinned"), "{stdout}");
    assert_eq!(workflow(&harness), first);
    // What the warning says to type pins the commit, and nothing else.
    let pinned = sed(&first, concat!("v", env!("CARGO_PKG_VERSION")));
    fs::write(harness.workspace().join("repo").join(starter::WORKFLOW), &pinned).unwrap();
    let (code, stdout) = init(&harness, &Fake::new());
    assert_eq!((code, stdout.contains("Not pinned")), (0, false), "{stdout}");
    assert_eq!(workflow(&harness), pinned);
}

/// `sed 's|@TAG # .*|@COMMIT # TAG|'`
fn sed(text: &str, tag: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once(&format!("@{tag} # ")) {
        Some((before, _)) => format!("{before}@{A} # {tag}\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}
