//! One case that passes, for every table to change.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each test file uses its own part of this")]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jiff::Timestamp;
use model::{ContentDigest, Finding, Package, Severity, Sha256};
use policy::{
    Approval, Decision, Evidence, ExceptionLimits, Exceptions, Facts, Image, Policy, Problems,
    ResolvedPolicy, Seen, Signed, Statement, TestOutcome, decide,
};

const POLICY: &str = "\
version: 1
name: test
signers: {bake: , assay: , approver: }
evidence:
  provenance: {signed-by: [bake], required: true}
  test-result: {signed-by: [assay], required: true, seen: [booted], max-age: 24h}
  vulns: {signed-by: [assay], required: true, seen: [disk], max-age: 24h, database-max-age: 7d}
  vsa: {signed-by: [assay], levels: [HALLMARK_BASE, HALLMARK_STRICT]}
  approval: {signed-by: [approver]}
vulnerabilities:
  - {severity: critical, fixable: true, then: fail}
  - {severity: critical, fixable: false, then: review}
  - {severity: [low, high], fixable: true, then: review}
  - {severity: medium, then: note}
";

pub(crate) struct Case {
    pub(crate) policy: ResolvedPolicy,
    pub(crate) exceptions: Exceptions,
    pub(crate) evidence: Evidence,
}

pub(crate) fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

pub(crate) fn resolved() -> ResolvedPolicy {
    let keys: BTreeMap<String, String> = ["bake", "assay", "approver"].map(|n| (n.into(), n.into())).into();
    Policy::parse("p.yml", POLICY).unwrap().resolve(&keys).unwrap()
}

/// The test policy where the job that publishes signs what it read in GitHub, and what it decided by it.
pub(crate) fn with_clicks() -> ResolvedPolicy {
    let text = POLICY.replace("approver: }", "approver: , publish: }").replace(
        "approval: {signed-by: [approver]}",
        "approval: {signed-by: [approver, publish]}\n  verdict: {signed-by: [assay, publish]}",
    );
    let keys: BTreeMap<String, String> =
        ["bake", "assay", "approver", "publish"].map(|n| (n.into(), n.into())).into();
    Policy::parse("p.yml", &text).unwrap_or_else(|error| panic!("{error}")).resolve(&keys).unwrap()
}

/// The test policy with other rules for vulnerabilities, and whatever else is to stand in it.
pub(crate) fn with_rules(rules: &str, more: &str) -> ResolvedPolicy {
    let (head, _) = POLICY.split_once("vulnerabilities:").unwrap();
    let text = format!("{head}vulnerabilities: [{rules}]\n{more}\n");
    let keys: BTreeMap<String, String> = ["bake", "assay", "approver"].map(|n| (n.into(), n.into())).into();
    Policy::parse("p.yml", &text).unwrap_or_else(|error| panic!("{error}")).resolve(&keys).unwrap()
}

/// Feeds in which `CVE-2026-0001` is exploited and likely to be, `CVE-2026-0002` neither.
pub(crate) fn feeds() -> policy::Feeds {
    let epss = "#score_date:2026-11-21\ncve,epss,percentile\nCVE-2026-0001,0.5,0.9\nCVE-2026-0002,0.01,0.1\n";
    let kev = br#"{"catalogVersion": "1", "dateReleased": "2026-11-20T00:00:00Z", "vulnerabilities": [{"cveID": "CVE-2026-0001"}]}"#;
    policy::Feeds {
        epss: Some(policy::Epss::parse(epss.as_bytes()).unwrap()),
        kev: Some(policy::Kev::parse(kev).unwrap()),
    }
}

pub(crate) fn exceptions(text: &str) -> Result<Exceptions, Problems> {
    static LIMITS: OnceLock<ExceptionLimits> = OnceLock::new();
    let limits = LIMITS.get_or_init(|| resolved().policy().exception_limits());
    Exceptions::parse("e.yml", text, ExceptionLimits { package_level: true, ..*limits })
}

pub(crate) fn tested(passed: u64, failed: u64) -> Facts {
    Facts::TestResult {
        tool: "goss".into(),
        seen: Seen::Booted,
        outcome: TestOutcome::Passed,
        passed,
        failed,
        skipped: 0,
    }
}

pub(crate) fn statement(file: &str, signer: &str, issued: &str, facts: Facts) -> Statement {
    Statement {
        file: file.into(),
        payload: Sha256::of(file.as_bytes()),
        signed: Signed::By(vec![signer.into()]),
        issued: Some(issued.parse().unwrap()),
        facts,
    }
}

pub(crate) fn finding(id: &str, package: &str, severity: Severity, fixable: bool) -> Finding {
    Finding {
        package: Package { name: package.into(), version: "1".into(), ..Package::default() },
        severity,
        fixed_version: fixable.then(|| "2".into()),
        ..Finding::new(model::Class::Vulnerability, id, "trivy")
    }
}

/// The findings of a case's scan, to change.
pub(crate) fn found(case: &mut Case) -> &mut Vec<Finding> {
    let scan = case.evidence.statements.iter_mut().find_map(|statement| match &mut statement.facts {
        Facts::Vulns { findings, .. } => Some(findings),
        _ => None,
    });
    std::sync::Arc::make_mut(scan.unwrap())
}

impl Case {
    pub(crate) fn good() -> Self {
        let at = "2026-11-22T11:00:00Z";
        let scan = Facts::Vulns {
            scanner: "trivy".into(),
            seen: Seen::Disk,
            packages: 100,
            database: Some("2026-11-22T00:00:00Z".parse().unwrap()),
            sample: false,
            looked_for: [model::Class::Vulnerability].into(),
            findings: std::sync::Arc::default(),
        };
        let digest = |text: &[u8]| ContentDigest::new(Sha256::of(text));
        Self {
            policy: resolved(),
            exceptions: Exceptions::default(),
            evidence: Evidence {
                statements: vec![
                    statement("provenance", "bake", at, Facts::Provenance),
                    statement("test", "assay", at, tested(3, 0)),
                    statement("vulns", "assay", at, scan),
                    statement(
                        "base-vsa",
                        "assay",
                        at,
                        Facts::BaseVsa {
                            verifier: "gate".into(),
                            passed: true,
                            levels: vec!["HALLMARK_BASE".into()],
                        },
                    ),
                ],
                ..Evidence::about(Image {
                    name: "image".into(),
                    family: "family".into(),
                    content_digest: digest(b"image"),
                    base: Some(("base".into(), digest(b"base"))),
                })
            },
        }
    }

    /// Adds one exception, written as a YAML mapping without its reason and owner; or none.
    pub(crate) fn except(&mut self, text: &str) {
        let items = match text.strip_suffix('}') {
            Some(open) => format!("  - {open}, reason: r, owner: o}}\n"),
            None => "  []\n".into(),
        };
        self.exceptions = exceptions(&format!("version: 1\nexceptions:\n{items}")).unwrap();
    }

    pub(crate) fn decide(&self) -> Decision {
        decide(&self.policy, &self.exceptions, &self.evidence, None, now())
    }

    pub(crate) fn decide_with(&self, approval: &Approval) -> Decision {
        decide(&self.policy, &self.exceptions, &self.evidence, Some(approval), now())
    }
}
