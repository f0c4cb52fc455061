//! Reading Trivy's reports: every field where it belongs, and nothing from anything less than a report.

use scanners::{ReportError, Scanner as _, trivy::Trivy};
use serde_json::{Value, json};

/// A report as Trivy 0.69.3 writes it, with two packages, a finding of each, and one it was told to ignore.
fn report() -> Value {
    json!({
        "SchemaVersion": 2,
        "Trivy": {"Version": "0.69.3"},
        "CreatedAt": "2026-11-22T22:04:42.451657552Z",
        "ArtifactName": "disk.raw",
        "ArtifactType": "vm",
        "Metadata": {"OS": {"Family": "debian", "Name": "13.7", "EOSL": true}},
        "Results": [
            {"Target": "disk.raw (debian 13.7)", "Class": "os-pkgs", "Type": "debian",
             "Packages": [
                {"ID": "libc6@2.41-12", "Name": "libc6", "Version": "2.41", "Release": "12", "SrcName": "glibc",
                 "Identifier": {"PURL": "pkg:deb/debian/libc6@2.41-12?arch=amd64", "UID": "aa"}},
                {"ID": "login@1:4.17.4-2", "Name": "login", "Version": "4.17.4", "Release": "2", "Epoch": 1,
                 "SrcName": "login", "Identifier": {"UID": "bb"}}],
             "Vulnerabilities": [
                {"VulnerabilityID": "CVE-2026-1", "VendorIDs": ["DSA-1-1"], "PkgID": "libc6@2.41-12",
                 "PkgName": "libc6", "PkgIdentifier": {"PURL": "pkg:deb/debian/libc6@2.41-12?arch=amd64", "UID": "aa"},
                 "InstalledVersion": "2.41-12", "FixedVersion": "2.41-13", "Status": "fixed",
                 "SeveritySource": "debian", "PrimaryURL": "https://avd.aquasec.com/nvd/cve-2026-1",
                 "DataSource": {"ID": "debian", "Name": "Debian Security Tracker", "URL": "https://example.org"},
                 "Title": "t", "Description": "d", "Severity": "HIGH",
                 "VendorSeverity": {"nvd": 4, "debian": 3},
                 "CVSS": {"nvd": {"V2Score": 5.0, "V3Score": 9.8}, "redhat": {"V3Score": 7.1}},
                 "References": ["https://example.org/1", "javascript:alert(1)", "https://example.org/1"],
                 "PublishedDate": "2026-01-02T00:00:00Z", "Unheard": {"of": [1]}}],
             "ExperimentalModifiedFindings": [
                {"Type": "vulnerability", "Status": "ignored", "Source": ".trivyignore",
                 "Finding": {"VulnerabilityID": "CVE-2026-2", "PkgName": "login", "InstalledVersion": "1:4.17.4-2",
                             "FixedVersion": "", "Severity": "CRITICAL", "PkgIdentifier": {"UID": "bb"}}}]},
            {"Target": "app.jar", "Class": "lang-pkgs", "Type": "jar",
             "Packages": [{"Name": "org.example:a", "Version": "1.0", "FilePath": "opt/a.jar"}],
             "ExperimentalModifiedFindings": [{"Type": "rumour", "Finding": {}}]}
        ]
    })
}

fn read(report: &Value) -> Result<scanners::Scan, ReportError> {
    Trivy.read_report(report.to_string().as_bytes())
}

#[test]
fn a_finding_has_everything_the_report_says_of_it() {
    let report = report();
    let scan = read(&report).unwrap();
    let finding = &scan.findings[0];
    let mut said = serde_json::to_value(finding).unwrap();
    said.as_object_mut().unwrap().remove("record").unwrap();
    let bytes = report.to_string().into_bytes();
    let record: Value = serde_json::from_slice(finding.record.unwrap().read(&bytes).unwrap()).unwrap();
    assert_eq!(record, report["Results"][0]["Vulnerabilities"][0], "the record is where the finding says");
    assert_eq!(
        said,
        json!({
            "id": "CVE-2026-1", "aliases": ["DSA-1-1"],
            "package": {"name": "libc6", "source": "glibc", "version": "2.41-12",
                        "purl": "pkg:deb/debian/libc6@2.41-12?arch=amd64"},
            "severity": "high", "severitySource": "debian", "severities": {"debian": "high", "nvd": "critical"},
            "fixedVersion": "2.41-13", "status": "fixed", "title": "t", "description": "d", "cvss": 9.8,
            "scores": [{"source": "nvd", "version": "3.1", "score": 9.8}, {"source": "nvd", "version": "2.0", "score": 5.0},
                       {"source": "redhat", "version": "3.1", "score": 7.1}],
            "links": ["https://avd.aquasec.com/nvd/cve-2026-1", "https://example.org/1"],
            "published": "2026-01-02T00:00:00Z", "scanner": "trivy"
        })
    );
}

#[test]
fn the_scan_has_everything_else() {
    let scan = read(&report()).unwrap();
    assert_eq!(scan.version.as_deref(), Some("0.69.3"));
    let os = scan.os.as_ref().unwrap();
    assert_eq!((os.family.as_str(), os.name.as_str(), os.end_of_life), ("debian", "13.7", true));
    let packages: Vec<_> = scan.packages.iter().map(|p| (p.name.as_str(), p.version.as_str())).collect();
    assert_eq!(packages, [("libc6", "2.41-12"), ("login", "1:4.17.4-2"), ("org.example:a", "1.0")]);
    assert_eq!(scan.packages[2].path.as_deref(), Some("opt/a.jar"));
    assert_eq!((scan.os_packages, scan.other), (2, 1));
    assert_eq!(scan.sources, ["Debian Security Tracker"]);
    assert!(scan.conditions().is_empty());
}

#[test]
fn what_an_ignore_file_hid_counts_all_the_same() {
    let scan = read(&report()).unwrap();
    assert_eq!((scan.findings.len(), scan.suppressed), (2, 1));
    let counts = scan.counts();
    assert_eq!((counts.critical, counts.high, counts.total(), counts.fixable), (1, 1, 2, 1));
}

#[test]
fn a_report_without_a_severity_says_unknown() {
    let mut report = report();
    report["Results"][0]["Vulnerabilities"][0].as_object_mut().unwrap().remove("Severity");
    let scan = read(&report).unwrap();
    assert_eq!(scan.counts().unknown, 1);
}

#[test]
fn every_truncation_is_an_error() {
    let whole = report().to_string();
    for end in 0..whole.len() {
        let error = Trivy.read_report(&whole.as_bytes()[..end]).unwrap_err();
        assert!(matches!(error, ReportError::Truncated { .. } | ReportError::Empty { .. }), "{end}: {error}");
    }
    assert!(Trivy.read_report(format!("{whole}}}").as_bytes()).is_err(), "something behind it");
}

#[test]
fn what_is_no_report_is_refused_with_its_reason() {
    let change = |path: &str, value: Value| {
        let mut report = report();
        *report.pointer_mut(path).unwrap() = value;
        report.to_string()
    };
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let finding = "/Results/0/Vulnerabilities/0";
    for (text, says) in [
        (" \n".to_owned(), "wrote nothing"),
        ("[]".to_owned(), "malformed"),
        ("{}".to_owned(), "schema version none"),
        (change("/SchemaVersion", json!(1)), "schema version 1"),
        (change("/SchemaVersion", json!("2")), "schema version \"2\""),
        (change("/SchemaVersion", json!(3)), "schema version 3"),
        (change("/Results", json!({})), "malformed"),
        (change("/Results/0", json!({"Vulnerabilities": {}})), "malformed"),
        (change(&format!("{finding}/VulnerabilityID"), json!("")), "vulnerability 0: a finding without"),
        (change(&format!("{finding}/VulnerabilityID"), json!(7)), "Results[0], vulnerability 0"),
        (change(&format!("{finding}/PkgName"), json!("")), "a finding without"),
        (change(&format!("{finding}/Severity"), json!("SEVERE")), "`SEVERE` is not a severity"),
        (change(&format!("{finding}/VendorSeverity"), json!({"nvd": 5})), "0 to 4 are known"),
        (change(finding, json!(null)), "vulnerability 0"),
        (change(&format!("{finding}/Unheard"), json!([1])).replace("[1]", &deep), "recursion limit"),
        (report().to_string().replacen("\"Results\"", "\"Results\":[],\"Results\"", 1), "duplicate"),
    ] {
        let error = Trivy.read_report(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(says), "wanted: {says}\nsaid: {error}");
    }
}

#[test]
fn bytes_that_are_no_utf8_are_refused() {
    let mut bytes = report().to_string().into_bytes();
    let at = bytes.windows(3).position(|window| window == b"\"t\"").unwrap();
    bytes[at + 1] = 0xff;
    assert!(Trivy.read_report(&bytes).is_err());
}

#[test]
fn a_report_without_results_is_whole_and_worthless() {
    for results in ["", ",\"Results\":null", ",\"Results\":[]"] {
        let scan = Trivy.read_report(format!("{{\"SchemaVersion\":2{results}}}").as_bytes()).unwrap();
        assert_eq!(scan.conditions().len(), 2);
    }
    let none =
        read(&json!({"SchemaVersion": 2, "Metadata": {"OS": {"Family": "none", "Name": ""}}})).unwrap();
    assert!(none.os.is_none());
}

/// Members in the order in which Trivy writes them; those with that name may be changed.
fn written(members: &[(&str, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{{ {} }}", members.join(",\n"))
}

/// What a report with these findings alone says of them, but for where they lie.
fn findings(records: &[String]) -> Result<Vec<model::Finding>, String> {
    let records = records.join(", ");
    let text = format!(
        r#"{{"SchemaVersion": 2, "Results": [{{"Class": "os-pkgs", "Vulnerabilities": [{records}]}}]}}"#
    );
    let scan = Trivy.read_report(text.as_bytes()).map_err(|error| error.to_string())?;
    Ok(scan.findings.into_iter().map(|finding| model::Finding { record: None, ..finding }).collect())
}

#[test]
fn a_finding_is_what_its_own_record_says_whatever_was_read_before() {
    const ORDER: [&str; 16] = [
        "VulnerabilityID",
        "VendorIDs",
        "PkgName",
        "PkgIdentifier",
        "InstalledVersion",
        "FixedVersion",
        "Status",
        "SeveritySource",
        "PrimaryURL",
        "DataSource",
        "Title",
        "Description",
        "Severity",
        "CVSS",
        "References",
        "PublishedDate",
    ];
    let first = report()["Results"][0]["Vulnerabilities"][0].clone();
    let members: Vec<_> = ORDER.map(|name| (name, first[name].to_string())).into();
    let first = written(&members);
    let mut others = Vec::new();
    for at in 0..members.len() {
        let mut other = members.clone();
        for value in ["\"LOW\"", "null", r#"{"debian": {"V3Score": 1}}"#, r#"["https://example.org/2"]"#, "7"]
        {
            other[at].1 = value.to_owned();
            others.push(written(&other));
        }
        other.remove(at);
        others.push(written(&other));
        for to in [0, 1, 8, 12, other.len()] {
            let mut moved = other.clone();
            moved.insert(to, members[at].clone());
            others.push(written(&moved));
            for value in [&members[at].1, "null", "0"] {
                let mut twice = members.clone();
                twice.insert(to, (members[at].0, value.to_owned()));
                others.push(written(&twice));
            }
        }
    }
    let mut fine = 0;
    for other in &others {
        let alone = findings(std::slice::from_ref(other));
        for records in [[&first, other, other].map(Clone::clone), [other, &first, other].map(Clone::clone)] {
            let Ok(alone) = &alone else {
                assert!(findings(&records).is_err(), "{other}");
                continue;
            };
            fine += 1;
            for (record, finding) in records.iter().zip(findings(&records).unwrap()) {
                let wanted = if record == other {
                    alone[0].clone()
                } else {
                    findings(std::slice::from_ref(&first)).unwrap()[0].clone()
                };
                assert_eq!(finding, wanted, "{other}");
            }
        }
    }
    assert!((200..others.len() * 2).contains(&fine), "{fine}");
}

#[test]
fn a_large_report_reads() {
    let mut report = report();
    let finding = report["Results"][0]["Vulnerabilities"][0].clone();
    report["Results"][0]["Vulnerabilities"] = Value::Array(vec![finding; 20_000]);
    assert_eq!(read(&report).unwrap().findings.len(), 20_001);
}
