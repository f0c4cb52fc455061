//! Sigstore's conformance suite, by its own command line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]
#![expect(clippy::disallowed_methods, reason = "the client is a program; this is a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const CLIENT: &str = env!("CARGO_BIN_EXE_hallmark-sigstore-conformance");
const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

fn run(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(CLIENT).args(arguments).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A case: a folder whose name says whether its bundle has to be refused.
fn verify(cases: &Path, case: &Path) -> (bool, String) {
    let there = |name: &str| Some(case.join(name)).filter(|path| path.exists());
    let text = |name: &str| there(name).map(|path| fs::read_to_string(path).unwrap().trim().to_owned());
    let shown = |path: PathBuf| path.to_str().unwrap().to_owned();
    let mut arguments =
        vec!["verify-bundle".into(), "--bundle".into(), shown(case.join("bundle.sigstore.json"))];
    if let Some(root) = there("trusted_root.json") {
        arguments.extend(["--trusted-root".into(), shown(root)]);
    }
    match there("key.pub") {
        Some(key) => arguments.extend(["--key".into(), shown(key)]),
        None => arguments.extend([
            "--certificate-identity".into(),
            text("identity").unwrap_or_else(|| IDENTITY.into()),
            "--certificate-oidc-issuer".into(),
            text("issuer").unwrap_or_else(|| ISSUER.into()),
        ]),
    }
    arguments.push(shown(there("artifact").unwrap_or_else(|| cases.join("a.txt"))));
    run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
#[cfg_attr(
    not(sigstore_cases),
    ignore = "the folder ../shared/sigstore-conformance beside this repository is not there"
)]
fn every_case_of_the_suite_is_decided_rightly() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/sigstore-conformance");
    let mut folders: Vec<PathBuf> = fs::read_dir(&cases)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(folders.len() >= 35, "{} cases", folders.len());
    let mut wrong = String::new();
    for case in &folders {
        let name = case.file_name().unwrap().to_str().unwrap();
        let (verified, said) = verify(&cases, case);
        if verified == name.ends_with("_fail") {
            wrong.push_str(&format!("{name}: {said}"));
        }
        assert!(!said.contains("panicked"), "{name}: {said}");
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Nobody is meant where nobody is named, and a mistake of the command line verifies nothing.
#[test]
fn who_is_meant_has_to_be_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    fs::write(&file, "{}").unwrap();
    let file = file.to_str().unwrap();
    for (arguments, says) in [
        (&["verify-bundle", "--bundle", file, file][..], "says who is meant"),
        (
            &["verify-bundle", "--bundle", file, "--certificate-identity", "a", file],
            "--certificate-oidc-issuer",
        ),
        (&["verify-bundle", "--bundle", file, "--key", file, file], "PEM"),
        (&["verify-bundle", "--bundle", file, "--staging", "--key", file, file], "staging"),
        (
            &[
                "verify-bundle",
                "--bundle",
                file,
                "--certificate-identity",
                "a",
                "--certificate-oidc-issuer",
                "b",
                file,
            ],
            "not a Sigstore bundle",
        ),
        (
            &[
                "verify-bundle",
                "--bundle",
                file,
                "--certificate-identity",
                "a",
                "--certificate-oidc-issuer",
                "b",
                "sha256:00",
            ],
            "digest",
        ),
        (&["sign-bundle"], "unrecognized subcommand"),
    ] {
        let (verified, said) = run(arguments);
        assert!(!verified && said.contains(says), "{arguments:?}: {said}");
    }
}
