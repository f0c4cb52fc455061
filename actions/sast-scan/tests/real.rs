//! The real Semgrep over a repository with planted weaknesses, and SARIF of others. Semgrep is the pinned one, in the
//! cache of tools: `make test` provides it.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]

#[path = "../../../tests/planted/mod.rs"]
mod planted;

use std::fs;
use std::path::Path;

use planted::{assert_about, assert_places, assert_undecided, git, harness, json, repository};
use sast_scan::ACTION;
use serde_json::json;

#[test]
fn every_weakness_is_found_whatever_the_repository_says_and_evidence_is_about_the_commit() {
    let harness = harness().input("sarif", "found.sarif");
    let root = repository(&harness);
    let rules = root.join("semgrep");
    let harness = harness.input_path("path", &root).input_path("rules", rules);
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 1, "{}\n{}", run.stdout, run.stderr);
    let report = json(&run, "report");
    assert_eq!(report["results"].as_array().unwrap().len(), 4, "{report}");
    assert_eq!(run.outputs["findings"], "4");
    assert_eq!((run.outputs["high"].as_str(), run.outputs["medium"].as_str()), ("2", "2"));
    assert_eq!(run.outputs["category"], "hallmark/semgrep");
    let wanted = [
        ("weakness/shell-true", "app/report.py", 6),
        ("weakness/shell-true", "app/report.py", 10),
        ("weakness/md5", "app/report.py", 14),
        ("weakness/md5", "app/tests/test_report.py", 5),
    ];
    assert_places(&run, &wanted);
    assert_about(&run, &git(&root, &["rev-parse", "HEAD"]));
    let said = &json(&run, "evidence")["predicate"]["hallmark"];
    assert_eq!(said["scanners"], json!(["sast"]));
    assert_eq!(said["others"]["weaknesses"], 4);
    assert!(said["rules"][0]["name"].as_str().unwrap().ends_with("semgrep/rules.yml"), "{said}");
}

#[test]
fn a_file_that_cannot_be_read_as_a_whole_is_an_error_until_it_is_left_out() {
    let harness = harness();
    let root = repository(&harness);
    let broken = "import subprocess\ndef broken(:\n    subprocess.call(x, shell=True)\nx = = 2\n";
    fs::write(root.join("app/broken.py"), broken).unwrap();
    let harness = harness.input_path("path", &root).input_path("rules", root.join("semgrep"));
    assert_undecided(&harness, &harness.run(&ACTION), "no whole scan");
    let run = harness.input("exclude", "app/broken.py").input("fail-on", "none").run(&ACTION);
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    assert_eq!((run.outputs["findings"].as_str(), run.outputs["evidence"].as_str()), ("4", ""));
}

#[test]
fn without_rules_and_without_files_nothing_is_said() {
    let harness = harness();
    let root = repository(&harness);
    let harness = harness.input_path("path", root.join("deploy")).input("rules", "p/ci");
    assert_undecided(&harness, &harness.run(&ACTION), "registry");
    let harness = harness.input_path("rules", root.join("semgrep"));
    assert_undecided(&harness, &harness.run(&ACTION), "allow-no-files");
}

#[test]
fn the_rules_that_ship_find_what_is_planted_in_a_template_and_nothing_else() {
    let harness = harness().input("sarif", "found.sarif").input("files", "packer/web.pkr.hcl");
    let root = repository(&harness);
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../semgrep/packer.yml");
    let harness = harness.input_path("path", &root).input_path("rules", rules);
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 1, "{}\n{}", run.stdout, run.stderr);
    let wanted = [
        ("weakness/packer-image-for-everybody", 3),
        ("weakness/packer-image-for-everybody", 4),
        ("weakness/packer-disk-not-encrypted", 5),
        ("weakness/packer-password-in-template", 6),
        ("weakness/packer-unverified-tls", 7),
        ("weakness/packer-no-checksum", 11),
        ("weakness/packer-unverified-tls", 27),
        ("weakness/packer-unverified-tls", 28),
        ("weakness/packer-download-into-shell", 29),
    ];
    assert_places(&run, &wanted.map(|(rule, line)| (rule, "packer/web.pkr.hcl", line)));
}

#[test]
fn sarif_of_any_tool_is_taken() {
    let harness = harness().input("report", "codeql.sarif").input("sarif", "found.sarif");
    let log = json!({"version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "CodeQL", "semanticVersion": "2.20.0", "rules": [
            {"id": "py/sql-injection", "properties": {"security-severity": "8.8"}}]}},
        "results": [{"ruleId": "py/sql-injection", "ruleIndex": 0, "message": {"text": "A query [is](1) built"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": "app/db.py"},
                                                "region": {"startLine": 7}}}]}]}]});
    fs::write(harness.workspace().join("codeql.sarif"), log.to_string()).unwrap();
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 1, "{}\n{}", run.stdout, run.stderr);
    assert_eq!(run.outputs["category"], "hallmark/codeql");
    assert_places(&run, &[("weakness/py/sql-injection", "app/db.py", 7)]);
    let statement = json(&run, "evidence");
    assert_eq!(statement["predicate"]["hallmark"]["seen"], "report");
}
