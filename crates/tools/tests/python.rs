//! Semgrep and Checkov themselves, from their wheels: what they find, with no network and nothing of the machine's.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking; this is all test")]

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::Duration;

use process::{Output, Real, Spec};
use tools::{PythonProgram, Settings, python_tool_at_hand};

/// The tool, as `make test` has got it, unpacked.
#[expect(clippy::disallowed_methods, reason = "tests take their settings from the environment")]
async fn unpacked(name: &str, into: &Path) -> (PythonProgram, String) {
    let setting = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let settings = Settings::from_env(setting).unwrap();
    let found = python_tool_at_hand(name, &settings, &Real, &mut |event| panic!("{event}")).await.unwrap();
    let tool = found.unwrap_or_else(|| panic!("{name} is not in the tools' cache: `make test` gets it"));
    (tool.unpack(&into.join(name)).unwrap(), tool.version)
}

/// Runs it as an action does: no variable of the machine's, and proxies that lead nowhere.
async fn run<S: AsRef<OsStr>>(program: &PythonProgram, home: &Path, arguments: &[S]) -> Output {
    let spec = Spec::new(&program.interpreter)
        .args(&program.before)
        .args(arguments.iter().map(AsRef::as_ref))
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .cwd(home)
        .timeout(Duration::from_secs(300));
    process::output(&Real, spec, 16 << 20).await.unwrap()
}

#[tokio::test]
async fn semgrep_finds_what_a_local_rule_says() {
    let place = tempfile::tempdir().unwrap();
    let (semgrep, version) = unpacked("semgrep", place.path()).await;
    let code = place.path().join("code");
    fs::create_dir(&code).unwrap();
    fs::write(code.join("a.py"), "import subprocess\n\n\nsubprocess.call(words, shell=True)\n").unwrap();
    let rule = "rules:\n- id: shell-true\n  languages: [python]\n  severity: ERROR\n  message: a shell\n  \
                pattern: subprocess.call(..., shell=True)\n";
    fs::write(place.path().join("rule.yml"), rule).unwrap();
    let arguments =
        ["scan", "--config", "rule.yml", "--json", "--metrics=off", "--disable-version-check", "code"];
    let output = run(&semgrep, place.path(), &arguments).await;
    assert!(output.exit.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    for wanted in
        [&*format!("\"version\":\"{version}\""), "\"check_id\":\"shell-true\"", "\"line\":4", "\"errors\":[]"]
    {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}

#[tokio::test]
async fn checkov_finds_what_its_own_checks_say() {
    let place = tempfile::tempdir().unwrap();
    let (checkov, version) = unpacked("checkov", place.path()).await;
    let code = place.path().join("code");
    fs::create_dir(&code).unwrap();
    fs::write(code.join("Dockerfile"), "FROM debian:latest\nRUN apt-get update\n").unwrap();
    let arguments = ["-d", "code", "--output", "json", "--skip-download", "--compact"];
    let output = run(&checkov, place.path(), &arguments).await;
    assert_eq!(output.exit.code, Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    for wanted in ["\"check_id\": \"CKV_DOCKER_7\"", &*format!("\"checkov_version\": \"{version}\"")] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}
