//! What the tests of this action share: made-up root file systems, and reading back what was written.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]
#![allow(dead_code, reason = "each test program uses its part")]

use std::fs;
use std::path::{Path, PathBuf};

use runner::testing::{Harness, Run};
use serde_json::Value;

/// A harness with the inputs that nearly every test has.
pub(crate) fn harness() -> Harness {
    Harness::new().input("evidence", "evidence").input("database", "sample")
}

/// The same with the pinned Trivy to be found, as `make test` provides it.
pub(crate) fn with_trivy(harness: Harness) -> Harness {
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

/// A Debian root file system with these packages: name, source, version.
pub(crate) fn debian(folder: &Path, release: &str, packages: &[(&str, &str, &str)]) -> PathBuf {
    let root = folder.join(format!("rootfs-{release}"));
    let write = |name: &str, content: String| {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    write("etc/debian_version", format!("{release}\n"));
    write("etc/os-release", format!("ID=debian\nVERSION_ID=\"{release}\"\n"));
    let status: String = packages
        .iter()
        .map(|(name, source, version)| {
            format!(
                "Package: {name}\nStatus: install ok installed\nMaintainer: x <x@example.org>\n\
                 Architecture: amd64\nSource: {source}\nVersion: {version}\nDescription: x\n\n"
            )
        })
        .collect();
    write("var/lib/dpkg/status", status);
    root
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

/// Runs the action.
pub(crate) fn kept(harness: Harness) -> Kept {
    let run = harness.run(&trivy_scan::ACTION);
    Kept { _harness: harness, run }
}

/// The report that the run left.
pub(crate) fn report(run: &Run) -> Value {
    serde_json::from_slice(&fs::read(&run.outputs["report"]).unwrap()).unwrap()
}

/// Everything in a report that is a vulnerability: (id, package, version), sorted.
pub(crate) fn ids(report: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut ids: Vec<_> = report["Results"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|result| result["Vulnerabilities"].as_array().into_iter().flatten())
        .map(|v| (text(&v["VulnerabilityID"]), text(&v["PkgName"]), text(&v["InstalledVersion"])))
        .collect();
    ids.sort();
    ids
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
