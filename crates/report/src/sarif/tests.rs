use jiff::civil::date;
use model::Package;
use serde_json::{Value, json};
use serde_sarif::sarif::Sarif;

use super::rule::security_severity;
use super::text::{cut, uri};
use super::*;

fn run() -> Run<'static> {
    Run {
        tool: "Trivy",
        version: "0.1",
        information_uri: "https://trivy.dev",
        family: "debian-base",
        architecture: "amd64",
        location: Some("packer/debian-base/README.md"),
    }
}

fn finding(id: &str, package: &str, severity: Severity) -> Finding {
    Finding {
        package: Package {
            name: package.into(),
            version: "1".into(),
            purl: Some(format!("pkg:deb/debian/{package}@1")),
            ..Package::default()
        },
        severity,
        title: "a title".into(),
        description: "a description".into(),
        ..Finding::new(Class::Vulnerability, id, "trivy")
    }
}

fn rendered(findings: &[Finding]) -> Value {
    parsed(&to_bytes(&run(), findings.iter().map(Entry::from)).unwrap().bytes)
}

/// What was written, which is SARIF by all of its schema's types, and nothing of it is lost in them.
fn parsed(bytes: &[u8]) -> Value {
    let typed: Sarif = serde_json::from_slice(bytes).unwrap();
    let value: Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(serde_json::to_value(&typed).unwrap(), value);
    value
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
    let why = [
        Suppression {
            reason: "not reachable [x](y)",
            ticket: Some("SEC-1"),
            expires: Some(date(2027, 1, 31)),
        },
        Suppression { reason: "nor here", ticket: None, expires: Some(date(2026, 12, 31)) },
    ];
    let entry = Entry { finding: &found, suppressed: &why };
    let log = parsed(&to_bytes(&run(), [entry]).unwrap().bytes);
    let suppressions = &log["runs"][0]["results"][0]["suppressions"];
    assert_eq!(suppressions.as_array().unwrap().len(), 2, "each exception has its own");
    assert_eq!(suppressions[1]["justification"], "nor here (until 2026-12-31)");
    let suppression = &suppressions[0];
    assert_eq!(suppression["kind"], "external");
    assert_eq!(suppression["justification"], "not reachable \\[x\\](y) (ticket SEC-1, until 2027-01-31)");
    assert_eq!(suppression["properties"], json!({"ticket": "SEC-1", "expires": "2027-01-31"}));
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
    found.title = format!("[click](javascript:alert(1))\u{202e}{}", "x".repeat(5_000)).into();
    found.links =
        vec!["javascript:alert(1)".into(), "https://e.org/<script>".into(), "https://e.org/ok".into()].into();
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
            "secret/X-1 secret 8.0",
            "weakness/X-1 weakness 8.0"
        ]
    );
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 5);
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

#[test]
fn what_matters_comes_first_and_an_exceptions_finding_last() {
    let base = |id: &str| finding(id, "p", Severity::High);
    let kev = Some(model::Kev { added: "2026-01-01".into(), ransomware: false });
    let epss = |score| Some(model::Epss { score, percentile: 0.5, date: "2026-01-01".into() });
    let findings = [
        Finding { severity: Severity::Critical, ..base("suppressed") },
        base("plain"),
        Finding { fixed_version: Some("2".into()), ..base("fixable") },
        Finding { epss: epss(0.2), ..base("likely") },
        Finding { epss: epss(0.9), ..base("likelier") },
        Finding { severity: Severity::Critical, ..base("critical") },
        Finding { severity: Severity::Low, kev, ..base("exploited") },
    ];
    let why = [Suppression::default()];
    let entries = findings
        .iter()
        .map(|finding| Entry { finding, suppressed: if finding.id == "suppressed" { &why } else { &[] } });
    let log: Value = serde_json::from_slice(&to_bytes(&run(), entries).unwrap().bytes).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let ids: Vec<_> = results.iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    assert_eq!(ids, ["exploited", "critical", "likelier", "likely", "fixable", "plain", "suppressed"]);
}

#[test]
fn two_versions_at_one_place_are_one_alert_and_two_places_are_two() {
    let one = finding("CVE-1", "p", Severity::High);
    let mut older = one.clone();
    older.package.version = "0.9".into();
    older.package.purl = Some("pkg:deb/debian/p@0.9".into());
    older.severity = Severity::Low;
    let mut elsewhere = one.clone();
    elsewhere.package.path = Some("/opt/p".into());
    let log = rendered(&[older, one, elsewhere]);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    assert!(results.iter().all(|result| result["properties"]["severity"] == "high"), "the worst is shown");
    assert_eq!(log["runs"][0]["properties"]["hallmark"]["sameAlert"], 1);
    let others: Vec<_> = results.iter().map(|result| result["properties"]["others"].clone()).collect();
    assert!(others.contains(&json!([{"version": "0.9", "scanner": "trivy"}])), "{others:?}");
}

#[test]
fn sources_sit_where_they_were_found_and_each_is_an_alert() {
    let found = |line| Finding {
        package: Package { path: Some("src/a b.sh".into()), ..Package::default() },
        region: model::Region::of(Some(line), Some(line + 1)),
        severity: Severity::High,
        ..Finding::new(Class::Weakness, "rules.eval", "semgrep")
    };
    let run = Run { location: None, ..run() };
    let findings = [found(9), found(3)];
    let log: Value =
        serde_json::from_slice(&to_bytes(&run, findings.iter().map(Entry::from)).unwrap().bytes).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    for (result, (line, ordinal)) in results.iter().zip([(3, 1), (9, 2)]) {
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "src/a%20b.sh");
        assert_eq!(
            (&place["region"]["startLine"], &place["region"]["endLine"]),
            (&json!(line), &json!(line + 1))
        );
        let print = result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap();
        assert!(print.ends_with(&format!(":{ordinal}")), "{print}");
    }
    assert_eq!(results.len(), 2);
}

#[test]
fn a_digest_in_what_has_to_stay_is_refused() {
    let digest = "ab".repeat(32);
    let image = format!("images/web@sha256:{digest}");
    for changed in [Run { location: Some(&image), ..run() }, Run { family: &digest, ..run() }] {
        let error = to_bytes(&changed, []).unwrap_err().to_string();
        assert!(error.contains("has a digest in it"), "{error}");
    }
}

#[test]
fn a_log_is_never_larger_than_github_takes() {
    // Text that does not compress, in characters that take four bytes.
    let mut state = 1_u64;
    let mut noise = |count: usize| -> String {
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from_u32(0x10000 + (state >> 40) as u32 % 0xE0000).unwrap()
        };
        (0..count).map(|_| next()).collect()
    };
    let findings: Vec<_> = (0..MAX_RESULTS)
        .map(|n| {
            let mut found = finding(&format!("CVE-{n:06}"), "p", Severity::Low);
            found.description = noise(1_200).into();
            found.title = noise(600).into();
            found
        })
        .collect();
    let written = to_bytes(&run(), findings.iter().map(Entry::from)).unwrap();
    assert!(fits(&written.bytes).unwrap());
    assert!(written.results > 300 && written.results + written.cut == MAX_RESULTS, "{}", written.results);
    let log: Value = serde_json::from_slice(&written.bytes).unwrap();
    assert_eq!(log["runs"][0]["properties"]["hallmark"]["cutResults"], written.cut);
}

#[test]
fn help_says_what_mends_it_and_nothing_in_it_is_alive() {
    let mut found = finding("CVE-1", "p", Severity::High);
    found.fixed_version = Some("2".into());
    found.title = "<img src=x> [a](b) `c` *d*".into();
    found.links = vec!["https://e.org/1".into()].into();
    let log = rendered(&[found, finding("CVE-2", "q", Severity::Low)]);
    let rules = &log["runs"][0]["tool"]["driver"]["rules"];
    let markdown = rules[0]["help"]["markdown"].as_str().unwrap();
    assert!(markdown.contains("- p: fixed in 2\n") && markdown.contains("- <https://e.org/1>"), "{markdown}");
    assert!(markdown.contains(r"\<img src\=x\> \[a\]\(b\) \`c\` \*d\*"), "{markdown}");
    assert!(rules[1]["help"]["text"].as_str().unwrap().contains("No fixed version is known"));
}

#[test]
fn each_tool_has_a_run_and_there_are_no_more_than_github_takes() {
    let trivy = finding("CVE-1", "p", Severity::High);
    let grype = Finding { scanner: "grype".into(), ..trivy.clone() };
    let (one, other) = (run(), Run { tool: "Grype", ..run() });
    let entries = |finding| [Entry::from(finding)];
    let written = several_to_bytes([(&one, entries(&trivy)), (&other, entries(&grype))]).unwrap();
    let log = parsed(&written.bytes);
    let runs = log["runs"].as_array().unwrap();
    let names: Vec<_> = runs.iter().map(|run| run["tool"]["driver"]["name"].as_str().unwrap()).collect();
    assert_eq!((names, written.results, written.cut), (vec!["Trivy", "Grype"], 2, 0));
    assert_eq!(runs[1]["results"][0]["properties"]["scanner"], "grype");
    let many = several_to_bytes((0..=MAX_RUNS).map(|_| (&one, entries(&trivy))));
    assert!(matches!(many, Err(SarifError::Runs(21))));
}
