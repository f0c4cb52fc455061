//! A report that is there already: what is recorded, what is shown, what is decided. No Trivy runs.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests: a panic is their message")]

use std::fs;

use crate::common::{assert_undecided, kept, statement};
use runner::testing::{Harness, Run};
use serde_json::{Value, json};
use trivy_scan::ACTION;

fn vulnerability(id: &str, severity: &str, fixed: &str) -> Value {
    json!({"VulnerabilityID": id, "PkgName": format!("p-{id}"), "InstalledVersion": "1", "FixedVersion": fixed,
           "Severity": severity, "Title": "t", "PkgIdentifier": {"PURL": format!("pkg:deb/debian/p-{id}@1")}})
}

fn report(vulnerabilities: &[Value]) -> Value {
    json!({"SchemaVersion": 2, "Trivy": {"Version": "0.69.3"}, "ArtifactName": "x", "ArtifactType": "vm",
           "Metadata": {"OS": {"Family": "debian", "Name": "13.7"}},
           "Results": [{"Target": "x", "Class": "os-pkgs", "Packages": [{"Name": "p", "Version": "1"}],
                        "Vulnerabilities": vulnerabilities}]})
}

fn five() -> Value {
    report(&[
        vulnerability("CVE-2026-1", "CRITICAL", ""),
        vulnerability("CVE-2026-2", "HIGH", "2"),
        vulnerability("CVE-2026-3", "MEDIUM", ""),
        vulnerability("CVE-2026-4", "LOW", ""),
        vulnerability("CVE-2026-5", "UNKNOWN", ""),
    ])
}

fn given(report: &Value) -> Harness {
    let harness = crate::common::harness();
    let path = harness.file("report.json", report.to_string());
    harness.input_path("report", path)
}

fn outputs(run: &Run) -> [&str; 8] {
    ["findings", "critical", "high", "medium", "low", "negligible", "unknown", "fixable"]
        .map(|name| run.outputs[name].as_str())
}

#[test]
fn the_report_is_kept_byte_for_byte_and_counted() {
    let run = kept(given(&five()));
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!(outputs(&run), ["5", "1", "1", "1", "1", "0", "1", "1"]);
    assert_eq!(fs::read(&run.outputs["report"]).unwrap(), five().to_string().as_bytes());
    let statement = statement(&run);
    assert_eq!(statement["subject"][0]["name"], "report.json");
    assert_eq!(statement["subject"][0]["digest"]["sha256"], run.outputs["report-digest"]);
    let hallmark = &statement["predicate"]["hallmark"];
    assert_eq!(hallmark["seen"], "report");
    assert_eq!(hallmark["report"]["digest"]["sha256"], run.outputs["report-digest"]);
    assert_eq!(hallmark["counts"]["unknown"], 1);
    // Nothing is known about its database, and that satisfies no demand for a fresh one.
    assert_eq!(hallmark["database"]["version"], "unknown");
    assert_eq!(hallmark["database"]["updatedOn"], "1970-01-01T00:00:00Z");
    assert_eq!(run.outputs["database-date"], "");
}

#[test]
fn a_view_never_changes_what_is_recorded() {
    let plain = kept(given(&five()));
    let narrow = kept(given(&five()).input("severity", "critical").input("ignore-unfixed", "true"));
    assert_eq!(outputs(&plain), outputs(&narrow));
    let both = [&plain, &narrow].map(|run| {
        let mut statement = statement(run);
        statement["predicate"]["metadata"] = Value::Null;
        statement
    });
    assert_eq!(both[0], both[1]);
    assert!(plain.summary.contains("CVE-2026-2"));
    assert!(!narrow.summary.contains("CVE-2026-2"));
    assert!(narrow.summary.contains("5 findings below or outside the view"), "{}", narrow.summary);
}

#[test]
fn fail_on_decides_on_everything_whatever_is_shown() {
    // (fail-on, fail-on-unfixed, severity) → code
    for (fail_on, unfixed, severity, code) in [
        ("", "true", "", 0),
        ("critical", "true", "", 1),
        ("critical", "true", "low", 1),
        ("critical", "false", "", 0),
        ("high", "false", "", 1),
        ("negligible", "true", "", 1), // because of the unknown one
        ("CRITICAL, High", "true", "", 1),
    ] {
        let harness = given(&five()).input("fail-on", fail_on).input("fail-on-unfixed", unfixed);
        let run = kept(harness.input("severity", severity));
        assert_eq!(run.code, code, "{fail_on} {unfixed} {severity}\n{}", run.stdout);
        // Decided against, but decided: the evidence is there.
        assert!(statement(&run).is_object());
    }
    let none =
        given(&report(&[])).input("fail-on", "critical,high,medium,low,negligible,unknown").run(&ACTION);
    assert_eq!(none.code, 0);
    assert!(none.summary.starts_with("## Passed"), "{}", none.summary);
}

#[test]
fn the_sarif_is_of_what_is_shown() {
    let harness = given(&five())
        .input("sarif", "out/x.sarif")
        .input("severity", "critical,high")
        .input("family", "web");
    let run = harness.run(&ACTION);
    let sarif: Value = serde_json::from_slice(&fs::read(&run.outputs["sarif"]).unwrap()).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let ids: Vec<_> = results.iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    assert_eq!(ids, ["CVE-2026-1", "CVE-2026-2"]);
    assert_eq!(run.outputs["category"], "hallmark/web/amd64");
}

#[test]
fn a_report_made_with_the_sample_is_known_by_its_sources() {
    let mut finding = vulnerability("CVE-2026-1", "LOW", "");
    finding["DataSource"] = json!({"Name": "Debian Security Tracker (a sample by Hallmark, incomplete)"});
    let run = given(&report(&[finding])).run(&ACTION);
    assert_eq!(run.outputs["database-sample"], "true");
    assert!(run.stdout.contains("Sample database"));
}

#[test]
fn hostile_text_stays_text() {
    let nasty = "::error::x\u{1b}[31m\n##[error]y|z <script>alert(1)</script> ]]> `a` [b](javascript:c) %0A::set-output name=x::y";
    let mut finding = vulnerability("CVE-2026-1", "HIGH", "1|2\n::warning::w");
    for field in ["VulnerabilityID", "PkgName", "InstalledVersion", "Title", "Status"] {
        finding[field] = json!(nasty);
    }
    let mut report = report(&[finding]);
    report["ArtifactName"] = json!(nasty);
    report["Metadata"]["OS"]["Name"] = json!(nasty);
    let harness = given(&report).input("fail-on", "high").input("sarif", "x.sarif");
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 1, "{}", run.stdout);
    // Each line is one of our own commands, whose text the runner takes as text, or no command.
    for line in run.stdout.lines() {
        let ours = ["::warning", "::error title=Findings::", "::notice", "::add-mask"];
        let own = ours.iter().any(|start| line.starts_with(start));
        assert!(own || !(line.trim_start().starts_with("::") || line.contains("##[")), "{line}");
        assert!(!line.contains('\u{1b}'), "{line}");
    }
    for bad in ["<script", "\u{1b}", "\n::", "\n##["] {
        assert!(!run.summary.contains(bad), "{bad:?} in {}", run.summary);
    }
    // One line of the table stays one line.
    let rows: Vec<_> = run.summary.lines().filter(|line| line.starts_with("| high")).collect();
    assert_eq!(rows.len(), 1, "{}", run.summary);
    let outputs: Vec<_> = run.outputs.keys().collect();
    assert_eq!(outputs.len(), ACTION.outputs.len(), "{outputs:?}");
}

#[test]
fn what_is_no_whole_report_decides_nothing() {
    let whole = five().to_string();
    for (bytes, says) in [
        (whole[..whole.len() - 2].to_owned(), "truncated"),
        (String::new(), "wrote nothing"),
        ("{}".into(), "schema version none"),
        (format!("{whole}{whole}"), "malformed"),
    ] {
        let harness = crate::common::harness();
        let path = harness.file("report.json", bytes);
        let harness = harness.input_path("report", path);
        assert_undecided(&harness, &harness.run(&ACTION), says);
    }
    let harness = crate::common::harness().input("report", "missing.json");
    assert_undecided(&harness, &harness.run(&ACTION), "missing.json");
}

#[test]
fn no_system_and_no_packages_are_errors_unless_allowed() {
    let mut no_os = five();
    no_os["Metadata"] = json!({});
    let mut no_packages = report(&[]);
    no_packages["Results"][0]["Packages"] = json!([]);
    for (report, input) in [(no_os, "allow-no-os"), (no_packages, "allow-no-packages")] {
        let harness = given(&report);
        assert_undecided(&harness, &harness.run(&ACTION), input);
        let run = given(&report).input(input, "true").run(&ACTION);
        assert_eq!(run.code, 0, "{}", run.stdout);
    }
}

#[test]
fn inputs_that_contradict_each_other() {
    let harness = crate::common::harness();
    assert_undecided(&harness, &harness.run(&ACTION), "nothing to scan");
    let harness = given(&five()).input("sbom", "x");
    assert_undecided(&harness, &harness.run(&ACTION), "`sbom` and `report` are given");
    let harness = given(&five()).input("severity", "severe");
    assert_undecided(&harness, &harness.run(&ACTION), "`severe` is not a severity");
    let harness = given(&five()).input("database", "nowhere");
    assert_undecided(&harness, &harness.run(&ACTION), "auto, cache, sample or a folder");
    let harness =
        given(&five()).input("signing-key", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n");
    assert_undecided(&harness, &harness.run(&ACTION), "signing-key");
}

#[test]
fn an_image_may_say_what_a_report_is_about_and_is_hashed() {
    let harness = given(&five());
    let disk = harness.file("disk.raw", vec![7; 4096]);
    let harness = harness.input_path("image", &disk);
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let subject = &statement(&run)["subject"][0];
    let digest = blocks::digest_file(&disk, &blocks::Options::default()).unwrap().content_digest;
    assert_eq!(subject["digest"]["hallmarkBlocks1"], digest.sha256().to_string());
}

#[test]
fn a_key_signs_the_evidence() {
    let pem = attest::PrivateKey::generate_p256().unwrap();
    let run = kept(given(&five()).input("signing-key", &pem.private));
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(run.outputs["evidence"].ends_with(".sigstore.json"));
    let key = attest::PrivateKey::from_pem(&pem.private).unwrap().public().clone();
    let verified =
        attest::verify(&fs::read(&run.outputs["evidence"]).unwrap(), &attest::Trust::from(&key)).unwrap();
    assert_eq!(verified.kind, attest::Kind::Vulns);
}
