//! How a process ends: a panic, a reader that goes away, a subcommand.
#![expect(clippy::disallowed_methods, reason = "the test starts the program as the runner would")]
#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The example that Cargo built beside this test.
fn program() -> Command {
    let test = std::env::current_exe().unwrap();
    let path: PathBuf = test.parent().unwrap().parent().unwrap().join("examples/assay");
    assert!(path.is_file(), "{} is missing: cargo test -p runner builds it", path.display());
    let mut command = Command::new(path);
    command.env_clear();
    command
}

#[test]
fn a_panic_is_could_not_decide_and_no_forged_command() {
    let output = tempfile::NamedTempFile::new().unwrap();
    let run = program()
        .args(["assay", "--mode=panic"])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", output.path())
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2));
    let stdout = String::from_utf8(run.stdout).unwrap();
    let line = stdout.trim();
    assert!(
        line.starts_with("::error::internal error at ") && line.contains("boom%0A::error::forged"),
        "{line}"
    );
    assert!(!line.contains('\n'), "{line}");
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let output = tempfile::NamedTempFile::new().unwrap();
    let mut child = program()
        .arg("assay")
        .env("INPUT_MODE", "much")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", output.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(std::fs::read_to_string(output.path()).unwrap().contains("\ndone\n"));
}

#[test]
fn a_program_of_several_actions() {
    for (args, code, stdout, stderr) in [
        (&["assay"][..], 0, "result  done", ""),
        (&["--version"], 0, env!("CARGO_PKG_VERSION"), ""),
        (&["--help"], 0, "assay", ""),
        (&["assay", "--help"], 0, "--mode <CHOICE>", ""),
        (&[], 2, "", "Usage"),
        (&["asay"], 2, "", "assay"),
        (&["assay", "--mode=x"], 2, "", "input `mode`: \"x\" is not accepted"),
        (&["assay", "--post"], 0, "", ""),
    ] {
        let run = program().args(args).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(run.status.code(), Some(code), "{args:?} {}", text(&run.stderr));
        assert!(text(&run.stdout).contains(stdout), "{args:?} {}", text(&run.stdout));
        assert!(text(&run.stderr).contains(stderr), "{args:?} {}", text(&run.stderr));
    }
}
