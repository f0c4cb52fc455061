//! A report of Trivy's that is read as it passes by says the same as one that is held: wherever its parts stand.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]

use scanners::{Scan, Scanner as _, trivy::Trivy};
use serde_json::Value;

const VULNERABILITY: &str = r#"{"VulnerabilityID": "CVE-1", "PkgName": "p", "PkgIdentifier": {"UID": "u"},
  "InstalledVersion": "1", "Severity": "HIGH", "Title": "t \"[{"}"#;
const PACKAGE: &str = r#"{"Name": "p", "Version": "1", "SrcName": "s", "FilePath": "opt/p",
  "Identifier": {"UID": "u", "PURL": "pkg:npm/p@1"}}"#;
const SECRET: &str = r#"{"RuleID": "key", "Severity": "LOW", "Title": "k"}"#;

fn report(result: &str) -> String {
    format!("{{\n\"SchemaVersion\": 2,\n\"Results\": [{{\"Target\": \"etc/key\", {result}}}]}}")
}

fn read(report: &str) -> Scan {
    Trivy.read_report(report.as_bytes()).unwrap()
}

fn refused(report: &str) -> String {
    Trivy.read_report(report.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_package_may_be_listed_before_or_after_what_was_found_in_it() {
    let before = report(&format!(r#""Packages": [{PACKAGE}], "Vulnerabilities": [{VULNERABILITY}]"#));
    let after = report(&format!(r#""Vulnerabilities": [{VULNERABILITY}], "Packages": [{PACKAGE}]"#));
    let (before, after) = (read(&before), read(&after));
    assert_eq!(before.findings[0].package, after.findings[0].package);
    assert_eq!(after.findings[0].package.source.as_deref(), Some("s"));
    assert_eq!(after.findings[0].package.path.as_deref(), Some("opt/p"));
    assert_eq!(after.packages, before.packages);
}

#[test]
fn every_record_is_where_its_finding_says() {
    let modified = format!(r#"{{"Type": "vulnerability", "Finding": {VULNERABILITY}}}"#);
    let text = report(&format!(
        r#""Vulnerabilities": [{VULNERABILITY}, {VULNERABILITY}], "Secrets": [{SECRET}],
           "Packages": [{PACKAGE}], "ExperimentalModifiedFindings": [{modified}]"#
    ));
    let scan = read(&text);
    assert_eq!((scan.findings.len(), scan.suppressed), (4, 1));
    for finding in &scan.findings {
        let record = finding.record.unwrap().read(text.as_bytes()).unwrap();
        let record: Value = serde_json::from_slice(record).unwrap();
        let id = record.get("VulnerabilityID").or_else(|| record.get("RuleID")).unwrap();
        assert_eq!(*id, finding.id.as_str());
    }
}

#[test]
fn what_is_said_alike_is_held_once_and_what_is_not_is_kept_apart() {
    let other = VULNERABILITY.replace("\"t ", "\"another ");
    let text = report(&format!(
        r#""Vulnerabilities": [{VULNERABILITY}, {VULNERABILITY}, {other}, {VULNERABILITY}]"#
    ));
    let scan = read(&text);
    let titles: Vec<_> = scan.findings.iter().map(|finding| finding.title.as_str()).collect();
    assert_eq!(titles, ["t \"[{", "t \"[{", "another \"[{", "t \"[{"]);
    assert!(std::ptr::eq(titles[0], titles[1]), "one text");
}

#[test]
fn what_looks_like_a_record_that_has_passed_is_refused() {
    for (result, says) in [
        (format!(r#""Vulnerabilities": [{VULNERABILITY}, 0]"#), "1 records were read, and 2 are missing"),
        (r#""Vulnerabilities": [0]"#.to_owned(), "0 records were read, and 1 are missing"),
        (r#""Packages": [0]"#.to_owned(), "0 records were read, and 1 are missing"),
        (format!(r#""Vuln\u0065rabilities": [{VULNERABILITY}]"#), "a name that is written with escapes"),
        (format!(r#""Vulnerabilities": [{VULNERABILITY} {VULNERABILITY}]"#), "malformed"),
        (format!(r#""Vulnerabilities": [{VULNERABILITY},]"#), "malformed"),
        (format!(r#""Vulnerabilities": [1{VULNERABILITY}]"#), "malformed"),
        (r#""Vulnerabilities": [{"VulnerabilityID": 7]}]"#.to_owned(), "malformed"),
        (
            format!(r#""Vulnerabilities": [{VULNERABILITY}], "Vulnerabilities": [{VULNERABILITY}]"#),
            "duplicate field",
        ),
    ] {
        let error = refused(&report(&result));
        assert!(error.contains(says), "{result}\nwanted: {says}\nsaid: {error}");
    }
}

#[test]
fn an_entry_is_named_by_its_place_and_its_line() {
    let wrong = VULNERABILITY.replace("HIGH", "SEVERE");
    let error = refused(&report(&format!("\"Vulnerabilities\": [{VULNERABILITY},\n{wrong}]")));
    assert!(error.contains("Results[0], vulnerability 1: `SEVERE` is not a severity"), "{error}");
    assert!(error.contains("the entry begins at line 5, column 1"), "{error}");
}
