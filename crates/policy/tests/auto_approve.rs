//! What the policy itself clears, and what changed against the image before.
#![allow(clippy::unwrap_used, reason = "tables of tests, outside the test functions themselves")]

use crate::common::{Case, finding, found, with_rules};
use model::{Class, Finding, Package, Severity, Verdict};
use policy::{Facts, Previous};

const RULES: &str = "{severity: [medium, low], then: review}, {severity: critical, then: fail}";

fn medium(id: &str) -> Finding {
    finding(id, "a", Severity::Medium, false)
}

fn previous(findings: &[Finding]) -> Option<Previous> {
    let packages = [Package { name: "a".into(), version: "1".into(), ..Package::default() }].into();
    Some(Previous { name: "stable".into(), passed: true, packages, findings: findings.to_vec() })
}

/// One medium finding without a fix, in dev, which the image before had as well.
fn case(entry: &str) -> Case {
    let mut case = Case::good();
    case.policy = with_rules(RULES, &format!("auto-approve: [{entry}]"));
    *found(&mut case) = vec![medium("CVE-1")];
    case.evidence.environment = Some("dev".into());
    case.evidence.previous = previous(&[medium("CVE-1")]);
    case
}

type Row = (&'static str, &'static str, fn(&mut Case), Verdict);

const ROWS: &[Row] = &[
    ("no entry", "", |_| {}, Verdict::Review),
    (
        "unchanged since an image that nobody let through",
        "{reasons: [unfixed-vulnerability], unchanged: true}",
        |c| c.evidence.previous.as_mut().unwrap().passed = false,
        Verdict::Review,
    ),
    ("the code alone", "{reasons: [unfixed-vulnerability]}", |_| {}, Verdict::Pass),
    ("another code", "{reasons: [fixable-vulnerability]}", |_| {}, Verdict::Review),
    (
        "the environment",
        "{reasons: [unfixed-vulnerability], environments: [dev, staging]}",
        |_| {},
        Verdict::Pass,
    ),
    (
        "another environment",
        "{reasons: [unfixed-vulnerability], environments: [staging]}",
        |_| {},
        Verdict::Review,
    ),
    (
        "no environment",
        "{reasons: [unfixed-vulnerability], environments: [dev]}",
        |c| c.evidence.environment = None,
        Verdict::Review,
    ),
    ("the family", "{reasons: [unfixed-vulnerability], images: ['fam*']}", |_| {}, Verdict::Pass),
    ("another family", "{reasons: [unfixed-vulnerability], images: [fam]}", |_| {}, Verdict::Review),
    ("the severity", "{reasons: [unfixed-vulnerability], severity: [medium]}", |_| {}, Verdict::Pass),
    ("another severity", "{reasons: [unfixed-vulnerability], severity: [low]}", |_| {}, Verdict::Review),
    (
        "one severity of two",
        "{reasons: [unfixed-vulnerability], severity: [medium]}",
        |c| found(c).push(finding("CVE-2", "a", Severity::Low, false)),
        Verdict::Review,
    ),
    (
        "an entry for each",
        "{reasons: [unfixed-vulnerability], severity: [medium]}, {reasons: [unfixed-vulnerability], severity: [low]}",
        |c| found(c).push(finding("CVE-2", "a", Severity::Low, false)),
        Verdict::Pass,
    ),
    ("unchanged", "{reasons: [unfixed-vulnerability], unchanged: true}", |_| {}, Verdict::Pass),
    (
        "nothing before",
        "{reasons: [unfixed-vulnerability], unchanged: true}",
        |c| c.evidence.previous = None,
        Verdict::Review,
    ),
    (
        "nothing in what was before",
        "{reasons: [unfixed-vulnerability], unchanged: true}",
        |c| c.evidence.previous = previous(&[]),
        Verdict::Review,
    ),
    (
        "one more than before",
        "{reasons: [unfixed-vulnerability], unchanged: true}",
        |c| found(c).push(medium("CVE-2")),
        Verdict::Review,
    ),
    (
        "one less than before",
        "{reasons: [unfixed-vulnerability], unchanged: true}",
        |c| c.evidence.previous = previous(&[medium("CVE-1"), medium("CVE-2")]),
        Verdict::Pass,
    ),
    (
        "in another version of its package",
        "{reasons: [unfixed-vulnerability], unchanged: true}",
        |c| found(c)[0].package.version = "2".into(),
        Verdict::Review,
    ),
    (
        "rated worse than before",
        "{reasons: [unfixed-vulnerability], unchanged: true}",
        |c| c.evidence.previous = previous(&[finding("CVE-1", "a", Severity::Low, false)]),
        Verdict::Review,
    ),
    (
        "never a fail",
        "{reasons: [unfixed-vulnerability]}",
        |c| found(c).push(finding("CVE-2", "a", Severity::Critical, false)),
        Verdict::Fail,
    ),
    (
        "a reason without findings",
        "{reasons: [unfixed-vulnerability, tests-warned]}",
        |c| {
            for statement in &mut c.evidence.statements {
                if let Facts::TestResult { outcome, .. } = &mut statement.facts {
                    *outcome = policy::TestOutcome::Warned;
                }
            }
        },
        Verdict::Pass,
    ),
];

#[test]
fn truth_table() {
    for (name, entry, change, verdict) in ROWS {
        let mut case = case(entry);
        change(&mut case);
        let decision = case.decide();
        assert_eq!(decision.verdict, *verdict, "{name}: {:?}", decision.reasons);
        // What is cleared stays visible, with what cleared it.
        let cleared = !decision.auto_approved.is_empty();
        assert!(cleared || *verdict != Verdict::Pass, "{name}");
        for one in &decision.auto_approved {
            assert!(!decision.reasons.contains(&one.reason) && one.by.contains(&one.reason.code), "{name}");
        }
    }
}

#[test]
fn report_only_changes_what_is_done_and_not_what_is_decided() {
    let mut enforced = case("");
    found(&mut enforced).push(finding("CVE-2", "a", Severity::Critical, false));
    let mut looking = case("");
    *found(&mut looking) = found(&mut enforced).clone();
    looking.policy = with_rules(RULES, "mode: report-only");
    let (enforced, looking) = (enforced.decide(), looking.decide());
    assert_eq!((enforced.verdict, enforced.report_only), (Verdict::Fail, false));
    assert_eq!((looking.verdict, looking.report_only), (Verdict::Fail, true));
    assert_eq!(enforced.reasons, looking.reasons);
}

fn package(purl: &str, name: &str, version: &str) -> Package {
    let (name, version) = (name.to_owned(), version.to_owned());
    Package { purl: Some(format!("{purl}/{name}@{version}")), name, version, ..Package::default() }
}

/// Which packages came, went and moved: names with versions before and now, in one ecosystem.
#[test]
fn packages_truth_table() {
    for (before, now, moves) in [
        (&[] as &[&str], &[] as &[&str], ""),
        (&["1"], &["1"], ""),
        (&[], &["1"], "+1"),
        (&["1"], &[], "-1"),
        (&["1"], &["2"], "1>2"),
        (&["1", "2"], &["2"], "-1"),
        (&["2"], &["1", "2"], "+1"),
        (&["1", "2"], &["2", "3"], "1>3"),
        (&["1", "2"], &["3", "4"], "1>3 2>4"),
        (&["1", "2", "3"], &["4"], "1>4 -2 -3"),
        (&["1"], &["2", "3"], "1>2 +3"),
    ] {
        let mut case = case("");
        let list =
            |versions: &[&str]| versions.iter().map(|v| package("pkg:deb/debian", "linux", v)).collect();
        case.evidence.packages = list(now);
        case.evidence.previous = Some(Previous { packages: list(before), ..previous(&[]).unwrap() });
        let changes = case.decide().changes.unwrap();
        let upgraded = changes.upgraded.iter().map(|(from, to)| format!("{}>{}", from.version, to.version));
        let removed = changes.removed.iter().map(|one| format!("-{}", one.version));
        let added = changes.added.iter().map(|one| format!("+{}", one.version));
        let found: Vec<String> = upgraded.chain(removed).chain(added).collect();
        assert_eq!(found.join(" "), moves, "{before:?} {now:?}");
    }
}

/// One name in two ecosystems is two packages; one package in two places is one.
#[test]
fn packages_are_told_apart_by_ecosystem_and_not_by_path() {
    let mut case = case("");
    let elsewhere = Package { path: Some("/opt".into()), ..package("pkg:npm", "a", "1") };
    case.evidence.packages = [package("pkg:npm", "a", "1"), elsewhere].into();
    let packages = [package("pkg:deb/debian", "a", "1")].into();
    case.evidence.previous = Some(Previous { packages, ..previous(&[]).unwrap() });
    let changes = case.decide().changes.unwrap();
    assert_eq!((changes.added.len(), changes.removed.len(), changes.upgraded.len()), (1, 1, 0));
}

#[test]
fn findings_new_fixed_and_unchanged() {
    let mut case = case("");
    let worse = finding("CVE-3", "b", Severity::Critical, true);
    // Twice, by two scanners: one line, the worse.
    let twice = Finding { severity: Severity::High, scanner: "other".into(), ..medium("CVE-2") };
    let moved =
        Finding { package: Package { version: "9".into(), ..medium("CVE-1").package }, ..medium("CVE-1") };
    *found(&mut case) = vec![medium("CVE-2"), twice, moved, worse];
    case.evidence.previous = previous(&[medium("CVE-1"), medium("CVE-4")]);
    let changes = case.decide().changes.unwrap();
    let ids = |list: &[policy::Changed]| -> Vec<String> {
        list.iter().map(|one| format!("{} {}", one.severity, one.id)).collect()
    };
    assert_eq!(ids(&changes.new), ["critical CVE-3", "high CVE-2"]);
    assert_eq!(ids(&changes.fixed), ["medium CVE-4"]);
    assert_eq!((changes.unchanged, changes.since.as_str()), (1, "stable"));
}

/// What nobody looked for this time is not fixed, and without a scan nothing is compared.
#[test]
fn what_was_not_looked_for_is_not_called_fixed() {
    let secret = Finding { class: Class::Secret, ..medium("key") };
    let mut case = case("");
    case.evidence.previous = previous(&[medium("CVE-1"), secret]);
    assert_eq!(case.decide().changes.unwrap().fixed, []);
    for statement in &mut case.evidence.statements {
        if let Facts::Vulns { looked_for, .. } = &mut statement.facts {
            looked_for.insert(Class::Secret);
        }
    }
    assert_eq!(case.decide().changes.unwrap().fixed.len(), 1);
    case.evidence.statements.retain(|statement| statement.file != "vulns");
    assert_eq!(case.decide().changes, None);
    case.evidence.previous = None;
    assert_eq!(case.decide().changes, None);
}
