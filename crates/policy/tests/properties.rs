//! What must hold for every policy input: exceptions never make it worse, findings never better,
//! order never matters.
#![allow(clippy::unwrap_used, reason = "tables of tests, outside the test functions themselves")]

mod common;

use common::{Case, exceptions, finding};
use model::{Finding, Severity};
use policy::{Facts, Signed};
use proptest::prelude::*;

fn findings() -> impl Strategy<Value = Vec<Finding>> {
    let one = (0..4u8, 0..3u8, 0..6usize, any::<bool>()).prop_map(|(id, package, severity, fixable)| {
        let mut one = finding(&format!("CVE-{id}"), &format!("p{package}"), Severity::ALL[severity], fixable);
        one.aliases = vec![format!("GHSA-{id}")];
        one
    });
    prop::collection::vec(one, 0..8)
}

/// Exceptions in every state, narrow and broad.
fn exception() -> impl Strategy<Value = String> {
    let dates = prop::sample::select(vec![
        ("2026-11-01", "2026-12-31"),
        ("2026-11-01", "2026-11-22"),
        ("2026-11-01", "2026-11-21"),
        ("2026-11-23", "2026-12-31"),
    ]);
    (0..4u8, 0..4u8, any::<bool>(), any::<bool>(), any::<bool>(), dates).prop_map(
        |(id, package, alias, fixed, elsewhere, (created, expires))| {
            let id = if alias { format!("GHSA-{id}") } else { format!("CVE-{id}") };
            let package = if package < 3 { format!("package: p{package}, ") } else { String::new() };
            let until = if fixed { "until: fixed, " } else { "" };
            let images = if elsewhere { "images: [other], " } else { "" };
            format!("  - {{id: {id}, {package}{until}{images}reason: r, owner: o, created: {created}, expires: {expires}}}\n")
        },
    )
}

fn case(findings: &[Finding], excepted: &[String]) -> Case {
    let mut case = Case::good();
    for statement in &mut case.evidence.statements {
        if let Facts::Vulns { findings: list, .. } = &mut statement.facts {
            *list = findings.to_vec();
        }
    }
    let items = if excepted.is_empty() { "  []\n".into() } else { excepted.concat() };
    case.exceptions = exceptions(&format!("version: 1\nexceptions:\n{items}")).unwrap();
    case
}

proptest! {
    #[test]
    fn an_exception_never_makes_a_verdict_worse(found in findings(), mut list in prop::collection::vec(exception(), 0..4), more in exception()) {
        let before = case(&found, &list).decide().verdict;
        list.push(more);
        prop_assert!(case(&found, &list).decide().verdict <= before);
    }

    #[test]
    fn a_finding_never_makes_a_verdict_better(mut found in findings(), list in prop::collection::vec(exception(), 0..4), more in findings()) {
        let before = case(&found, &list).decide().verdict;
        found.extend(more);
        prop_assert!(case(&found, &list).decide().verdict >= before);
    }

    #[test]
    fn order_never_matters(found in findings(), list in prop::collection::vec(exception(), 0..4), turn in 0..8usize, unsigned in any::<bool>()) {
        let mut one = case(&found, &list);
        if unsigned {
            one.evidence.statements[1].signed = Signed::Unsigned;
        }
        let mut other = case(&found.iter().rev().cloned().collect::<Vec<_>>(), &list);
        other.evidence.statements = one.evidence.statements.clone();
        for statement in &mut other.evidence.statements {
            if let Facts::Vulns { findings, .. } = &mut statement.facts {
                findings.reverse();
            }
        }
        let turn = turn % other.evidence.statements.len();
        other.evidence.statements.rotate_left(turn);
        prop_assert_eq!(one.decide(), other.decide());
    }

    #[test]
    fn the_order_of_exceptions_does_not_change_the_verdict(found in findings(), mut list in prop::collection::vec(exception(), 0..4)) {
        let before = case(&found, &list).decide();
        list.reverse();
        let after = case(&found, &list).decide();
        prop_assert_eq!(before.verdict, after.verdict);
        let counts = |d: &policy::Decision| d.findings.iter().map(|f| f.counts()).collect::<Vec<_>>();
        prop_assert_eq!(counts(&before), counts(&after));
    }
}
