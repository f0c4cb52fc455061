//! A decision with something of everything in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use model::{Class, ContentDigest, Finding, Package, Severity, Sha256};
use policy::{
    Decision, Epss, Evidence, ExceptionLimits, Exceptions, Facts, Feeds, Image, Kev, Policy, Previous,
    ResolvedPolicy, Seen, Signed, Statement, TestOutcome,
};
use serde_json::json;

const POLICY: &str = "\
version: 1
name: rich
signers: {assay: }
evidence:
  test-result: {signed-by: [assay], required: true}
  vulns: {signed-by: [assay], required: true}
vulnerabilities:
  - {severity: [critical, high], fixable: true, then: fail}
  - {severity: medium, then: review}
";

pub(crate) struct Case {
    exceptions: Exceptions,
    evidence: Evidence,
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// The policy with a module in it, as a resolved policy carries one.
fn policy(module: Option<&str>) -> Result<ResolvedPolicy, String> {
    let source = module.map_or_else(String::new, |text| format!("rego: {}\n", json!({"source": text})));
    let keys = BTreeMap::from([("assay".to_owned(), "assay".to_owned())]);
    Policy::parse("policy.yml", &format!("{POLICY}{source}"))
        .and_then(|policy| policy.resolve(&keys))
        .map_err(|problems| problems.to_string())
}

fn digest(text: &str) -> ContentDigest {
    ContentDigest::new(Sha256::of(text.as_bytes()))
}

fn statement(file: &str, issued: &str, facts: Facts) -> Statement {
    Statement {
        file: file.into(),
        payload: Sha256::of(file.as_bytes()),
        signed: Signed::By(vec!["assay".into()]),
        issued: Some(issued.parse().unwrap()),
        facts,
    }
}

fn package(name: &str, version: &str) -> Package {
    Package {
        name: name.into(),
        version: version.into(),
        purl: Some(format!("pkg:deb/debian/{name}@{version}")),
        ..Package::default()
    }
}

fn finding(id: &str, package: Package, severity: Severity) -> Finding {
    Finding { package, severity, ..Finding::new(Class::Vulnerability, id, "trivy") }
}

/// Numbers, dates, aliases, what nobody knows, and text that means something to somebody.
fn findings() -> Vec<Finding> {
    let mut all = vec![
        Finding {
            aliases: vec!["GHSA-aaaa-bbbb-cccc".into(), "DSA-1".into()],
            fixed_version: Some("3.0.13-1~deb12u1".into()),
            cvss: Some(9.8),
            published: Some("2026-01-02T03:04:05.678Z".into()),
            ..finding("CVE-2026-0001", package("openssl", "3.0.11-1~deb12u2"), Severity::Critical)
        },
        Finding {
            cvss: Some(5.0),
            ..finding("CVE-2026-0002", package("zlib1g", "1:1.2.13"), Severity::Medium)
        },
        finding("CVE-2026-0003", package("bash", "5.2"), Severity::Unknown),
        Finding {
            class: Class::Secret,
            title: "Ein Schlüssel 🔑 \"quoted\" \\ <b> \u{202e}".into(),
            ..finding(
                "aws-key",
                Package { path: Some("srv/ключ".into()), ..Package::default() },
                Severity::High,
            )
        },
        Finding { class: Class::License, ..finding("AGPL-3.0", package("ghostscript", "10"), Severity::Low) },
    ];
    for number in 0..6 {
        all.push(finding(&format!("CVE-2026-1{number:03}"), package("curl", "8.5.0"), Severity::Low));
    }
    all
}

impl Case {
    pub(crate) fn empty() -> Self {
        let evidence = Evidence::about(Image {
            name: "empty".into(),
            family: "empty".into(),
            content_digest: digest("empty"),
            base: None,
        });
        Self { exceptions: Exceptions::default(), evidence }
    }

    pub(crate) fn rich() -> Self {
        let tests = Facts::TestResult {
            tool: "goss".into(),
            seen: Seen::Booted,
            outcome: TestOutcome::Passed,
            passed: 12,
            failed: 0,
            skipped: 1,
        };
        let scan = Facts::Vulns {
            scanner: "trivy".into(),
            seen: Seen::Disk,
            packages: 5,
            database: Some("2026-11-20T00:00:00Z".parse().unwrap()),
            sample: false,
            looked_for: [Class::Vulnerability, Class::Secret, Class::License].into(),
            findings: Arc::new(findings()),
        };
        let epss = "#score_date:2026-11-21\ncve,epss,percentile\nCVE-2026-0001,0.97531,0.9\nCVE-2026-0002,0.01,0.1\n";
        let kev = br#"{"catalogVersion": "1", "dateReleased": "2026-11-20T00:00:00Z", "vulnerabilities": [{"cveID": "CVE-2026-0001"}]}"#;
        let packages = [
            package("openssl", "3.0.11-1~deb12u2"),
            package("curl", "8.5.0"),
            package("linux-image-6.12", "6.12.3"),
            package("linux-image-rt", "6.12.3"),
            package("node", "22.1.0"),
        ];
        let evidence = Evidence {
            statements: vec![
                statement("test", "2026-11-22T11:00:00Z", tests),
                statement("vulns", "2026-11-20T11:00:00Z", scan),
            ],
            environment: Some("prod".into()),
            feeds: Feeds {
                epss: Some(Epss::parse(epss.as_bytes()).unwrap()),
                kev: Some(Kev::parse(kev).unwrap()),
            },
            packages: packages.into(),
            previous: Some(Previous {
                passed: true,
                name: "stable".into(),
                packages: [package("openssl", "3.0.9"), package("telnet", "1")].into(),
                findings: vec![finding("CVE-2025-9999", package("telnet", "1"), Severity::High)],
            }),
            ..Evidence::about(Image {
                name: "web".into(),
                family: "web".into(),
                content_digest: digest("web"),
                base: None,
            })
        };
        let one = |id: &str| {
            format!(
                "  - {{id: {id}, package: curl, reason: r, owner: sec@example.org, created: 2026-11-01, expires: 2026-12-31}}\n"
            )
        };
        let list: String = (0..6).map(|number| one(&format!("CVE-2026-1{number:03}"))).collect();
        let limits: ExceptionLimits = policy(None).unwrap().policy().exception_limits();
        let exceptions = Exceptions::parse("e.yml", &format!("version: 1\nexceptions:\n{list}"), limits);
        Self { exceptions: exceptions.unwrap(), evidence }
    }

    /// What a policy with this module decides; the mistakes, where the module is none.
    pub(crate) fn decide(&self, module: &str) -> Result<Decision, String> {
        let policy = policy(Some(module))?;
        Ok(policy::decide(&policy, &self.exceptions, &self.evidence, None, now()))
    }

    /// What the gate writes for `opa`.
    pub(crate) fn document(&self) -> String {
        policy::rego_input(&policy(None).unwrap(), &self.exceptions, &self.evidence, now())
    }
}
