//! The planted repository (README.md beside this file), for the tests of the actions that scan sources.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests: a panic is their message")]
#![allow(dead_code, reason = "each test program uses its part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use runner::testing::{Harness, Run};
use serde_json::Value;

/// Secrets that no file of this repository has in one piece.
pub(crate) fn secrets() -> [String; 3] {
    [
        ["gh", "p_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"].concat(),
        ["gh", "p_Z9y8X7w6V5u4T3s2R1q0P9o8N7m6L5k4J3i2"].concat(),
        ["AK", "IAQYLPMN5HHHFPZAM2"].concat(),
    ]
}

/// Copies the tree.
pub(crate) fn plant(root: &Path) {
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/planted/tree"), root);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Runs git there.
pub(crate) fn git(root: &Path, words: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=Planted",
            "-c",
            "user.email=planted@example.org",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(words)
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Commits everything, and gives the commit.
pub(crate) fn commit(root: &Path, message: &str) -> String {
    git(root, &["add", "--all", "--force"]);
    git(root, &["commit", "--quiet", "--message", message]);
    git(root, &["rev-parse", "HEAD"])
}

/// A repository with the tree in it, in the workspace of the harness.
pub(crate) fn repository(harness: &Harness) -> PathBuf {
    let root = harness.workspace().join("repository");
    plant(&root);
    git(&root, &["init", "--quiet"]);
    commit(&root, "planted");
    root
}

/// The same with secrets in it, over three commits, which are given.
pub(crate) fn with_secrets(harness: &Harness) -> (PathBuf, [String; 3]) {
    let root = harness.workspace().join("repository");
    plant(&root);
    git(&root, &["init", "--quiet"]);
    let [token, hidden, key] = secrets();
    fs::write(root.join("app/settings.py"), format!("token = \"{token}\"\n")).unwrap();
    fs::write(root.join("hidden.txt"), format!("token = \"{hidden}\"\n")).unwrap();
    let one = commit(&root, "one");
    fs::write(root.join("app/settings.py"), "token = \"\"\n").unwrap();
    fs::remove_file(root.join("hidden.txt")).unwrap();
    let two = commit(&root, "two");
    fs::write(root.join("deploy/aws.yml"), format!("key: {key} # gitleaks:allow\n")).unwrap();
    fs::write(root.join(".gitleaksignore"), "deploy/aws.yml:aws-access-token:1\n").unwrap();
    let three = commit(&root, "three");
    (root, [one, two, three])
}

/// A harness with the tools to be found, as `make test` provides them.
pub(crate) fn harness() -> Harness {
    let harness = Harness::new().input("evidence", "evidence").pass_env("HOME");
    let harness = harness.pass_env("HALLMARK_CACHE").pass_env("XDG_CACHE_HOME");
    match setting("HALLMARK_TEST_BIN_DIR") {
        Some(folder) => harness.env("PATH", format!("{folder}:/usr/local/bin:/usr/bin:/bin")),
        None => harness.pass_env("PATH"),
    }
}

/// A variable that `make test` sets.
pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A file that a run names among its outputs, as JSON.
pub(crate) fn json(run: &Run, output: &str) -> Value {
    serde_json::from_slice(&fs::read(&run.outputs[output]).unwrap()).unwrap()
}

/// Asserts that nothing was decided, and says why.
pub(crate) fn assert_undecided(harness: &Harness, run: &Run, says: &str) {
    assert_eq!(run.code, 2, "{}\n{}", run.stdout, run.stderr);
    let all = format!("{}{}", run.stdout, run.stderr);
    assert!(all.contains(says), "wanted: {says}\nsaid: {all}");
    assert!(!harness.workspace().join("evidence").exists(), "evidence was written all the same");
}

/// Asserts that the evidence is about that commit and nothing else.
pub(crate) fn assert_about(run: &Run, commit: &str) {
    let statement = json(run, "evidence");
    assert_eq!(statement["subject"].as_array().unwrap().len(), 1);
    assert_eq!(statement["subject"][0]["digest"], serde_json::json!({"gitCommit": commit}));
    assert_eq!(statement["predicate"]["hallmark"]["seen"], "source");
}

/// Asserts that a SARIF file puts its results on these files and lines, in any order.
pub(crate) fn assert_places(run: &Run, wanted: &[(&str, &str, u64)]) {
    let sarif = json(run, "sarif");
    let mut found: Vec<_> = sarif["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            let place = &result["locations"][0]["physicalLocation"];
            (
                result["ruleId"].as_str().unwrap().to_owned(),
                place["artifactLocation"]["uri"].as_str().unwrap().to_owned(),
                place["region"]["startLine"].as_u64().unwrap(),
            )
        })
        .collect();
    found.sort();
    let mut wanted: Vec<_> =
        wanted.iter().map(|(rule, file, line)| ((*rule).to_owned(), (*file).to_owned(), *line)).collect();
    wanted.sort();
    assert_eq!(found, wanted);
}
