//! Reading Grype's reports: every field where it belongs, and nothing from anything less than a report.

use model::Severity;
use scanners::{ReportError, Scan, Scanner as _, grype::Grype};
use serde_json::{Value, json};

/// A report as Grype 0.120.0 writes it: a package of the system, one of a language, and a match that was ignored.
fn report() -> Value {
    json!({
        "matches": [
            {"vulnerability": {
                "id": "CVE-2026-1", "dataSource": "https://security-tracker.debian.org/tracker/CVE-2026-1",
                "namespace": "debian:distro:debian:13", "severity": "High", "urls": ["javascript:alert(1)"],
                "cvss": [], "fix": {"versions": ["2.41-13"], "state": "fixed"}, "advisories": [], "risk": 1.5},
             "relatedVulnerabilities": [
                {"id": "CVE-2026-1", "dataSource": "https://nvd.nist.gov/vuln/detail/CVE-2026-1",
                 "namespace": "nvd:cpe", "severity": "Critical", "urls": ["https://example.org/1"],
                 "description": "First line.\nSecond line.",
                 "cvss": [{"source": "nvd@nist.gov", "version": "3.1", "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
                           "metrics": {"baseScore": 9.8}},
                          {"source": "x", "version": "2.0", "metrics": {"baseScore": 5.0}}],
                 "epss": [{"cve": "CVE-2026-1", "epss": 0.5, "percentile": 0.9, "date": "2026-11-20"}],
                 "knownExploited": [{"cve": "CVE-2026-1", "dateAdded": "2026-11-01",
                                     "knownRansomwareCampaignUse": "Known"}]}],
             "matchDetails": [{"type": "exact-indirect-match"}],
             "artifact": {"name": "libc6", "version": "2.41-12", "type": "deb",
                "locations": [{"path": "/var/lib/dpkg/status"}],
                "purl": "pkg:deb/debian/libc6@2.41-12?arch=amd64&upstream=glibc",
                "upstreams": [{"name": "glibc"}]}},
            {"vulnerability": {
                "id": "GHSA-aaaa", "namespace": "github:language:javascript", "severity": "Medium",
                "description": "d", "fix": {"versions": ["4.17.21", "5.0.0"], "state": "fixed"}},
             "relatedVulnerabilities": [{"id": "CVE-2026-2", "namespace": "nvd:cpe", "severity": "Low"}],
             "artifact": {"name": "lodash", "version": "4.17.4", "type": "npm", "purl": "pkg:npm/lodash@4.17.4",
                "locations": [{"path": "/srv/q/package.json", "layerID": "sha256:00"}]}}],
        "ignoredMatches": [
            {"vulnerability": {"id": "CVE-2026-3", "namespace": "debian:distro:debian:13", "severity": "Negligible",
                "fix": {"versions": [], "state": "wont-fix"}},
             "artifact": {"name": "login", "version": "1", "type": "deb"},
             "appliedIgnoreRules": [{"vulnerability": "CVE-2026-3"}]}],
        "alertsByPackage": [{"package": {}, "alerts": [{"type": "distro-eol", "message": "old"}]}],
        "source": {"type": "file", "target": "/r"},
        "distro": {"name": "debian", "version": "13.7", "idLike": []},
        "descriptor": {"name": "grype", "version": "0.120.0", "timestamp": "2026-11-26T10:00:00Z",
            "db": {"status": {"schemaVersion": "v6.1.10", "built": "2026-11-25T00:00:00Z", "valid": true},
                   "providers": {"debian": {"captured": "x"}, "nvd": {}}}},
    })
}

fn read(report: &Value) -> Result<Scan, ReportError> {
    Grype.read_report(report.to_string().as_bytes())
}

#[test]
fn a_finding_has_everything_the_report_says_of_it() {
    let report = report();
    let text = report.to_string();
    let scan = Grype.read_report(text.as_bytes()).unwrap();
    let finding = &scan.findings[0];
    let said = serde_json::to_value(finding).unwrap();
    let record = finding.record.as_ref().unwrap().read(text.as_bytes()).unwrap();
    let record: Value = serde_json::from_slice(record).unwrap();
    assert_eq!(record, report["matches"][0], "the record is where it says");
    for (member, wanted) in [
        ("id", json!("CVE-2026-1")),
        (
            "package",
            json!({"name": "libc6", "source": "glibc", "version": "2.41-12",
                   "purl": "pkg:deb/debian/libc6@2.41-12?arch=amd64&upstream=glibc"}),
        ),
        ("severity", json!("high")),
        ("severities", json!({"debian": "high", "nvd": "critical"})),
        ("fixedVersion", json!("2.41-13")),
        ("status", json!("fixed")),
        ("title", json!("First line.")),
        ("description", json!("First line.\nSecond line.")),
        ("cvss", json!(9.8)),
        (
            "links",
            json!([
                "https://security-tracker.debian.org/tracker/CVE-2026-1",
                "https://nvd.nist.gov/vuln/detail/CVE-2026-1",
                "https://example.org/1"
            ]),
        ),
        ("epss", json!({"score": 0.5, "percentile": 0.9, "date": "2026-11-20"})),
        ("kev", json!({"added": "2026-11-01", "ransomware": true})),
        ("severitySource", json!("debian")),
        ("scanner", json!("grype")),
        ("aliases", Value::Null),
    ] {
        assert_eq!(said[member], wanted, "{member}");
    }
}

#[test]
fn others_are_aliases_and_what_is_found_by_file_has_its_path() {
    let scan = read(&report()).unwrap();
    let finding = &scan.findings[1];
    assert_eq!(finding.aliases, ["CVE-2026-2"]);
    assert_eq!(finding.fixed_version.as_deref(), Some("4.17.21, 5.0.0"));
    assert_eq!(finding.package.path.as_deref(), Some("srv/q/package.json"));
    assert_eq!(finding.package.layer.as_deref(), Some("sha256:00"));
}

#[test]
fn what_an_ignore_rule_took_out_counts_all_the_same() {
    let scan = read(&report()).unwrap();
    assert_eq!((scan.findings.len(), scan.suppressed), (3, 1));
    assert_eq!(scan.findings[2].status.as_deref(), Some("will_not_fix"));
    assert_eq!(scan.findings[2].fixed_version, None);
    assert_eq!(scan.counts().negligible, 1);
}

#[test]
fn what_is_said_of_the_whole() {
    let scan = read(&report()).unwrap();
    let os = scan.os.unwrap();
    assert_eq!((os.family.as_str(), os.name.as_str(), os.end_of_life), ("debian", "13.7", true));
    assert_eq!(scan.version.as_deref(), Some("0.120.0"));
    assert_eq!(scan.artifact, "/r");
    assert_eq!(scan.sources, ["debian", "debian:distro:debian:13", "github:language:javascript", "nvd"]);
    assert!(scan.packages.is_empty(), "a report of Grype's lists none");
}

#[test]
fn severities_read_and_states_are_known_or_an_error() {
    for (word, wanted) in [
        (json!("Critical"), Severity::Critical),
        (json!("Negligible"), Severity::Negligible),
        (json!("Unknown"), Severity::Unknown),
        (json!(""), Severity::Unknown),
        (Value::Null, Severity::Unknown),
    ] {
        let mut report = report();
        report["matches"][0]["vulnerability"]["severity"] = word;
        report["matches"][0]["relatedVulnerabilities"] = Value::Null;
        assert_eq!(read(&report).unwrap().findings[0].severity, wanted);
    }
    let cases: [(&str, Value, &str); 7] = [
        ("/matches/0/vulnerability/severity", json!("Horrible"), "matches[0]: `Horrible` is not a severity"),
        ("/matches/1/relatedVulnerabilities/0/severity", json!("Odd"), "matches[1]"),
        ("/matches/0/vulnerability/fix/state", json!("perhaps"), "the fix.state `perhaps`"),
        ("/matches/0/vulnerability/id", json!(""), "without a vulnerability's id"),
        ("/ignoredMatches/0/artifact/name", json!(""), "ignoredMatches[0]"),
        ("/matches/0/artifact", json!(7), "matches[0]"),
        ("/descriptor/db/status/error", json!("too old"), "not valid: too old"),
    ];
    for (place, value, says) in cases {
        let mut report = report();
        match report.pointer_mut(place) {
            Some(there) => *there = value,
            None => report["descriptor"]["db"]["status"]["error"] = value,
        }
        let error = read(&report).unwrap_err().to_string();
        assert!(error.contains(says), "{place}: {error}");
    }
}

#[test]
fn anything_else_is_no_report() {
    for (text, says) in [
        ("", "is empty"),
        (" \n", "is empty"),
        ("{", "ends early"),
        ("{}", "does not say that Grype made it"),
        ("[1]", "malformed"),
        (r#"{"matches":[],"descriptor":{"name":"trivy"}}"#, "does not say that Grype made it"),
        (r#"{"descriptor":{"name":"grype"}}"#, "not even an empty list"),
        (r#"{"matches":null,"descriptor":{"name":"grype"}}"#, "not even an empty list"),
        (r#"{"matches":{},"descriptor":{"name":"grype"}}"#, "malformed"),
    ] {
        let error = Grype.read_report(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
}

#[test]
fn every_truncation_is_an_error() {
    let whole = report().to_string();
    for end in 0..whole.len() {
        assert!(Grype.read_report(&whole.as_bytes()[..end]).is_err(), "{end}");
    }
    assert!(Grype.read_report(format!("{whole}x").as_bytes()).is_err());
}

#[test]
fn nesting_without_end_is_an_error_and_no_crash() {
    // In a member that is read it is no value of its kind; in another it is passed over.
    for (member, read) in [("severity", false), ("odd", true)] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{}1{}", open.repeat(200_000), close.repeat(200_000));
            let text = format!(
                r#"{{"matches":[{{"vulnerability":{{"id":"x","{member}":{deep}}},"artifact":{{"name":"p"}}}}],"descriptor":{{"name":"grype"}}}}"#
            );
            assert_eq!(Grype.read_report(text.as_bytes()).is_ok(), read, "{member}");
        }
    }
}

#[test]
fn many_findings_are_all_there() {
    let mut report = report();
    let one = report["matches"][0].clone();
    report["matches"] = vec![one; 20_000].into();
    assert_eq!(read(&report).unwrap().findings.len(), 20_001);
}

#[test]
fn where_the_record_that_matched_has_no_rating_the_worst_of_the_others_counts() {
    let mut report = report();
    report["matches"][0]["vulnerability"]["severity"] = json!("Unknown");
    let scan = read(&report).unwrap();
    assert_eq!(scan.findings[0].severity, Severity::Critical);
    assert_eq!(scan.findings[0].severity_source.as_deref(), Some("nvd"));
}
