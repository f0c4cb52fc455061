//! What the tests of this action share: made-up root file systems and SBOMs, and reading back what was written.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]
#![allow(dead_code, reason = "each test program uses its part")]

use std::fs;
use std::path::{Path, PathBuf};

use runner::testing::{Harness, Run};
use serde_json::{Value, json};

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

fn write(root: &Path, name: &str, content: &str) {
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

/// An Alpine root file system with a package of two names.
pub(crate) fn alpine(folder: &Path) -> PathBuf {
    let root = folder.join("alpine");
    write(&root, "etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\n");
    let entry = |name: &str| {
        format!(
            "C:Q1aGVsbG8=\nP:{name}\nV:1.36.1-r29\nA:x86_64\nS:1\nI:1\nT:x\nU:x\nL:GPL-2.0-only\no:busybox\nm:x\nt:1\n\n"
        )
    };
    write(&root, "lib/apk/db/installed", &format!("{}{}", entry("busybox"), entry("ssl_client")));
    write(
        &root,
        "srv/q/node_modules/lodash/package.json",
        r#"{"name":"lodash","version":"4.17.4","license":"MIT"}"#,
    );
    root
}

/// A CycloneDX document of a Debian 13 with these packages: name, source, version.
pub(crate) fn sbom(packages: &[(&str, &str, &str)]) -> Value {
    let component = |(name, source, version): &(&str, &str, &str)| {
        let encoded = version.replace(':', "%3A").replace('+', "%2B");
        let purl = format!("pkg:deb/debian/{name}@{encoded}?arch=amd64&distro=debian-13.7&upstream={source}");
        json!({"bom-ref": purl, "type": "library", "name": name, "version": version, "purl": purl})
    };
    let system = json!({"bom-ref": "os", "type": "operating-system", "name": "debian", "version": "13.7",
                        "swid": {"tagId": "debian", "name": "debian", "version": "13.7"}});
    let components: Vec<Value> = packages.iter().map(component).chain([system]).collect();
    json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components})
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

/// Runs the action, which has to scan.
pub(crate) fn done(harness: Harness) -> Kept {
    let run = harness.run(&grype_scan::ACTION);
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    Kept { _harness: harness, run }
}

/// The report that the run left.
pub(crate) fn report(run: &Run) -> Value {
    serde_json::from_slice(&fs::read(&run.outputs["report"]).unwrap()).unwrap()
}

/// Every match of a report: (id, package, version), sorted.
pub(crate) fn ids(report: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let matches = report["matches"].as_array().unwrap();
    let mut ids: Vec<_> = matches
        .iter()
        .map(|one| {
            let artifact = &one["artifact"];
            (text(&one["vulnerability"]["id"]), text(&artifact["name"]), text(&artifact["version"]))
        })
        .collect();
    ids.sort();
    ids
}

/// The statement that the run wrote, as JSON; unsigned.
pub(crate) fn statement(run: &Run) -> Value {
    serde_json::from_slice(&fs::read(&run.outputs["evidence"]).unwrap()).unwrap()
}

/// Asserts that nothing was decided: exit code 2, these words, and nothing written.
pub(crate) fn assert_undecided(harness: &Harness, run: &Run, says: &str) {
    assert_eq!(run.code, 2, "{}\n{}", run.stdout, run.stderr);
    let all = format!("{}{}", run.stdout, run.stderr);
    assert!(all.contains(says), "wanted: {says}\nsaid: {all}");
    assert!(!harness.workspace().join("evidence").exists(), "evidence was written all the same");
}
