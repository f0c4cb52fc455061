//! Reports about sources: Semgrep, gitleaks, Checkov, any SARIF. Whole, or an error.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]

use model::{Class, Region, Severity};
use scanners::checkov::Checkov;
use scanners::gitleaks::{Gitleaks, joined};
use scanners::sarif::{Sarif, is_sarif};
use scanners::semgrep::Semgrep;
use scanners::{Scan, Scanner};
use serde_json::{Value, json};

fn read(scanner: &dyn Scanner, report: &Value) -> Scan {
    let bytes = report.to_string();
    let scan = scanner.read_report(bytes.as_bytes()).unwrap();
    for finding in &scan.findings {
        // The record is where it says.
        assert!(finding.record.unwrap().read(bytes.as_bytes()).unwrap().starts_with(b"{"));
        let whole = serde_json::to_value(finding).unwrap();
        assert_eq!(serde_json::from_value::<model::Finding>(whole).unwrap(), *finding);
    }
    scan
}

fn refused(scanner: &dyn Scanner, report: &Value) -> String {
    scanner.read_report(report.to_string().as_bytes()).unwrap_err().to_string()
}

fn semgrep() -> Value {
    json!({"version": "1.185.0", "errors": [], "skipped_rules": [],
        "paths": {"scanned": ["a.py"], "skipped": [{"path": "b.png", "reason": "wrong_language"}]},
        "results": [{"check_id": "shell-true", "path": "./a.py", "start": {"line": 6, "col": 1},
            "end": {"line": 7, "col": 2}, "extra": {"message": "A shell\nmore", "severity": "ERROR",
            "metadata": {"cwe": ["CWE-78: x"], "impact": "LOW", "references": ["https://a.example/", "javascript:x"]}}}]})
}

fn leak() -> Value {
    json!({"RuleID": "github-pat", "Description": "A token", "StartLine": 3, "EndLine": 3, "Match": "REDACTED",
        "Secret": "REDACTED", "File": "a/b.py", "Commit": "abc", "Date": "2026-01-01T00:00:00Z", "Tags": [],
        "Message": "not-to-be-told", "Author": "not-to-be-told", "Fingerprint": "abc:a/b.py:github-pat:3"})
}

fn checkov() -> Value {
    let check = |id: &str, result: &str| {
        json!({"check_id": id, "check_name": "n", "check_result": {"result": result},
        "file_path": "/d/Dockerfile", "file_line_range": [2, 4], "resource": "r", "severity": null, "guideline": null})
    };
    json!({"check_type": "dockerfile", "url": "x",
        "summary": {"passed": 1, "failed": 1, "skipped": 1, "parsing_errors": 0, "resource_count": 1, "checkov_version": "3.3.30"},
        "results": {"passed_checks": [check("CKV_1", "PASSED")], "failed_checks": [check("CKV_2", "FAILED")],
                    "skipped_checks": [check("CKV_3", "SKIPPED")], "parsing_errors": []}})
}

fn sarif(results: &Value) -> Value {
    json!({"version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "Tool", "version": "1", "rules": [
            {"id": "r1", "shortDescription": {"text": "Short"}, "fullDescription": {"text": "Full"},
             "helpUri": "https://a.example/r1", "properties": {"security-severity": "9.8"},
             "messageStrings": {"m": {"text": "Of {0} and {1}"}}},
            {"id": "r2", "defaultConfiguration": {"level": "note"}}]}},
        "artifacts": [{"location": {"uri": "by%20index.c"}}],
        "results": results}]})
}

#[test]
fn a_weakness_of_semgrep() {
    let scan = read(&Semgrep, &semgrep());
    let found = &scan.findings[0];
    assert_eq!((found.class, found.severity), (Class::Weakness, Severity::High));
    assert_eq!((found.id.as_str(), found.title.as_str()), ("shell-true", "A shell"));
    assert_eq!(found.package.path.as_deref(), Some("a.py"));
    assert_eq!(found.region, Some(Region { start_line: 6, end_line: 7 }));
    assert_eq!(found.severities["impact"], Severity::Low);
    assert!(found.description.contains("CWE-78"));
    assert_eq!(*found.links, ["https://a.example/"]);
    assert_eq!((scan.version.as_deref(), scan.files), (Some("1.185.0"), Some(1)));
}

#[test]
fn severities_of_semgrep() {
    for (word, severity) in [
        ("CRITICAL", Severity::Critical),
        ("ERROR", Severity::High),
        ("WARNING", Severity::Medium),
        ("INFO", Severity::Low),
        ("INVENTORY", Severity::Negligible),
        ("NEW", Severity::Unknown),
    ] {
        let mut report = semgrep();
        report["results"][0]["extra"]["severity"] = word.into();
        assert_eq!(read(&Semgrep, &report).findings[0].severity, severity, "{word}");
    }
}

#[test]
fn semgrep_that_left_something_out_is_refused() {
    let edit = |member: &str, value: Value| {
        let mut report = semgrep();
        report[member] = value;
        refused(&Semgrep, &report)
    };
    for level in ["error", "warn"] {
        let errors = json!([{"level": level, "type": ["PartialParsing", []], "message": "Syntax error"}]);
        assert!(edit("errors", errors).contains("Syntax error"), "{level}");
    }
    let skipped = json!({"scanned": [], "skipped": [{"path": "a", "reason": "too_big"}]});
    assert!(edit("paths", skipped).contains("too_big"));
    assert!(edit("skipped_rules", json!([{}])).contains("1 rules"));
    for member in ["errors", "paths", "results", "version"] {
        assert!(edit(member, Value::Null).contains(member), "{member}");
    }
    let mut quiet = semgrep();
    quiet["errors"] = json!([{"level": "info", "message": "x"}]);
    assert_eq!(read(&Semgrep, &quiet).findings.len(), 1);
}

#[test]
fn a_secret_of_gitleaks_is_told_by_rule_and_place() {
    let scan = read(&Gitleaks, &json!([leak()]));
    let found = &scan.findings[0];
    assert_eq!((found.class, found.severity), (Class::Secret, Severity::High));
    assert_eq!(
        (found.package.path.as_deref(), found.package.layer.as_deref()),
        (Some("a/b.py"), Some("abc"))
    );
    assert!(!serde_json::to_string(found).unwrap().contains("not-to-be-told"));
    let mut tagged = leak();
    tagged["Tags"] = json!(["key", "low"]);
    assert_eq!(read(&Gitleaks, &json!([tagged])).findings[0].severity, Severity::Low);
    assert!(read(&Gitleaks, &json!([])).findings.is_empty());
}

#[test]
fn a_report_of_gitleaks_with_a_secret_in_it_is_refused_and_does_not_tell_it() {
    for secret in ["not-to-be-told", "", "REDACTE"] {
        let mut shown = leak();
        shown["Secret"] = secret.into();
        let error = refused(&Gitleaks, &json!([shown]));
        assert!(error.contains("--redact") && !error.contains("not-to-be-told"), "{error}");
    }
    for member in ["RuleID", "Fingerprint", "File"] {
        let mut bare = leak();
        bare[member] = "".into();
        refused(&Gitleaks, &json!([bare]));
    }
}

#[test]
fn reports_of_gitleaks_are_joined_record_by_record() {
    let one = json!([leak()]).to_string().into_bytes();
    let bytes = joined(&[one.clone(), b"[]".to_vec(), one]).unwrap();
    assert_eq!(Gitleaks.read_report(&bytes).unwrap().findings.len(), 2);
    assert!(joined(&[Vec::new()]).is_err());
    assert!(joined(&[b"[".to_vec()]).is_err());
    assert_eq!(Gitleaks.read_report(&joined(&[]).unwrap()).unwrap().findings.len(), 0);
}

#[test]
fn a_check_of_checkov_failed_or_skipped() {
    for report in [checkov(), json!([checkov(), checkov()])] {
        let scan = read(&Checkov, &report);
        let found = &scan.findings[0];
        assert_eq!((found.class, found.severity), (Class::Misconfiguration, Severity::Unknown));
        assert_eq!((found.id.as_str(), found.package.name.as_str()), ("CKV_2", "r"));
        assert_eq!(found.package.path.as_deref(), Some("d/Dockerfile"));
        assert_eq!(found.region, Some(Region { start_line: 2, end_line: 4 }));
        let parts = report.as_array().map_or(1, Vec::len);
        assert_eq!((scan.findings.len(), scan.suppressed, scan.files), (2 * parts, parts, Some(1)));
        assert_eq!(scan.version.as_deref(), Some("3.3.30"));
    }
    let mut rated = checkov();
    rated["results"]["failed_checks"][0]["severity"] = "HIGH".into();
    assert_eq!(read(&Checkov, &rated).findings[0].severity, Severity::High);
}

#[test]
fn of_a_secret_checkov_found_its_digest_is_not_told() {
    let mut report = checkov();
    report["check_type"] = "secrets".into();
    let scan = read(&Checkov, &report);
    assert_eq!((scan.findings[0].class, scan.findings[0].package.name.as_str()), (Class::Secret, ""));
}

#[test]
fn checkov_that_left_something_out_is_refused() {
    let edit = |pointer: &str, value: Value| {
        let mut report = checkov();
        *report.pointer_mut(pointer).unwrap() = value;
        refused(&Checkov, &report)
    };
    assert!(edit("/results/parsing_errors", json!(["/a/bad.tf"])).contains("bad.tf"));
    assert!(edit("/summary/parsing_errors", json!(1)).contains("no whole scan"));
    assert!(edit("/summary/failed", json!(2)).contains("counts 2 failed"));
    assert!(edit("/summary/skipped", json!(0)).contains("skipped"));
    assert!(edit("/check_type", json!("sca_package")).contains("SBOM"));
    edit("/results", Value::Null);
    assert!(refused(&Checkov, &json!([])).contains("empty list"));
    let bare = |count: u64| json!({"passed": 0, "failed": count, "skipped": 0, "parsing_errors": 0, "resource_count": 0, "checkov_version": "3"});
    assert_eq!(read(&Checkov, &bare(0)).files, Some(0));
    assert!(refused(&Checkov, &bare(1)).contains("summary counts"));
}

#[test]
fn a_result_of_sarif() {
    let results = json!([
        {"ruleId": "r1", "ruleIndex": 0, "message": {"id": "m", "arguments": ["x", "y"]},
         "locations": [{"physicalLocation": {"artifactLocation": {"index": 0}, "region": {"startLine": 2, "endLine": 3}}}]},
        {"rule": {"index": 1}, "message": {"text": "Two"}, "suppressions": [{"kind": "inSource"}]},
        {"ruleId": "r2/sub", "level": "error", "message": {"text": "Three"}, "suppressions": []},
        {"ruleId": "r2", "message": {"text": "Four"}, "suppressions": [{"kind": "external", "status": "rejected"}]},
        {"ruleId": "r1", "kind": "pass", "message": {"text": "Passed"}},
        {"ruleId": "r1", "baselineState": "absent", "message": {"text": "Gone"}}]);
    let scan = read(&Sarif, &sarif(&results));
    assert_eq!(
        (scan.tool.as_deref(), scan.version.as_deref(), scan.suppressed),
        (Some("Tool"), Some("1"), 1)
    );
    let found: Vec<_> = scan
        .findings
        .iter()
        .map(|one| (one.id.as_str(), one.severity, one.title.as_str(), one.package.path.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            ("r1", Severity::Critical, "Of x and y", Some("by index.c")),
            ("r2", Severity::Low, "Two", None),
            ("r2/sub", Severity::High, "Three", None),
            ("r2", Severity::Low, "Four", None),
        ]
    );
    assert_eq!(scan.findings[0].region, Some(Region { start_line: 2, end_line: 3 }));
    assert_eq!((scan.findings[0].class, scan.findings[0].scanner.as_str()), (Class::Weakness, "sarif:Tool"));
    assert_eq!(*scan.findings[0].links, ["https://a.example/r1"]);
}

#[test]
fn sarif_of_our_own_comes_back_as_what_it_was() {
    let results = json!([{"ruleId": "secret/private-key", "level": "error", "message": {"text": "t"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": "images/web"}, "region": {"startLine": 1}}}],
        "properties": {"class": "secret", "severity": "critical", "path": "etc/key", "package": "", "version": ""}},
        {"ruleId": "CVE-2026-1", "message": {"text": "t"}, "properties": {"class": "vulnerability", "severity": "unknown",
         "package": "p", "version": "1", "purl": "pkg:deb/debian/p@1", "fixedVersion": "2"}}]);
    let scan = read(&Sarif, &sarif(&results));
    let [secret, vulnerability] = scan.findings.as_slice() else { panic!("two findings") };
    assert_eq!(
        (secret.class, secret.id.as_str(), secret.severity),
        (Class::Secret, "private-key", Severity::Critical)
    );
    assert_eq!(secret.package.path.as_deref(), Some("etc/key"));
    assert_eq!((vulnerability.class, vulnerability.id.as_str()), (Class::Vulnerability, "CVE-2026-1"));
    assert_eq!(
        (vulnerability.severity, vulnerability.fixed_version.as_deref()),
        (Severity::Unknown, Some("2"))
    );
    assert_eq!(vulnerability.package.purl.as_deref(), Some("pkg:deb/debian/p@1"));
    assert!(
        refused(&Sarif, &sarif(&json!([{"ruleId": "a", "properties": {"class": "odd"}}]))).contains("odd")
    );
}

#[test]
fn several_runs_are_one_scan() {
    let mut log = sarif(&json!([{"ruleId": "r1", "message": {"text": "a"}}]));
    let mut other = log["runs"][0].clone();
    other["tool"]["driver"]["name"] = "Another".into();
    log["runs"].as_array_mut().unwrap().push(other);
    let scan = read(&Sarif, &log);
    assert_eq!((scan.findings.len(), scan.tool.as_deref()), (2, Some("Another, Tool")));
}

#[test]
fn sarif_that_is_not_whole_is_refused() {
    let edit = |member: &str, value: Value| {
        let mut log = sarif(&json!([]));
        log["runs"][0][member] = value;
        refused(&Sarif, &log)
    };
    assert!(edit("results", Value::Null).contains("did not finish"));
    assert!(edit("invocations", json!([{"executionSuccessful": false}])).contains("did not succeed"));
    let notified = |list: &str| json!([{"executionSuccessful": true, list: [{"level": "error", "message": {"text": "out of memory"}}]}]);
    for list in ["toolExecutionNotifications", "toolConfigurationNotifications"] {
        assert!(edit("invocations", notified(list)).contains("out of memory"), "{list}");
    }
    assert!(edit("invocations", json!([{}])).contains("executionSuccessful"));
    assert!(edit("externalPropertyFileReferences", json!({"results": []})).contains("other files"));
    assert!(edit("tool", json!({"driver": {}})).contains("which tool"));
    for version in [json!("2.0.0"), json!("2.2.0"), Value::Null] {
        let mut log = sarif(&json!([]));
        log["version"] = version.clone();
        assert!(refused(&Sarif, &log).contains("2.1.0"), "{version}");
    }
    assert!(refused(&Sarif, &json!({"version": "2.1.0", "runs": []})).contains("no tool ran"));
    assert!(refused(&Sarif, &sarif(&json!([{"message": {"text": "x"}}]))).contains("names no rule"));
    assert!(refused(&Sarif, &sarif(&json!([{"ruleId": "a", "level": "fatal"}]))).contains("fatal"));
    let warned = json!([{"executionSuccessful": true, "toolExecutionNotifications": [{"level": "warning", "message": {"text": "x"}}]}]);
    let mut log = sarif(&json!([]));
    log["runs"][0]["invocations"] = warned;
    assert!(read(&Sarif, &log).findings.is_empty());
}

#[test]
fn sarif_is_told_from_a_tools_own_report() {
    assert!(is_sarif(sarif(&json!([])).to_string().as_bytes()));
    let marked = format!("\u{feff}{}", sarif(&json!([])));
    assert!(is_sarif(marked.as_bytes()));
    assert!(Sarif.read_report(marked.as_bytes()).unwrap().findings.is_empty());
    for other in [semgrep(), json!([]), checkov()] {
        assert!(!is_sarif(other.to_string().as_bytes()));
    }
}

/// Every reader, with a report that it takes.
fn all() -> [(&'static dyn Scanner, Value); 4] {
    [
        (&Semgrep, semgrep()),
        (&Gitleaks, json!([leak()])),
        (&Checkov, checkov()),
        (&Sarif, sarif(&json!([{"ruleId": "r1", "message": {"text": "a"}}]))),
    ]
}

#[test]
fn what_ends_early_is_no_report_wherever_it_ends() {
    for (scanner, report) in all() {
        let whole = report.to_string();
        assert_eq!(scanner.read_report(whole.as_bytes()).unwrap().scanner, scanner.name());
        for end in 0..whole.len() {
            let error = scanner.read_report(&whole.as_bytes()[..end]).unwrap_err().to_string();
            assert!(
                error.contains("truncated") || error.contains("is empty"),
                "{} {end}: {error}",
                scanner.name()
            );
        }
        assert!(scanner.read_report(format!("{whole} {{}}").as_bytes()).is_err(), "more than one document");
    }
}

#[test]
fn what_is_deeply_nested_or_of_another_shape_is_an_error() {
    for (scanner, _) in all() {
        for text in [
            "null",
            "1",
            "\"x\"",
            "{}",
            "[1]",
            "[[]]",
            "[{}]",
            "{\"runs\": 1, \"version\": \"2.1.0\"}",
            "\u{0}",
        ] {
            assert!(scanner.read_report(text.as_bytes()).is_err(), "{} {text}", scanner.name());
        }
        let deep = 200_000;
        for (open, close) in [("[", "]"), ("{\"results\":", "}"), ("{\"runs\":[{\"tool\":", "}]}")] {
            let nested = format!("{}0{}", open.repeat(deep), close.repeat(deep));
            assert!(scanner.read_report(nested.as_bytes()).is_err(), "{} {open}", scanner.name());
        }
    }
}
