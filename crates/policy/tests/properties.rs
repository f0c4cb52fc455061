//! What must hold for every policy input: exceptions never make it worse, findings never better,
//! order never matters.
#![allow(clippy::unwrap_used, reason = "tables of tests, outside the test functions themselves")]

use crate::common::{Case, exceptions, feeds, finding, found, with_rules};
use model::{Class, Finding, Package, Severity};
use policy::{Facts, Feeds, Previous, ResolvedPolicy, Signed};
use proptest::prelude::*;

/// Findings with and without everything that a rule can ask for.
fn findings() -> impl Strategy<Value = Vec<Finding>> {
    let told = (
        prop::option::of(0..=10u8),
        prop::option::of(prop::sample::select(vec!["2026-11-21T00:00:00Z", "2026-01-01T00:00:00Z", "?"])),
        prop::option::of(prop::sample::select(vec!["platform", "other"])),
        prop::option::of(prop::sample::select(vec!["/usr/lib/a", "/etc/b"])),
        0..Class::ALL.len(),
        1..3u8,
    );
    let one = (0..4u8, 0..3u8, 0..6usize, any::<bool>(), told).prop_map(
        |(id, package, severity, fixable, (cvss, published, layer, path, class, version))| {
            let id = format!("CVE-2026-000{id}");
            let mut one = finding(&id, &format!("p{package}"), Severity::ALL[severity], fixable);
            one.aliases = vec![id.replace("CVE", "GHSA")];
            one.class = Class::ALL[class];
            one.cvss = cvss.map(f64::from);
            one.published = published.map(Into::into);
            one.package.layer = layer.map(Into::into);
            one.package.path = path.map(Into::into);
            one.package.version = version.to_string();
            one.package.purl = Some(format!("pkg:deb/debian/p{package}@{version}?arch=amd64"));
            one
        },
    );
    prop::collection::vec(one, 0..8)
}

/// Policies with every condition, and every way in which they clear reasons themselves.
fn policies() -> impl Strategy<Value = ResolvedPolicy> {
    let condition = prop::sample::select(vec![
        "severity: [critical, high]",
        "severity: low",
        "severity: negligible",
        "fixable: true",
        "fixable: false",
        "cvss-at-least: 5",
        "cvss-at-least: 5, unscored: ignore",
        "epss-at-least: 0.1",
        "epss-at-least: 0.1, unscored: ignore",
        "kev: true",
        "older-than: 30d",
        "older-than: 30d, unscored: ignore",
        "package: 'p*'",
        "package: p1",
        "layer: base",
        "layer: [image, platform]",
        "layer: image, unscored: ignore",
        "id: 'GHSA-*'",
        "path: 'usr/**'",
    ]);
    let weight = prop::sample::select(vec!["fail", "review", "note"]);
    let rule = (condition, weight).prop_map(|(condition, then)| format!("{{{condition}, then: {then}}}"));
    let entry = prop::sample::select(vec![
        "{reasons: [unfixed-vulnerability, fixable-vulnerability], unchanged: true}",
        "{reasons: [unfixed-vulnerability], severity: [low, medium], environments: [dev]}",
        "{reasons: [fixable-vulnerability, secret-found], severity: [high, low, unknown], unchanged: true}",
        "{reasons: [secret-found], images: ['fam*']}",
        "{reasons: [feed-missing, class-not-scanned]}",
    ]);
    let secrets = prop::sample::select(vec!["", "secrets: [{severity: [high, low], then: review}]\n"]);
    let reasons =
        prop::sample::select(vec!["", "reasons: {feed-missing: review, class-not-scanned: review}\n"]);
    let parts = (prop::collection::vec(rule, 0..5), secrets, reasons, prop::collection::vec(entry, 0..3));
    parts.prop_map(|(rules, secrets, reasons, entries)| {
        let entries = entries.join(", ");
        with_rules(&rules.join(", "), &format!("{secrets}{reasons}auto-approve: [{entries}]"))
    })
}

/// What is known beside the scan.
#[derive(Debug, Clone)]
struct World {
    policy: ResolvedPolicy,
    feeds: bool,
    base: bool,
    dev: bool,
    before: Option<Vec<Finding>>,
    passed: bool,
    secrets: bool,
}

fn worlds() -> impl Strategy<Value = World> {
    let known = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let before = (prop::option::of(findings()), any::<bool>());
    (policies(), known, before).prop_map(|(policy, (feeds, base, dev, secrets), (before, passed))| World {
        policy,
        feeds,
        base,
        dev,
        before,
        passed,
        secrets,
    })
}

/// Exceptions in every state, narrow and broad, with every field.
fn exception() -> impl Strategy<Value = String> {
    let dates = prop::sample::select(vec![
        ("2026-11-01", "2026-12-31"),
        ("2026-11-01", "2026-11-22"),
        ("2026-11-01", "2026-11-21"),
        ("2026-11-23", "2026-12-31"),
    ]);
    let id = prop::sample::select(vec![
        "id: CVE-2026-0000, ",
        "id: CVE-2026-0001, ",
        "id: CVE-2026-0002, ",
        "id: GHSA-2026-0003, ",
        "id: CVE-2026-0009, aliases: [GHSA-2026-0000], ",
        "",
    ]);
    let package = prop::sample::select(vec![
        "package: p0, ",
        "package: p1, version: '1', ",
        "package: p2, versions: 'vers:deb/<2', ",
        "package: p0, versions: 'vers:rpm/<2', ",
        "purl: 'pkg:deb/debian/p1', ",
        "purl: 'pkg:deb/debian/p2', versions: 'vers:deb/*', paths: ['usr/**'], ",
        "",
    ]);
    let place = prop::sample::select(vec![
        "",
        "",
        "images: [other], ",
        "images: ['fam*'], ",
        "environments: [dev], ",
        "class: secret, paths: ['usr/**'], ",
    ]);
    let vex = prop::sample::select(vec![
        "",
        "",
        "until: fixed, ",
        "vex: {status: not_affected, impact: i}, ",
        "vex: {status: fixed}, ",
        "vex: {status: affected, action: a}, ",
        "vex: {status: under_investigation}, ",
    ]);
    (id, package, place, vex, dates).prop_map(|(id, package, place, vex, (created, expires))| {
        let (id, package, vex) = match (place.starts_with("class"), id, package) {
            (true, _, _) => ("id: CVE-2026-0000, ", "", ""),
            (false, "", "") => ("", "package: p0, ", ""),
            (false, "", _) => ("", package, if vex.starts_with("vex") { "" } else { vex }),
            (false, _, _) => (id, package, vex),
        };
        format!(
            "  - {{{id}{package}{place}{vex}reason: r, owner: o, created: {created}, expires: {expires}}}\n"
        )
    })
}

/// As many of them as contradict nobody: a file that does is refused.
fn consistent(list: Vec<String>) -> Vec<String> {
    let reads = |list: &[String]| exceptions(&format!("version: 1\nexceptions:\n{}", list.concat())).is_ok();
    if list.is_empty() || reads(&list) {
        return list;
    }
    let mut kept: Vec<String> = Vec::new();
    for one in list {
        kept.push(one);
        if !reads(&kept) {
            kept.pop();
        }
    }
    kept
}

fn some_exceptions() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(exception(), 0..5).prop_map(consistent)
}

fn case(world: &World, findings: &[Finding], excepted: &[String]) -> Case {
    let mut case = Case::good();
    case.policy = world.policy.clone();
    let package = |name: &str| Package { name: name.into(), version: "1".into(), ..Package::default() };
    case.evidence.feeds = if world.feeds { feeds() } else { Feeds::default() };
    case.evidence.base_packages = world.base.then(|| [package("p1")].into());
    case.evidence.environment = world.dev.then(|| "dev".into());
    case.evidence.previous = world.before.as_ref().map(|findings| Previous {
        name: "stable".into(),
        passed: world.passed,
        packages: [package("p1")].into(),
        findings: findings.clone(),
    });
    for statement in &mut case.evidence.statements {
        if let Facts::Vulns { looked_for, .. } = &mut statement.facts
            && world.secrets
        {
            looked_for.insert(Class::Secret);
        }
    }
    *found(&mut case) = findings.to_vec();
    let items = if excepted.is_empty() { "  []\n".into() } else { excepted.concat() };
    case.exceptions = exceptions(&format!("version: 1\nexceptions:\n{items}")).unwrap();
    case
}

proptest! {
    #[test]
    fn an_exception_never_makes_a_verdict_worse(world in worlds(), found in findings(), list in some_exceptions(), more in exception()) {
        let before = case(&world, &found, &list).decide().verdict;
        let more = consistent([list, vec![more]].concat());
        prop_assert!(case(&world, &found, &more).decide().verdict <= before);
    }

    #[test]
    fn a_finding_never_makes_a_verdict_better(world in worlds(), mut found in findings(), list in some_exceptions(), more in findings()) {
        let before = case(&world, &found, &list).decide().verdict;
        found.extend(more);
        prop_assert!(case(&world, &found, &list).decide().verdict >= before);
    }

    #[test]
    fn order_never_matters(world in worlds(), found in findings(), list in some_exceptions(), turn in 0..8usize, unsigned in any::<bool>()) {
        let mut one = case(&world, &found, &list);
        if unsigned {
            one.evidence.statements[1].signed = Signed::Unsigned;
        }
        let mut other = case(&world, &found.iter().rev().cloned().collect::<Vec<_>>(), &list);
        other.evidence.statements = one.evidence.statements.clone();
        crate::common::found(&mut other).reverse();
        let turn = turn % other.evidence.statements.len();
        other.evidence.statements.rotate_left(turn);
        prop_assert_eq!(one.decide(), other.decide());
    }

    #[test]
    fn the_order_of_exceptions_does_not_change_the_verdict(world in worlds(), found in findings(), mut list in some_exceptions()) {
        let before = case(&world, &found, &list).decide();
        list.reverse();
        let after = case(&world, &found, &list).decide();
        prop_assert_eq!(before.verdict, after.verdict);
        let counts = |d: &policy::Decision| d.findings.iter().map(|f| f.counts()).collect::<Vec<_>>();
        prop_assert_eq!(counts(&before), counts(&after));
    }
}
