//! What the tests of the scanners of packages share: made-up root file systems, the pinned tools, and reading back what was
//! written.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]
#![allow(dead_code, reason = "each test program uses its part")]

use std::fs;
use std::path::{Path, PathBuf};

use process::Spec;
use runner::Action;
use runner::testing::{Harness, Run};
use serde_json::Value;

/// A harness with the inputs that nearly every test has.
pub(crate) fn harness() -> Harness {
    Harness::new().input("evidence", "evidence").input("database", "sample")
}

/// The same with the pinned tools to be found, as `make test` provides them.
pub(crate) fn with_tools(harness: Harness) -> Harness {
    let harness = harness.pass_env("HOME").pass_env("HALLMARK_CACHE").pass_env("XDG_CACHE_HOME");
    match setting("HALLMARK_TEST_BIN_DIR") {
        Some(folder) => harness.env("PATH", folder),
        None => harness.pass_env("PATH"),
    }
}

/// A variable that `make test` sets.
#[expect(clippy::disallowed_methods, reason = "tests take their settings from the environment")]
pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Writes a file of a root file system, with its folders.
pub(crate) fn write(root: &Path, name: &str, content: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A Debian root file system with these packages: name, source, version.
pub(crate) fn debian(folder: &Path, release: &str, packages: &[(&str, &str, &str)]) -> PathBuf {
    let root = folder.join(format!("rootfs-{release}"));
    write(&root, "etc/debian_version", &format!("{release}\n"));
    write(&root, "etc/os-release", &format!("ID=debian\nVERSION_ID=\"{release}\"\n"));
    let status: String = packages
        .iter()
        .map(|(name, source, version)| {
            format!(
                "Package: {name}\nStatus: install ok installed\nMaintainer: x <x@example.org>\n\
                 Architecture: amd64\nSource: {source}\nVersion: {version}\nDescription: x\n\n"
            )
        })
        .collect();
    write(&root, "var/lib/dpkg/status", &status);
    root
}

/// What a program is given after a flag: a path.
pub(crate) fn after(spec: &Spec, flag: &str) -> PathBuf {
    let arguments = spec.arguments();
    let at = arguments.iter().position(|argument| argument == flag).unwrap();
    PathBuf::from(&arguments[at + 1])
}

/// A run, and the workspace that it left: a harness takes its workspace with it.
pub(crate) struct Kept {
    _harness: Harness,
    run: Run,
}

impl std::ops::Deref for Kept {
    type Target = Run;

    fn deref(&self) -> &Run {
        &self.run
    }
}

/// Runs an action, and keeps what it left.
pub(crate) fn kept(action: &'static Action, harness: Harness) -> Kept {
    let run = harness.run(action);
    Kept { _harness: harness, run }
}

/// The report that the run left.
pub(crate) fn report(run: &Run) -> Value {
    serde_json::from_slice(&fs::read(&run.outputs["report"]).unwrap()).unwrap()
}

/// The statement that the run wrote, as JSON; unsigned.
pub(crate) fn statement(run: &Run) -> Value {
    serde_json::from_slice(&fs::read(&run.outputs["evidence"]).unwrap()).unwrap()
}

/// Whether the workspace has any evidence or report.
pub(crate) fn left_anything(harness: &Harness) -> bool {
    harness.workspace().join("evidence").exists()
}

/// Asserts that nothing was decided: exit code 2, these words, and nothing written.
pub(crate) fn assert_undecided(harness: &Harness, run: &Run, says: &str) {
    assert_eq!(run.code, 2, "{}\n{}", run.stdout, run.stderr);
    let all = format!("{}{}", run.stdout, run.stderr);
    assert!(all.contains(says), "wanted: {says}\nsaid: {all}");
    assert!(!left_anything(harness), "evidence was written all the same");
}
