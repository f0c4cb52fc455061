use super::text::cut;
use super::*;
use model::{Class, Package};

fn run() -> Run<'static> {
    Run {
        tool: "Trivy",
        version: "0.1",
        information_uri: "https://trivy.dev",
        family: "debian-base",
        architecture: "amd64",
        location: "packer/debian-base/README.md",
    }
}

fn finding(id: &str, package: &str, severity: Severity) -> Finding {
    Finding {
        class: Class::Vulnerability,
        id: id.into(),
        aliases: vec![],
        package: Package {
            name: package.into(),
            version: "1".into(),
            purl: Some(format!("pkg:deb/debian/{package}@1")),
            ..Package::default()
        },
        severity,
        severities: BTreeMap::new(),
        fixed_version: None,
        status: None,
        title: "a title".into(),
        description: "a description".into(),
        cvss: None,
        links: vec![],
        published: None,
        scanner: "trivy".into(),
        record: None,
    }
}

fn rendered(findings: &[Finding]) -> Value {
    serde_json::from_slice(&to_bytes(&run(), findings.iter().map(Entry::from)).unwrap()).unwrap()
}

#[test]
fn of_nothing_there_is_still_a_run_that_closes_alerts() {
    let log = rendered(&[]);
    assert_eq!(log["runs"][0]["results"], json!([]));
    assert_eq!(log["runs"][0]["tool"]["driver"]["rules"], json!([]));
    assert_eq!(log["runs"][0]["automationDetails"]["id"], "hallmark/debian-base/amd64/");
}

#[test]
fn every_result_names_its_rule_its_fingerprint_and_the_one_file() {
    let found = finding("CVE-1", "openssl", Severity::Critical);
    let log = rendered(std::slice::from_ref(&found));
    let (run, result) = (&log["runs"][0], &log["runs"][0]["results"][0]);
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], result["ruleId"]);
    assert_eq!(result["ruleIndex"], 0);
    assert_eq!(
        result["partialFingerprints"]["primaryLocationLineHash"],
        format!("{}:1", found.fingerprint("debian-base"))
    );
    assert_eq!(
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "packer/debian-base/README.md"
    );
    assert_eq!(run["tool"]["driver"]["rules"][0]["properties"]["security-severity"], "9.5");
}

#[test]
fn order_of_the_input_does_not_matter_and_the_worst_comes_first() {
    let mut findings = vec![
        finding("CVE-3", "a", Severity::Low),
        finding("CVE-2", "b", Severity::Unknown),
        finding("CVE-1", "c", Severity::Negligible),
        finding("CVE-4", "d", Severity::Critical),
    ];
    let forwards = rendered(&findings);
    findings.reverse();
    assert_eq!(forwards, rendered(&findings));
    let ids: Vec<_> =
        forwards["runs"][0]["results"].as_array().unwrap().iter().map(|r| r["ruleId"].clone()).collect();
    assert_eq!(ids, ["CVE-4", "CVE-2", "CVE-3", "CVE-1"], "unknown is above low");
}

#[test]
fn five_thousand_are_kept_the_worst_of_them_and_the_number_cut_is_said() {
    let mut findings: Vec<_> =
        (0..MAX_RESULTS + 7).map(|n| finding(&format!("CVE-{n:06}"), "p", Severity::Low)).collect();
    findings.push(finding("CVE-999999", "p", Severity::High));
    let log = rendered(&findings);
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), MAX_RESULTS);
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], "CVE-999999");
    assert_eq!(log["runs"][0]["properties"]["hallmark"]["cutResults"], 8);
}

#[test]
fn a_suppressed_finding_stays_with_its_reason() {
    let found = finding("CVE-1", "p", Severity::High);
    let entry = Entry { finding: &found, suppressed: Some("not reachable [x](y)") };
    let log: Value = serde_json::from_slice(&to_bytes(&run(), [entry]).unwrap()).unwrap();
    let suppression = &log["runs"][0]["results"][0]["suppressions"][0];
    assert_eq!(suppression["kind"], "external");
    assert_eq!(suppression["justification"], "not reachable \\[x\\](y)");
}

#[test]
fn the_score_shown_lies_in_the_band_of_the_severity_that_decides() {
    for (severity, cvss, shown) in [
        (Severity::Critical, None, "9.5"),
        (Severity::Critical, Some(9.8), "9.8"),
        (Severity::Critical, Some(9.0), "9.5"),
        (Severity::High, Some(9.8), "8.0"),
        (Severity::High, Some(7.0), "7.0"),
        (Severity::Medium, Some(6.9), "6.9"),
        (Severity::Unknown, None, "5.5"),
        (Severity::Unknown, Some(1.0), "5.5"),
        (Severity::Low, Some(9.9), "2.0"),
        (Severity::Negligible, None, "0.1"),
        (Severity::Negligible, Some(f64::NAN), "0.1"),
    ] {
        assert_eq!(security_severity(severity, cvss), shown, "{severity} {cvss:?}");
    }
}

#[test]
fn hostile_text_is_inert_and_the_limits_hold() {
    let mut found = finding("CVE-1\u{1b}[31m", "p\n::error::x", Severity::High);
    found.title = format!("[click](javascript:alert(1))\u{202e}{}", "x".repeat(5_000));
    found.links =
        vec!["javascript:alert(1)".into(), "https://e.org/<script>".into(), "https://e.org/ok".into()];
    let log = rendered(&[found]);
    let rule = &log["runs"][0]["tool"]["driver"]["rules"][0];
    let short = rule["shortDescription"]["text"].as_str().unwrap();
    assert!(short.chars().count() <= MAX_DESCRIPTION);
    assert!(short.starts_with("\\[click\\](javascript"), "{short}");
    assert_eq!(rule["helpUri"], "https://e.org/ok");
    let text = log.to_string();
    assert!(!text.contains("\\u001b") && !text.contains('\u{202e}'));
}

#[test]
fn each_class_has_rules_of_its_own() {
    let mut findings: Vec<_> =
        Class::ALL.map(|class| Finding { class, ..finding("X-1", "", Severity::High) }).into();
    for found in &mut findings[1..] {
        found.package = Package { path: Some("etc/app.conf".into()), ..Package::default() };
    }
    let log = rendered(&findings);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let said: Vec<_> = rules
        .iter()
        .map(|rule| {
            let of = |value: &Value| value.as_str().unwrap().to_owned();
            let properties = &rule["properties"];
            [of(&rule["id"]), of(&properties["tags"][1]), of(&properties["security-severity"])].join(" ")
        })
        .collect();
    assert_eq!(
        said,
        [
            "X-1 vulnerability 8.0",
            "license/X-1 license 8.0",
            "misconfiguration/X-1 misconfiguration 8.0",
            "secret/X-1 secret 8.0"
        ]
    );
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    assert_eq!(results[1]["ruleId"], "secret/X-1");
    assert_eq!(results[1]["ruleIndex"], 3);
    assert_eq!(results[1]["message"]["text"], "secret: X-1 in etc/app.conf (high): a title");
}

#[test]
fn a_cut_never_splits_an_escape() {
    assert_eq!(cut("ab\\[cdef", 5), "ab\\[…");
    assert_eq!(cut("abc\\[def", 5), "abc…");
    assert_eq!(cut("abcde", 5), "abcde");
    assert_eq!(cut("", 5), "");
}

#[test]
fn locations_are_relative_references() {
    assert_eq!(uri("./a b/ü.md"), "a%20b/%C3%BC.md");
    assert_eq!(uri("/etc/passwd"), "etc/passwd");
    assert_eq!(category("a/b c", "amd64"), "hallmark/a-b-c/amd64");
}
