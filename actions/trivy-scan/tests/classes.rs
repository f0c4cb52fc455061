//! What the real Trivy finds besides vulnerabilities: secrets, licences, misconfigurations.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests: a panic is their message")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::common::{assert_undecided, debian, harness, kept, report, statement, with_tools};
use runner::testing::{Harness, Run};
use serde_json::{Value, json};
use trivy_scan::ACTION;

/// A token that matches a rule of Trivy's and is none. It is put together here, so that whoever
/// searches this repository for secrets finds none.
fn token() -> String {
    let rest: String = (0..36_u8).map(|n| char::from(b'a' + n * 5 % 26)).collect();
    ["gh", "p_", &rest].concat()
}

fn key() -> String {
    let line: String = (0..64_u8).map(|n| char::from(b'A' + n % 26)).collect();
    let marker = |word: &str| ["-----", word, " RSA PRIVATE", " KEY-----\n"].concat();
    format!("{}{}{}", marker("BEGIN"), format!("{line}\n").repeat(20), marker("END"))
}

/// A Debian with a token, a private key, a configuration that checks speak against, and a licence.
fn planted(harness: &Harness) -> PathBuf {
    let root = debian(&harness.workspace(), "13.7", &[("sed", "sed", "4.9-2")]);
    for (path, text) in [
        ("etc/app.conf", format!("# before\ntoken: {}\n", token())),
        ("etc/ssh/ssh_host_rsa_key", key()),
        // The name of Trivy's own file of rules: such a file is a file like any other.
        ("trivy-secret.yaml", format!("token: {}\n", token())),
        ("opt/Dockerfile", "FROM debian:latest\nUSER root\nENV PASSWORD=not-to-be-told\n".to_owned()),
        ("usr/share/doc/sed/copyright", "Files: *\nLicense: GPL-3+\n".to_owned()),
    ] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn harness_of(scanners: &str) -> Harness {
    let harness = with_tools(harness());
    let root = planted(&harness);
    let disk = harness.file("disk.raw", vec![7; 4096]);
    let harness = harness.input_path("rootfs", root).input_path("image", disk).input("sarif", "x.sarif");
    if scanners.is_empty() { harness } else { harness.input("scanners", scanners) }
}

/// Nothing that this action writes, but for Trivy's own report, tells a secret; and not even that does.
fn tells_nothing(run: &Run) {
    let sarif = fs::read_to_string(&run.outputs["sarif"]).unwrap();
    let evidence = fs::read_to_string(&run.outputs["evidence"]).unwrap();
    for text in [&run.stdout, &run.stderr, &run.summary, &sarif, &evidence, &report(run).to_string()] {
        assert!(!text.contains(&token()[8..20]), "{text}");
    }
}

fn rules(run: &Run) -> BTreeSet<String> {
    let sarif: Value = serde_json::from_slice(&fs::read(&run.outputs["sarif"]).unwrap()).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    results.iter().map(|result| result["ruleId"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn secrets_are_looked_for_without_being_asked() {
    let run = kept(harness_of(""));
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    assert_eq!(run.outputs["secrets"], "3");
    assert_eq!((run.outputs["licenses"].as_str(), run.outputs["misconfigurations"].as_str()), ("0", "0"));
    let extension = &statement(&run)["predicate"]["hallmark"];
    assert_eq!(extension["scanners"], json!(["vuln", "secret"]));
    assert_eq!(extension["others"], json!({"secrets": 3, "licenses": 0, "misconfigurations": 0}));
    let secrets: Vec<_> = rules(&run).into_iter().filter(|rule| rule.starts_with("secret/")).collect();
    assert_eq!(secrets, ["secret/github-pat", "secret/private-key"]);
    assert!(run.summary.contains("etc/app.conf"), "{}", run.summary);
    tells_nothing(&run);
}

#[test]
fn everything_is_found_where_everything_is_asked_for() {
    let run = kept(harness_of("misconfig, license, secret, vuln"));
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    let extension = &statement(&run)["predicate"]["hallmark"];
    assert_eq!(extension["scanners"], json!(["vuln", "secret", "license", "misconfig"]));
    let found = rules(&run);
    for rule in ["license/GPL-3.0-or-later", "misconfiguration/DS-0002", "secret/private-key"] {
        assert!(found.contains(rule), "{rule} in {found:?}");
    }
    for output in ["secrets", "licenses", "misconfigurations"] {
        assert_ne!(run.outputs[output], "0", "{output}");
        assert!(run.summary.contains(output), "{}", run.summary);
    }
    tells_nothing(&run);
    // Lines of a file that a check speaks against stay in Trivy's report, and go nowhere else.
    let sarif = fs::read_to_string(&run.outputs["sarif"]).unwrap();
    assert!(!sarif.contains("not-to-be-told") && !run.summary.contains("not-to-be-told"));
}

#[test]
fn only_vulnerabilities_where_only_they_are_asked_for() {
    let run = kept(harness_of("vuln"));
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    assert_eq!(run.outputs["secrets"], "0");
    assert_eq!(statement(&run)["predicate"]["hallmark"]["scanners"], json!(["vuln"]));
    assert!(!run.summary.contains("besides vulnerabilities"), "{}", run.summary);
}

#[test]
fn what_cannot_be_looked_for_is_refused() {
    let disk = with_tools(harness());
    let file = disk.file("disk.raw", vec![7; 4096]);
    let disk = disk.input_path("image", file);
    for (scanners, says) in [
        ("vuln,misconfig", "Trivy does not look for that in a disk"),
        ("secret", "lacks `vuln`"),
        ("vuln,secrets", "has `secrets`: vuln, secret, license, misconfig are accepted"),
    ] {
        let harness = with_tools(harness());
        let file = harness.file("disk.raw", vec![7; 4096]);
        let harness = harness.input_path("image", file).input("scanners", scanners);
        assert_undecided(&harness, &harness.run(&ACTION), says);
    }
    let report = disk.file("report.json", "{}");
    let given = disk.input_path("report", report).input("scanners", "vuln");
    assert_undecided(&given, &given.run(&ACTION), "no longer to be chosen");
}
