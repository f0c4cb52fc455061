//! What becomes of exceptions in a decision: states, places, breadth, and how fast.
#![allow(clippy::unwrap_used, reason = "tables of tests, outside the test functions themselves")]

use std::time::Instant;

use crate::common::{Case, finding, resolved};
use model::{Severity, Verdict};
use policy::{Breadth, ExceptionLimits, ExceptionState, Exceptions, Facts, Justification, VexStatus};

fn limits() -> ExceptionLimits {
    ExceptionLimits { package_level: true, ..resolved().policy().exception_limits() }
}

fn parse(items: &str) -> Exceptions {
    Exceptions::parse("e.yml", &format!("version: 1\nexceptions:\n{items}"), limits()).unwrap()
}

const SAID: &str = "reason: r, owner: o, created: 2026-11-01, expires: 2026-12-31";

/// One vulnerability that fails, against one exception.
fn case(item: &str, fixable: bool) -> Case {
    let mut case = Case::good();
    case.exceptions = parse(&format!("  - {{{item}, {SAID}}}\n"));
    for statement in &mut case.evidence.statements {
        if let Facts::Vulns { findings, .. } = &mut statement.facts {
            *findings = vec![finding("CVE-1", "p", Severity::Critical, fixable)].into();
        }
    }
    case
}

#[test]
fn states_and_verdicts() {
    use ExceptionState::{Holds, Lapsed, Unused};
    for (item, fixable, state, suppressed, verdict) in [
        ("id: CVE-1", true, Holds, 1, Verdict::Pass),
        ("id: CVE-2", true, Unused, 0, Verdict::Fail),
        ("id: CVE-1, until: fixed", true, Lapsed, 0, Verdict::Fail),
        ("id: CVE-1, until: fixed", false, Holds, 1, Verdict::Pass),
        ("package: p", true, Holds, 1, Verdict::Pass),
        ("package: p, until: fixed", true, Lapsed, 0, Verdict::Fail),
        ("id: CVE-1, environments: [dev]", true, Unused, 0, Verdict::Fail),
        ("id: CVE-1, images: ['fam*']", true, Holds, 1, Verdict::Pass),
        ("id: CVE-1, vex: {status: not_affected, impact: i}", true, Holds, 1, Verdict::Pass),
        (
            "id: CVE-1, vex: {status: not_affected, justification: component_not_present}",
            true,
            Holds,
            1,
            Verdict::Pass,
        ),
        ("id: CVE-1, vex: {status: fixed}", true, Holds, 1, Verdict::Pass),
        ("id: CVE-1, vex: {status: affected, action: a}", true, Holds, 0, Verdict::Fail),
        ("id: CVE-1, vex: {status: under_investigation}", true, Holds, 0, Verdict::Fail),
        ("id: CVE-2, vex: {status: under_investigation}", true, Unused, 0, Verdict::Fail),
    ] {
        let decision = case(item, fixable).decide();
        let one = &decision.exceptions[0];
        assert_eq!((one.state, one.suppressed), (state, suppressed), "{item}");
        assert_eq!(decision.verdict, verdict, "{item}");
        assert_eq!(decision.findings[0].suppressed_by.len(), suppressed, "{item}");
    }
}

/// One that names environments holds in those, and nowhere where none is named.
#[test]
fn environments() {
    for (environment, verdict) in [
        (None, Verdict::Fail),
        (Some("prod"), Verdict::Fail),
        (Some("dev"), Verdict::Pass),
        (Some("dev-eu"), Verdict::Pass),
    ] {
        let mut case = case("id: CVE-1, package: p, environments: [dev, 'dev-*']", true);
        case.evidence.environment = environment.map(Into::into);
        assert_eq!(case.decide().verdict, verdict, "{environment:?}");
    }
}

#[test]
fn each_is_told_with_its_line_and_column() {
    let mut case = Case::good();
    case.exceptions = parse(
        "  - {id: CVE-1, package: p, reason: r, owner: o, created: 2026-10-01, expires: 2026-11-21}
  - {package: q, reason: r, owner: o, created: 2026-11-23, expires: 2026-12-31}
  - id: CVE-3
    reason: r
    owner: o
    created: 2026-11-01
    expires: 2026-11-22
  - {purl: 'pkg:maven/org.apache', versions: 'vers:maven/<2', reason: r, owner: o, created: 2026-11-01, expires: 2026-12-31}
  - {class: secret, id: key, reason: r, owner: o, created: 2026-11-01, expires: 2026-12-31}
",
    );
    let decision = case.decide();
    let mut told: Vec<(&str, &str)> = decision
        .reasons
        .iter()
        .filter(|reason| reason.code.starts_with("exception-"))
        .map(|reason| (reason.code.as_str(), reason.message.as_str()))
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            (
                "exception-broad",
                "The exception for CVE-3 (line 5, column 5) covers every package in every image."
            ),
            (
                "exception-broad",
                "The exception for every vulnerability in pkg:maven/org.apache (line 10, column 5) covers every package of a namespace."
            ),
            (
                "exception-broad",
                "The exception for every vulnerability in q (line 4, column 5) covers whatever is ever found there, in every version."
            ),
            (
                "exception-broad",
                "The exception for key (line 11, column 5) covers every file in every image."
            ),
            ("exception-expired", "The exception for CVE-1 in p (line 3, column 5) ended after 2026-11-21."),
            (
                "exception-not-yet",
                "The exception for every vulnerability in q (line 4, column 5) begins on 2026-11-23."
            ),
            ("exception-unused", "The exception for CVE-3 (line 5, column 5) matches nothing in this image."),
            (
                "exception-unused",
                "The exception for every vulnerability in pkg:maven/org.apache (line 10, column 5) matches nothing in this image."
            ),
            ("exception-unused", "The exception for key (line 11, column 5) matches nothing in this image."),
        ]
    );
    assert_eq!(decision.verdict, Verdict::Pass);
}

#[test]
fn breadth() {
    use Breadth::{EveryFile, EveryFinding, EveryPackage, Namespace};
    let table: &[(&str, &[Breadth])] = &[
        ("id: CVE-1", &[EveryPackage]),
        ("id: CVE-1, environments: [dev]", &[EveryPackage]),
        ("id: CVE-1, images: [web]", &[]),
        ("id: CVE-1, package: p", &[]),
        ("id: CVE-1, paths: ['a/**']", &[]),
        ("package: p", &[EveryFinding]),
        ("package: p, images: [web]", &[EveryFinding]),
        ("package: p, versions: 'vers:deb/*'", &[EveryFinding]),
        ("package: p, versions: 'vers:deb/<2'", &[]),
        ("package: p, version: '1'", &[]),
        ("package: p, paths: ['a/**']", &[]),
        ("purl: 'pkg:npm/%40scope'", &[EveryFinding, Namespace]),
        ("id: CVE-1, purl: 'pkg:golang/github.com/owner'", &[Namespace]),
        ("class: secret, id: key", &[EveryFile]),
        ("class: misconfiguration, id: DS-1", &[EveryFile]),
        ("class: secret, paths: ['a/**']", &[]),
        ("class: license, id: MIT", &[EveryPackage]),
        ("class: license, package: p", &[EveryFinding]),
    ];
    for (item, wanted) in table {
        let parsed = parse(&format!("  - {{{item}, {SAID}}}\n"));
        assert_eq!(parsed.list()[0].breadth(), *wanted, "{item}");
        assert_eq!(parsed.list()[0].is_broad(), !wanted.is_empty(), "{item}");
    }
}

#[test]
fn the_words_of_vex_are_those_of_openvex() {
    assert_eq!(
        VexStatus::ALL.map(VexStatus::as_str),
        ["not_affected", "fixed", "affected", "under_investigation"]
    );
    assert_eq!(VexStatus::ALL.map(VexStatus::suppresses), [true, true, false, false]);
    assert_eq!(
        Justification::ALL.map(Justification::as_str),
        [
            "component_not_present",
            "vulnerable_code_not_present",
            "vulnerable_code_not_in_execute_path",
            "vulnerable_code_cannot_be_controlled_by_adversary",
            "inline_mitigations_already_exist",
        ]
    );
}

/// One after the other, one in another image, one of another status at another time: no mistake.
#[test]
fn what_is_no_twin() {
    let parsed = parse(
        "  - {id: CVE-1, reason: r, owner: o, created: 2026-09-01, expires: 2026-10-31}
  - {id: CVE-1, reason: r, owner: o, created: 2026-11-01, expires: 2026-12-31, vex: {status: fixed}}
  - {id: CVE-1, images: [a], reason: r, owner: o, created: 2026-09-01, expires: 2026-10-31}
  - {id: CVE-1, package: p, reason: r, owner: o, created: 2026-09-01, expires: 2026-10-31}
",
    );
    assert_eq!(parsed.list().len(), 4);
}

/// 100,000 findings against 1,000 exceptions of every kind: far less than each against each would take.
#[test]
fn many_against_many() {
    let mut items = String::new();
    for n in 0..1000 {
        let what = match n % 5 {
            0 => format!("id: CVE-2026-{n}"),
            1 => format!("id: CVE-2026-{n}, package: package-{n}"),
            2 => format!("package: package-{n}, versions: 'vers:deb/<2'"),
            3 => format!("purl: 'pkg:deb/debian/package-{n}'"),
            _ => format!("class: secret, paths: ['srv/{n}/**']"),
        };
        items.push_str(&format!("  - {{{what}, {SAID}}}\n"));
    }
    let mut case = Case::good();
    case.exceptions = parse(&items);
    let many: Vec<_> = (0..100_000)
        .map(|n| {
            let mut one = finding(
                &format!("CVE-2026-{}", n % 7000),
                &format!("package-{}", n % 3000),
                Severity::Low,
                false,
            );
            one.aliases = vec![format!("DSA-{n}-1")];
            one.package.source = Some(format!("source-{}", n % 500));
            one.package.purl = Some(format!("pkg:deb/debian/package-{}@1?arch=amd64", n % 3000));
            one
        })
        .collect();
    for statement in &mut case.evidence.statements {
        if let Facts::Vulns { findings, .. } = &mut statement.facts {
            *findings = many.clone().into();
        }
    }
    let begun = Instant::now();
    let decision = case.decide();
    let took = begun.elapsed();
    let suppressed = decision.findings.iter().filter(|one| !one.suppressed_by.is_empty()).count();
    assert!(suppressed > 10_000, "{suppressed}");
    assert!(took.as_secs() < 20, "{took:?}");
}
