//! docs/alerts.md says what opens, closes or keeps an alert: each row is tried, and each that is tried is in it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests: a panic is their message")]

use std::collections::{BTreeMap, BTreeSet};

use model::{Class, Finding, Kev, Package, Severity};
use report::sarif::{Entry, MAX_RESULTS, Run, Suppression, to_bytes};
use serde_json::Value;

const KEPT: &str = "kept";
const CLOSED: &str = "closed";
const OPENED: &str = "opened";
const BOTH: &str = "closed and opened";
const STAYS: &str = "opened, the old one stays";

/// A scan, as it is uploaded.
#[derive(Clone)]
struct Scan {
    run: Run<'static>,
    findings: Vec<Finding>,
    suppressed: Option<Suppression<'static>>,
}

fn finding(id: &str) -> Finding {
    Finding {
        package: Package {
            name: "openssl".into(),
            version: "3.0.1".into(),
            purl: Some("pkg:deb/debian/openssl@3.0.1?arch=amd64".into()),
            path: Some("opt/a".into()),
            ..Package::default()
        },
        severity: Severity::High,
        title: "t".into(),
        ..Finding::new(Class::Vulnerability, id, "trivy")
    }
}

fn scan() -> Scan {
    let run = Run {
        tool: "Trivy",
        version: "0.69.3",
        information_uri: "https://trivy.dev",
        family: "debian-base",
        architecture: "amd64",
        location: Some("packer/debian-base/README.md"),
    };
    Scan { run, findings: vec![finding("CVE-1"), finding("CVE-2")], suppressed: None }
}

/// As many as are kept, all of them worse.
fn others() -> impl Iterator<Item = Finding> {
    (0..MAX_RESULTS).map(|n| Finding { severity: Severity::Critical, ..finding(&format!("CVE-9-{n}")) })
}

type Step = fn(&mut Scan);

fn version(one: &mut Finding, version: &str) {
    one.package.version = version.into();
    one.package.purl = Some(format!("pkg:deb/debian/openssl@{version}?arch=amd64"));
}

/// What happens between two uploads, to the scan before or after, and what becomes of the alerts.
const STEPS: &[(&str, Step, Step, &str)] = &[
    ("the image is built again", |_| {}, |_| {}, KEPT),
    (
        "the image has another name or digest",
        |_| {},
        |s| s.findings[0].package.layer = Some("sha256:1".into()),
        KEPT,
    ),
    ("the scanner lists its findings in another order", |_| {}, |s| s.findings.reverse(), KEPT),
    ("the scanner has another version", |_| {}, |s| s.run.version = "0.70.0", KEPT),
    (
        "the package has another version, still vulnerable",
        |_| {},
        |s| version(&mut s.findings[0], "3.0.2-1"),
        KEPT,
    ),
    (
        "two versions of a package are at one place",
        |_| {},
        |s| {
            let mut older = s.findings[0].clone();
            version(&mut older, "1.1.1");
            s.findings.push(older);
        },
        KEPT,
    ),
    ("a fixed version appears", |_| {}, |s| s.findings[0].fixed_version = Some("3.0.9".into()), KEPT),
    (
        "the severity or the score changes",
        |_| {},
        |s| {
            s.findings[0].severity = Severity::Critical;
            s.findings[0].cvss = Some(9.9);
        },
        KEPT,
    ),
    (
        "the title or the description changes",
        |_| {},
        |s| {
            s.findings[0].title = "u".into();
            s.findings[0].description = "v".into();
        },
        KEPT,
    ),
    (
        "it becomes known to be exploited",
        |_| {},
        |s| s.findings[0].kev = Some(Kev { added: "2026-01-01".into(), ransomware: true }),
        KEPT,
    ),
    ("an exception begins to suppress it", |_| {}, |s| s.suppressed = Some(Suppression::default()), KEPT),
    ("its exception has expired", |s| s.suppressed = Some(Suppression::default()), |_| {}, KEPT),
    ("the package is mended or removed", |_| {}, |s| drop(s.findings.remove(0)), CLOSED),
    (
        "5,000 others matter more",
        |s| s.findings = [finding("CVE-1")].into_iter().chain(others().skip(1)).collect(),
        |s| s.findings = [finding("CVE-1")].into_iter().chain(others()).collect(),
        CLOSED,
    ),
    ("a vulnerability becomes known", |s| drop(s.findings.pop()), |_| {}, OPENED),
    (
        "a second copy of the package lies at another path",
        |_| {},
        |s| {
            let mut copy = s.findings[0].clone();
            copy.package.path = Some("opt/b".into());
            s.findings.push(copy);
        },
        OPENED,
    ),
    (
        "another package has the same vulnerability",
        |_| {},
        |s| {
            let mut other = s.findings[0].clone();
            other.package.purl = Some("pkg:deb/debian/libssl3@3.0.1".into());
            s.findings.push(other);
        },
        OPENED,
    ),
    (
        "the package's path in the image moves",
        |_| {},
        |s| s.findings[0].package.path = Some("opt/b".into()),
        BOTH,
    ),
    ("the vulnerability gets another id", |_| {}, |s| s.findings[0].id = "CVE-3".into(), BOTH),
    ("`sarif-location` names another file", |_| {}, |s| s.run.location = Some("images/debian.md"), BOTH),
    ("the image is built for another architecture as well", |_| {}, |s| s.run.architecture = "arm64", STAYS),
    ("the family is renamed", |_| {}, |s| s.run.family = "debian-13", STAYS),
    ("another scanner finds it", |_| {}, |s| s.run.tool = "Grype", STAYS),
];

/// The alerts of an upload, by tool and category, but for the crowd.
fn alerts(scan: &Scan) -> BTreeMap<(String, String), BTreeSet<[String; 3]>> {
    let entries =
        scan.findings.iter().map(|finding| Entry { finding, suppressed: scan.suppressed.as_slice() });
    let log: Value = serde_json::from_slice(&to_bytes(&scan.run, entries).unwrap().bytes).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let run = &log["runs"][0];
    let found = run["results"].as_array().unwrap().iter().map(|result| {
        [
            text(&result["ruleId"]),
            text(&result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]),
            text(&result["partialFingerprints"]["primaryLocationLineHash"]),
        ]
    });
    let found = found.filter(|alert| !alert[0].starts_with("CVE-9-"));
    let key = (text(&run["tool"]["driver"]["name"]), text(&run["automationDetails"]["id"]));
    BTreeMap::from([(key, found.collect())])
}

fn outcome(before: &Scan, after: &Scan) -> &'static str {
    let (before, after) = (alerts(before), alerts(after));
    let none = BTreeSet::new();
    let (mut opened, mut closed) = (0, 0);
    for (upload, now) in &after {
        let then = before.get(upload).unwrap_or(&none);
        opened += now.difference(then).count();
        closed += then.difference(now).count();
    }
    let stays = before.keys().any(|upload| !after.contains_key(upload));
    match (opened > 0, closed > 0, stays) {
        (false, false, false) => KEPT,
        (false, true, false) => CLOSED,
        (true, false, false) => OPENED,
        (true, true, false) => BOTH,
        (true, false, true) => STAYS,
        other => panic!("{other:?} has no word"),
    }
}

#[test]
fn the_table_says_what_happens_and_no_more() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/alerts.md")).unwrap();
    let (_, rest) = page.split_once("<!-- alerts -->\n").unwrap();
    let (table, _) = rest.split_once("<!-- /alerts -->").unwrap();
    let said: Vec<(String, String)> = table
        .lines()
        .skip(2)
        .map(|line| {
            let (what, becomes) = line.trim_matches(['|', ' ']).split_once(" | ").unwrap();
            (what.to_owned(), becomes.to_owned())
        })
        .collect();
    let tried: Vec<(String, String)> = STEPS
        .iter()
        .map(|(what, before, after, _)| {
            let (mut first, mut second) = (scan(), scan());
            before(&mut first);
            after(&mut second);
            ((*what).to_owned(), outcome(&first, &second).to_owned())
        })
        .collect();
    assert_eq!(said, tried);
    let wanted: Vec<_> =
        STEPS.iter().map(|(what, .., outcome)| ((*what).to_owned(), (*outcome).to_owned())).collect();
    assert_eq!(tried, wanted);
}
