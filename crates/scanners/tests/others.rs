//! Secrets, licences and misconfigurations of Trivy's reports.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]

use model::{Class, Finding, Severity};
use scanners::{ReportError, Scan, Scanner as _, trivy::Trivy};
use serde_json::{Value, json};

/// A text that must never come out of a report.
const HIDDEN: &str = "not-to-be-told";

/// A report as Trivy 0.69.3 writes it, with these results after that of the system's packages.
fn report(results: &[Value]) -> Value {
    let mut all = vec![json!({
        "Target": "disk.raw (debian 13.7)", "Class": "os-pkgs", "Type": "debian",
        "Packages": [{"Name": "sed", "Version": "4.9", "Release": "2",
                      "Identifier": {"PURL": "pkg:deb/debian/sed@4.9-2", "UID": "aa"}}]})];
    all.extend_from_slice(results);
    json!({"SchemaVersion": 2, "ArtifactName": "disk.raw",
           "Metadata": {"OS": {"Family": "debian", "Name": "13.7"}}, "Results": all})
}

fn read(results: &[Value]) -> Result<Scan, ReportError> {
    Trivy.read_report(report(results).to_string().as_bytes())
}

fn only(results: &[Value]) -> Finding {
    let scan = read(results).unwrap();
    assert_eq!(scan.findings.len(), 1, "{:?}", scan.findings);
    assert_eq!(scan.counts().total(), 0, "the counts are about vulnerabilities");
    scan.findings.into_iter().next().unwrap()
}

fn secret() -> Value {
    let lines = json!({"Lines": [{"Number": 3, "Content": HIDDEN, "Highlighted": HIDDEN}]});
    json!({"RuleID": "private-key", "Category": "AsymmetricPrivateKey", "Severity": "HIGH",
           "Title": "Asymmetric Private Key", "StartLine": 2, "EndLine": 21, "Code": lines,
           "Match": HIDDEN, "Offset": 32, "Unheard": HIDDEN, "Layer": {"DiffID": "sha256:1"}})
}

fn misconfiguration(status: &str) -> Value {
    let code = json!({"Lines": [{"Number": 1, "Content": HIDDEN}]});
    json!({"Type": "Dockerfile Security Check", "ID": "DS-0002", "AVDID": "AVD-DS-0002", "Title": "root",
           "Description": "d", "Message": "m", "Resolution": "r", "Severity": "HIGH",
           "PrimaryURL": "https://avd.aquasec.com/misconfig/ds-0002", "References": ["javascript:x"],
           "Status": status,
           "CauseMetadata": {"Provider": "Dockerfile", "StartLine": 2, "EndLine": 2, "Code": code,
                             "RenderedCause": {"Raw": HIDDEN}}})
}

#[test]
fn a_secret_is_told_by_its_rule_and_place_and_not_by_its_text() {
    // The path begins with a slash or not, by what was scanned; the finding is the same.
    for target in ["etc/ssh/key", "/etc/ssh/key"] {
        let found = only(&[json!({"Target": target, "Class": "secret", "Secrets": [secret()]})]);
        assert_eq!(found.class, Class::Secret);
        assert_eq!((found.id.as_str(), found.title.as_str()), ("private-key", "Asymmetric Private Key"));
        assert_eq!((found.package.name.as_str(), found.package.path.as_deref()), ("", Some("etc/ssh/key")));
        assert_eq!(found.package.layer.as_deref(), Some("sha256:1"));
        assert_eq!(found.severity, Severity::High);
        let whole = serde_json::to_string(&found).unwrap();
        assert!(!whole.contains(HIDDEN) && !whole.contains("Offset"), "{whole}");
        assert_eq!(found.region, model::Region::of(Some(2), Some(21)));
    }
}

#[test]
fn a_misconfiguration_counts_where_it_failed() {
    let result = |status| json!({"Target": "Dockerfile", "Misconfigurations": [misconfiguration(status)]});
    let found = only(&[result("FAIL")]);
    assert_eq!((found.class, found.severity), (Class::Misconfiguration, Severity::High));
    assert_eq!((found.id.as_str(), found.aliases.as_slice()), ("DS-0002", &["AVD-DS-0002".to_owned()][..]));
    assert_eq!(found.package.path.as_deref(), Some("Dockerfile"));
    assert_eq!(*found.links, ["https://avd.aquasec.com/misconfig/ds-0002"]);
    let whole = serde_json::to_string(&found).unwrap();
    assert!(!whole.contains(HIDDEN), "{whole}");
    assert_eq!(found.region, model::Region::of(Some(2), Some(2)));
    for status in ["PASS", "EXCEPTION"] {
        assert!(read(&[result(status)]).unwrap().findings.is_empty(), "{status}");
    }
    for status in ["", "fail", "WARN"] {
        let error = read(&[result(status)]).unwrap_err().to_string();
        assert!(error.contains("Results[1], misconfiguration 0: the Status"), "{error}");
    }
}

#[test]
fn a_licence_is_as_bad_as_its_category() {
    // (Category, Severity) → severity
    for (category, word, wanted) in [
        ("forbidden", "LOW", Severity::Critical),
        ("restricted", "", Severity::High),
        ("reciprocal", "UNKNOWN", Severity::Medium),
        ("notice", "LOW", Severity::Low),
        ("permissive", "LOW", Severity::Low),
        ("unencumbered", "LOW", Severity::Low),
        ("unknown", "UNKNOWN", Severity::Unknown),
        ("", "HIGH", Severity::High),
        ("", "", Severity::Unknown),
        ("own", "MEDIUM", Severity::Medium),
    ] {
        let license = json!({"Severity": word, "Category": category, "PkgName": "sed", "FilePath": "",
                             "Name": "GPL-3.0-or-later", "Confidence": 1, "Link": ""});
        let found = only(&[json!({"Target": "OS Packages", "Class": "license", "Licenses": [license]})]);
        assert_eq!((found.class, found.severity), (Class::License, wanted), "{category} {word}");
        assert_eq!(found.id, "GPL-3.0-or-later");
        // The package is the one that was listed, with its version and purl.
        assert_eq!(found.package.version, "4.9-2");
        assert_eq!(found.package.purl.as_deref(), Some("pkg:deb/debian/sed@4.9-2"));
    }
}

#[test]
fn a_licence_of_a_file_and_one_without_a_name() {
    let result = |license: Value| [json!({"Target": "Loose File License(s)", "Licenses": [license]})];
    let found = only(&result(json!({"Category": "notice", "FilePath": "/opt/LICENSE", "Name": "MIT"})));
    assert_eq!(found.package.path.as_deref(), Some("opt/LICENSE"));
    let found = only(&result(json!({"PkgName": "elsewhere", "Name": " "})));
    assert_eq!((found.id.as_str(), found.package.name.as_str()), ("NOASSERTION", "elsewhere"));
    assert!(read(&result(json!({"Name": "MIT"}))).is_err(), "of nothing at all");
}

#[test]
fn what_an_ignore_file_hid_counts_in_every_class() {
    let modified =
        |class: &str, finding: Value| json!({"Type": class, "Status": "ignored", "Finding": finding});
    let scan = read(&[json!({"Target": "etc/x", "ExperimentalModifiedFindings": [
        modified("secret", secret()), modified("misconfiguration", misconfiguration("FAIL")),
        modified("license", json!({"PkgName": "sed", "Name": "MIT", "Category": "notice"})),
        modified("rumour", json!({}))]})])
    .unwrap();
    assert_eq!((scan.findings.len(), scan.suppressed, scan.other), (3, 3, 1));
    for class in [Class::Secret, Class::License, Class::Misconfiguration] {
        assert_eq!(scan.of(class).count(), 1, "{class}");
    }
}

#[test]
fn an_entry_that_lacks_what_it_is_judged_by_spoils_the_report() {
    let changed = |member: &str, value: Value| {
        let mut secret = secret();
        secret[member] = value;
        json!({"Target": "etc/x", "Secrets": [secret]})
    };
    for (result, says) in [
        (changed("RuleID", json!("")), "Results[1], secret 0: a secret without a RuleID"),
        (changed("Severity", json!("SEVERE")), "`SEVERE` is not a severity"),
        (changed("Title", json!(7)), "Results[1], secret 0"),
        (json!({"Target": "/", "Secrets": [secret()]}), "no Target"),
        (json!({"Target": "x", "Misconfigurations": [{"Status": "FAIL"}]}), "without an ID"),
    ] {
        let error = read(&[result]).unwrap_err().to_string();
        assert!(error.contains(says), "wanted: {says}\nsaid: {error}");
    }
}
