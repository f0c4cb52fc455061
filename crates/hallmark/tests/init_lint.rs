//! The written workflow under the linters that a careful repository runs.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helper fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the test runs the linters that `make test` fetched")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::init_common::{COMMIT, Repository, WORKFLOW, verifying};

/// A program from a folder that `make test` names.
fn tool(variable: &str, name: &str) -> PathBuf {
    let folder = std::env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} is not set: `make test` fetches the linters and sets it"));
    let path = Path::new(&folder).join(name);
    assert!(path.is_file(), "{} is not there: `make test` fetches it", path.display());
    path
}

fn lint(repository: &Repository) {
    let file = repository.path(WORKFLOW);
    let file = file.to_str().unwrap();
    for (variable, program, args) in [
        ("HALLMARK_TEST_BIN_DIR", "actionlint", vec!["-color", file]),
        (
            "HALLMARK_TEST_PYTHON_BIN",
            "zizmor",
            vec!["--offline", "--persona", "pedantic", "--no-progress", file],
        ),
        (
            "HALLMARK_TEST_PYTHON_BIN",
            "check-jsonschema",
            vec!["--builtin-schema", "vendor.github-workflows", file],
        ),
    ] {
        let output = Command::new(tool(variable, program))
            .args(args)
            .current_dir(repository.path(""))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{program}:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

const PLUGINS: &str = "packer {\n  required_plugins {}\n}\nsource \"qemu\" \"web\" {}\n";

#[test]
fn the_workflow_is_clean_for_every_kind_of_repository() {
    for (files, inputs) in [
        (&[("web.pkr.hcl", "")][..], &[][..]),
        (
            &[("packer/it's odd/web.pkr.hcl", PLUGINS), ("lib/x", "")],
            &[
                ("name", "1.0"),
                ("architecture", "arm64"),
                ("distribution", "fedora 43"),
                ("sources", "lib"),
                ("policy", "strict"),
                ("channel", "1.0"),
            ],
        ),
    ] {
        let repository = inputs
            .iter()
            .fold(Repository::with(files), |repository, (name, value)| repository.input(name, value))
            .initialised();
        lint(&repository);
    }
    let repository = Repository::with_debian_base().initialised();
    lint(&repository);
    fs::write(repository.path(WORKFLOW), verifying(&repository.read(WORKFLOW))).unwrap();
    lint(&repository);
}

/// The linters see what is wrong: a tag instead of a commit, an expression in a script.
#[test]
#[should_panic(expected = "unpinned-uses")]
fn a_tag_is_seen() {
    let repository = Repository::with(&[("web.pkr.hcl", "")]).initialised();
    let text = repository.read(WORKFLOW).replace(&format!("gate@{COMMIT}"), "gate@v0.1.0");
    fs::write(repository.path(WORKFLOW), text).unwrap();
    lint(&repository);
}
