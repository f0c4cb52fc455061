//! What each condition of a rule is about, alone and beside others: each row is a rule, a change to one
//! finding or to what is known about it, and what comes of it.
#![allow(clippy::unwrap_used, reason = "tables of tests, outside the test functions themselves")]

use crate::common::{Case, feeds, finding, found, with_rules};
use model::{Class, Finding, Package, Severity, Weight};
use policy::{Code, Facts, Judged};

/// A high finding of `libssl3` that has a fix and everything else that a rule can ask for.
fn known() -> Finding {
    let mut known = finding("CVE-2026-0001", "libssl3", Severity::High, true);
    known.cvss = Some(7.5);
    known.published = Some("2026-10-23T12:00:00Z".into());
    known.package.source = Some("openssl".into());
    known.package.purl = Some("pkg:deb/debian/libssl3@1?arch=amd64".into());
    known.package.path = Some("/usr/lib/libssl.so".into());
    known.package.layer = Some("platform".into());
    known
}

/// Feeds, and a base whose packages are known: one of them is `libssl3`, in this version.
fn case(rules: &str, one: Finding) -> Case {
    let mut case = Case::good();
    case.policy = with_rules(rules, "");
    case.evidence.feeds = feeds();
    let base = Package { path: None, ..known().package };
    case.evidence.base_packages = Some([base].into());
    *found(&mut case) = vec![one];
    case
}

fn judged(case: &Case) -> Judged {
    case.decide().findings.remove(0)
}

type Change = fn(&mut Finding);

const ROWS: &[(&str, Change, bool)] = &[
    ("severity: high", |_| {}, true),
    ("severity: critical", |_| {}, false),
    ("fixable: true", |_| {}, true),
    ("fixable: false", |_| {}, false),
    ("fixable: true", |f| f.fixed_version = None, false),
    ("fixable: false", |f| f.fixed_version = None, true),
    ("severity: high, fixable: false", |_| {}, false),
    // Scores: reached at the threshold itself, and where nobody has given one.
    ("cvss-at-least: 7.5", |_| {}, true),
    ("cvss-at-least: 7", |_| {}, true),
    ("cvss-at-least: 7.6", |_| {}, false),
    ("cvss-at-least: 10", |f| f.cvss = Some(10.0), true),
    ("cvss-at-least: 0.1", |f| f.cvss = Some(0.0), false),
    ("cvss-at-least: 7.6", |f| f.cvss = None, true),
    ("cvss-at-least: 7.6, unscored: ignore", |f| f.cvss = None, false),
    ("cvss-at-least: 7.5, unscored: ignore", |_| {}, true),
    ("cvss-at-least: 7.6", |f| f.cvss = Some(f64::NAN), true),
    ("epss-at-least: 0.5", |_| {}, true),
    ("epss-at-least: 0.51", |_| {}, false),
    ("epss-at-least: 0.5", |f| f.id = "CVE-2026-0002".into(), false),
    ("epss-at-least: 0.5", |f| f.id = "CVE-2026-0003".into(), true),
    ("epss-at-least: 0.5", |f| f.id = "DSA-1".into(), true),
    ("epss-at-least: 0.5, unscored: ignore", |f| f.id = "CVE-2026-0003".into(), false),
    // The worst of several ids.
    (
        "epss-at-least: 0.5",
        |f| {
            f.id = "CVE-2026-0002".into();
            f.aliases = vec!["cve-2026-0001".into()];
        },
        true,
    ),
    ("kev: true", |_| {}, true),
    ("kev: true", |f| f.id = "CVE-2026-0002".into(), false),
    ("kev: true", |f| f.id = "GHSA-aaaa".into(), false),
    (
        "kev: true",
        |f| {
            f.id = "GHSA-aaaa".into();
            f.aliases = vec!["CVE-2026-0001".into()];
        },
        true,
    ),
    // It was published thirty days before the decision, to the second.
    ("older-than: 29d", |_| {}, true),
    ("older-than: 30d", |_| {}, false),
    ("older-than: 30d", |f| f.published = Some("2026-10-23T11:59:59Z".into()), true),
    ("older-than: 1s", |f| f.published = Some("2026-11-22T12:00:00Z".into()), false),
    ("older-than: 30d", |f| f.published = None, true),
    ("older-than: 30d", |f| f.published = Some("some day".into()), true),
    ("older-than: 30d", |f| f.published = Some("2027-01-01T00:00:00Z".into()), true),
    ("older-than: 30d, unscored: ignore", |f| f.published = None, false),
    ("older-than: 29d, unscored: ignore", |_| {}, true),
    // Packages by binary or source name.
    ("package: libssl3", |_| {}, true),
    ("package: openssl", |_| {}, true),
    ("package: [bash, openssl]", |_| {}, true),
    ("package: libssl", |_| {}, false),
    ("package: 'libssl*'", |_| {}, true),
    ("package: 'open*'", |_| {}, true),
    ("package: '*'", |_| {}, true),
    ("package: openssl", |f| f.package.source = None, false),
    // Ids, in capital and small letters.
    ("id: CVE-2026-0001", |_| {}, true),
    ("id: 'cve-2026-*'", |_| {}, true),
    ("id: CVE-2026-000", |_| {}, false),
    ("id: GHSA-aaaa", |f| f.aliases = vec!["GHSA-aaaa".into()], true),
    ("id: aaaa", |f| f.aliases = vec!["GHSA aaaa".into()], false),
    // Paths with and without the `/` that they begin with.
    ("path: usr/lib/*", |_| {}, true),
    ("path: /usr/lib/*", |_| {}, true),
    ("path: 'usr/*'", |_| {}, false),
    ("path: 'usr/**'", |_| {}, true),
    ("path: [etc/**, '**/*.so']", |_| {}, true),
    ("path: '**'", |f| f.package.path = None, false),
    ("path: usr/lib/*", |f| f.package.path = Some("usr/lib/x".into()), true),
    // Layers: the base has this version of it, and not that one.
    ("layer: base", |_| {}, true),
    ("layer: image", |_| {}, false),
    ("layer: [base, image]", |_| {}, true),
    ("layer: base", |f| f.package.version = "2".into(), false),
    ("layer: image", |f| f.package.version = "2".into(), true),
    ("layer: platform", |_| {}, true),
    ("layer: other", |_| {}, false),
    ("layer: other", |f| f.package.layer = None, true),
    ("layer: other, unscored: ignore", |f| f.package.layer = None, false),
    ("layer: [base, other]", |f| f.package.layer = None, true),
    ("layer: [image, other], unscored: ignore", |f| f.package.layer = None, false),
    // Every condition has to hold.
    (
        "severity: high, kev: true, epss-at-least: 0.5, cvss-at-least: 7, package: openssl, older-than: 7d",
        |_| {},
        true,
    ),
    (
        "severity: high, kev: true, epss-at-least: 0.5, cvss-at-least: 7, package: bash, older-than: 7d",
        |_| {},
        false,
    ),
    (
        "severity: high, kev: true, epss-at-least: 0.5, cvss-at-least: 8, package: openssl, older-than: 7d",
        |_| {},
        false,
    ),
];

#[test]
fn conditions_truth_table() {
    for (conditions, change, fits) in ROWS {
        let mut one = known();
        change(&mut one);
        let case = case(&format!("{{{conditions}, then: fail}}"), one);
        assert_eq!(judged(&case).weight, fits.then_some(Weight::Fail), "{conditions}");
    }
}

#[test]
fn the_empty_list_of_rules_lets_every_finding_pass() {
    let case = case("", known());
    assert_eq!(judged(&case).weight, None);
    assert!(case.decide().reasons.is_empty());
}

/// Where the base's packages are not known, its layer is not; where there is no base, all is the image's.
#[test]
fn layers_of_an_unknown_base_and_of_none() {
    for (layer, base, packages, fits) in [
        ("base", true, false, true),
        ("image", true, false, true),
        ("base, unscored: ignore", true, false, false),
        ("image, unscored: ignore", true, false, false),
        ("base", false, false, false),
        ("image", false, false, true),
        ("image, unscored: ignore", false, false, true),
        ("image", false, true, true),
    ] {
        let mut case = case(&format!("{{layer: {layer}, then: fail}}"), known());
        if !base {
            case.evidence.image.base = None;
        }
        if !packages {
            case.evidence.base_packages = None;
        }
        assert_eq!(judged(&case).weight.is_some(), fits, "{layer} {base} {packages}");
    }
}

/// The same name in another ecosystem is another package.
#[test]
fn a_package_of_the_base_is_one_of_its_ecosystem() {
    let mut one = known();
    one.package.purl = Some("pkg:npm/libssl3@1".into());
    assert_eq!(judged(&case("{layer: base, then: fail}", one)).weight, None);
}

#[test]
fn the_heaviest_rule_decides_in_any_order() {
    let rules =
        ["{severity: high, then: note}", "{kev: true, then: fail}", "{package: openssl, then: review}"];
    for turn in 0..rules.len() {
        let mut turned = rules;
        turned.rotate_left(turn);
        let decision = case(&turned.join(", "), known()).decide();
        assert_eq!(decision.findings[0].weight, Some(Weight::Fail));
        assert_eq!(decision.reasons.len(), 1);
    }
}

/// What the findings of other classes lead to, by their own rules only.
#[test]
fn classes_truth_table() {
    for (class, section, conditions, id, code) in [
        (Class::Secret, "secrets", "severity: high", "private-key", Some(Code::SecretFound)),
        (Class::Secret, "secrets", "severity: critical", "private-key", None),
        (Class::Secret, "secrets", "id: 'private-*'", "private-key", Some(Code::SecretFound)),
        (Class::Secret, "secrets", "path: 'usr/**'", "private-key", Some(Code::SecretFound)),
        (Class::Secret, "secrets", "path: 'etc/**'", "private-key", None),
        (Class::Secret, "licenses", "severity: high", "private-key", None),
        (Class::License, "licenses", "id: 'AGPL-*'", "AGPL-3.0-only", Some(Code::LicenseFound)),
        (Class::License, "licenses", "id: 'agpl-*'", "(MIT OR AGPL-3.0-only)", Some(Code::LicenseFound)),
        (Class::License, "licenses", "id: 'AGPL-*'", "LGPL-3.0-only", None),
        (Class::License, "licenses", "package: openssl", "MIT", Some(Code::LicenseFound)),
        (
            Class::Misconfiguration,
            "misconfigurations",
            "severity: high",
            "DS-1",
            Some(Code::MisconfigurationFound),
        ),
        (Class::Misconfiguration, "secrets", "severity: high", "DS-1", None),
    ] {
        let mut one = known();
        (one.class, one.id) = (class, id.into());
        let mut case = case("{severity: [critical, high, medium, low], then: fail}", one);
        case.policy = with_rules("", &format!("{section}: [{{{conditions}, then: fail}}]"));
        for statement in &mut case.evidence.statements {
            if let Facts::Vulns { looked_for, .. } = &mut statement.facts {
                *looked_for = Class::ALL.into();
            }
        }
        let codes: Vec<String> = case.decide().reasons.into_iter().map(|reason| reason.code).collect();
        let wanted: Vec<&str> = code.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes, wanted, "{section} {conditions} {id}");
    }
}

/// The silence of a scan that did not look says nothing.
#[test]
fn looked_for_truth_table() {
    use Class::{License, Misconfiguration, Secret, Vulnerability};
    for (looked_for, more, missing) in [
        (&[Vulnerability] as &[Class], "", 0),
        (&[], "", 1),
        (&[Secret], "", 1),
        (&[Vulnerability], "secrets: []", 0),
        (&[Vulnerability], "secrets: [{severity: high, then: fail}]", 1),
        (&[Vulnerability], "secrets: [{severity: high, then: note}]", 1),
        (&[Vulnerability, Secret], "secrets: [{severity: high, then: fail}]", 0),
        (&[Vulnerability], "secrets: [{severity: high, then: fail}]\nlicenses: [{id: A, then: fail}]", 2),
        (
            &[Vulnerability, Secret, License, Misconfiguration],
            "licenses: [{id: A, then: fail}]\nmisconfigurations: [{id: A, then: fail}]",
            0,
        ),
    ] {
        let mut case = case("", known());
        case.policy = with_rules("{severity: low, then: note}", more);
        for statement in &mut case.evidence.statements {
            if let Facts::Vulns { looked_for: of, .. } = &mut statement.facts {
                *of = looked_for.iter().copied().collect();
            }
        }
        let decision = case.decide();
        let said = decision.reasons.iter().filter(|reason| reason.code == "class-not-scanned").count();
        assert_eq!(said, missing, "{looked_for:?} {more}");
        assert_eq!(decision.verdict == model::Verdict::Fail, missing > 0);
    }
}

/// Which feeds rules need, and how old they may be: EPSS is of the 21st, KEV of the 20th, it is the 22nd.
#[test]
fn feeds_truth_table() {
    for (rules, more, epss, kev, codes) in [
        ("", "", false, false, &[] as &[&str]),
        ("{severity: low, then: fail}", "", false, false, &[]),
        ("{kev: true, then: fail}", "", true, false, &["feed-missing"]),
        ("{kev: true, then: note}", "", true, false, &["feed-missing"]),
        ("{kev: true, then: fail}", "", false, true, &["fixable-vulnerability"]),
        ("{epss-at-least: 0.9, then: fail}", "", false, true, &["feed-missing"]),
        ("{epss-at-least: 0.9, unscored: ignore, then: fail}", "", false, true, &["feed-missing"]),
        ("{epss-at-least: 0.9, then: fail}", "", true, false, &[]),
        ("{epss-at-least: 0.9, kev: true, then: fail}", "", false, false, &["feed-missing", "feed-missing"]),
        ("", "feeds: {epss: {max-age: 2d}}", true, true, &[]),
        ("", "feeds: {epss: {max-age: 24h}}", true, true, &["feed-stale"]),
        ("", "feeds: {epss: {max-age: 24h}}", false, true, &[]),
        ("", "feeds: {kev: {max-age: 2d}}", true, true, &["feed-stale"]),
        ("", "feeds: {kev: {max-age: 3d}}", true, true, &[]),
        ("{kev: true, then: note}", "reasons: {feed-missing: note}", true, false, &["feed-missing"]),
    ] {
        let mut case = case("", known());
        case.policy = with_rules(rules, more);
        if !epss {
            case.evidence.feeds.epss = None;
        }
        if !kev {
            case.evidence.feeds.kev = None;
        }
        let found: Vec<String> = case.decide().reasons.into_iter().map(|reason| reason.code).collect();
        assert_eq!(found, codes, "{rules} {more}");
    }
}

#[test]
fn feeds_without_a_date_or_from_the_future() {
    for (date, more, codes) in [
        ("", "", &[] as &[&str]),
        ("", "feeds: {epss: {max-age: 2d}}", &["feed-undated"]),
        ("#score_date:2026-11-24\n", "", &["feed-stale"]),
        ("#score_date:2026-11-24\n", "feeds: {epss: {max-age: 2d}}", &["feed-stale"]),
    ] {
        let mut case = case("", known());
        case.policy = with_rules("", more);
        let text = format!("{date}cve,epss,percentile\nCVE-2026-0001,0.5,0.9\n");
        case.evidence.feeds.epss = Some(policy::Epss::parse(text.as_bytes()).unwrap());
        let found: Vec<String> = case.decide().reasons.into_iter().map(|reason| reason.code).collect();
        assert_eq!(found, codes, "{date} {more}");
    }
}

/// The sentences say what was met beside severity, and what only counts because nobody has told.
#[test]
fn sentences() {
    let mut wrong = String::new();
    for (rule, change, wanted) in [
        ("severity: high", (|_| {}) as Change, "1 high vulnerability with a fix: CVE-2026-0001 in libssl3."),
        ("kev: true", |_| {}, "1 known exploited high vulnerability with a fix: CVE-2026-0001 in libssl3."),
        (
            "kev: true",
            |f| f.fixed_version = None,
            "1 known exploited high vulnerability without a fix: CVE-2026-0001 in libssl3.",
        ),
        (
            "epss-at-least: 0.1, cvss-at-least: 7.0",
            |_| {},
            "1 high vulnerability with a fix (CVSS at least 7, EPSS at least 0.1): CVE-2026-0001 in libssl3.",
        ),
        (
            "epss-at-least: 0.1, cvss-at-least: 7.0",
            |f| f.cvss = None,
            "1 high vulnerability with a fix (no CVSS score, EPSS at least 0.1): CVE-2026-0001 in libssl3.",
        ),
        (
            "older-than: 14d, package: ['linux-*', openssl]",
            |_| {},
            "1 high vulnerability with a fix (older than 14d, package linux-* or openssl): CVE-2026-0001 in libssl3.",
        ),
        (
            "older-than: 60d, layer: base",
            |f| f.published = None,
            "1 high vulnerability with a fix (of unknown age, layer base): CVE-2026-0001 in libssl3.",
        ),
        (
            "layer: other",
            |f| f.package.layer = None,
            "1 high vulnerability with a fix (of an unknown layer): CVE-2026-0001 in libssl3.",
        ),
        (
            "id: CVE-2026-0001, path: 'usr/**'",
            |_| {},
            "1 high vulnerability with a fix (id CVE-2026-0001, path usr/**): CVE-2026-0001 in libssl3.",
        ),
    ] {
        let mut one = known();
        change(&mut one);
        let said = case(&format!("{{{rule}, then: fail}}"), one).decide().reasons.remove(0).message;
        if said != wanted {
            wrong.push_str(&format!("{rule}\nwanted {wanted}\nfound  {said}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_secret_is_named_by_its_file() {
    let mut one = known();
    (one.class, one.id) = (Class::Secret, "private-key".into());
    one.package = Package { path: Some("/etc/ssl/key.pem".into()), ..Package::default() };
    let mut case = case("", one);
    case.policy = with_rules("", "secrets: [{severity: high, then: fail}]");
    let messages: Vec<String> = case.decide().reasons.into_iter().map(|reason| reason.message).collect();
    assert!(messages.contains(&"1 high secret: private-key in /etc/ssl/key.pem.".to_owned()), "{messages:?}");
}

/// Rules that say the same of findings are one reason, and different ones are several.
#[test]
fn one_reason_for_each_condition() {
    let mut case = case("", known());
    let mut other = known();
    other.id = "CVE-2026-0002".into();
    found(&mut case).push(other);
    for (rules, count) in [
        ("{severity: high, then: fail}", 1),
        ("{severity: high, then: fail}, {severity: [high, low], fixable: true, then: fail}", 1),
        ("{severity: high, then: fail}, {kev: true, then: fail}", 2),
        (
            "{severity: high, package: openssl, then: fail}, {severity: [high, low], package: openssl, then: fail}",
            1,
        ),
        ("{severity: high, then: note}, {kev: true, then: fail}", 2),
    ] {
        case.policy = with_rules(rules, "");
        assert_eq!(case.decide().reasons.len(), count, "{rules}");
    }
}
