use jiff::SignedDuration;
use model::{Class, Finding, Package, Severity};
use proptest::prelude::*;

use super::beginnings;
use crate::exceptions::index::Index;
use crate::exceptions::{Exception, Exceptions};
use crate::policy::{ExceptionLimits, Scope};

fn finding() -> Finding {
    Finding {
        aliases: vec!["GHSA-aaaa".into(), "DSA-5-1".into()],
        package: Package {
            name: "libssl3".into(),
            source: Some("openssl".into()),
            version: "3.0.1-1".into(),
            purl: Some("pkg:deb/debian/libssl3@3.0.1-1?arch=amd64".into()),
            path: Some("usr/lib/app/lib.jar".into()),
            layer: None,
        },
        severity: Severity::High,
        ..Finding::new(Class::Vulnerability, "CVE-2026-1", "s")
    }
}

fn of(class: Class, id: &str, path: &str) -> Finding {
    let package = Package { path: Some(path.into()), ..Package::default() };
    Finding { class, id: id.into(), aliases: vec![], package, ..finding() }
}

fn all(items: &[&str]) -> Exceptions {
    let day = SignedDuration::from_hours(24);
    let limits = ExceptionLimits { max_lifetime: day * 90, warn_before: day, package_level: true };
    let said = "reason: r, owner: o, created: 2026-01-01, expires: 2026-02-01";
    let items: String = items.iter().map(|item| format!("  - {{{item}, {said}}}\n")).collect();
    Exceptions::parse("e", &format!("version: 1\nexceptions:\n{items}"), limits).unwrap()
}

fn exception(text: &str) -> Exception {
    all(&[text]).list()[0].clone()
}

const SCOPE: Scope<'_> = Scope { family: Some("web-eu"), environment: Some("dev") };

/// Every field, with what fits, what does not, and nothing.
const TABLE: &[(&str, bool)] = &[
    ("id: CVE-2026-1", true),
    ("id: cve-2026-1", true),
    ("id: GHSA-aaaa", true),
    ("id: DSA-5-1", true),
    ("id: CVE-2026-11", false),
    ("id: CVE-2026-2, aliases: [GHSA-AAAA]", true),
    ("id: CVE-2026-2, aliases: DSA-5-1", true),
    ("id: CVE-2026-2, aliases: [GHSA-bbbb]", false),
    ("id: CVE-2026-1, aliases: [GHSA-bbbb]", true),
    ("id: CVE-2026-1, class: vulnerability", true),
    ("id: CVE-2026-1, class: secret", false),
    ("id: CVE-2026-1, class: license", false),
    ("id: CVE-2026-1, class: misconfiguration", false),
    ("package: libssl3", true),
    ("package: openssl", true),
    ("package: libssl", false),
    ("package: LIBSSL3", false),
    ("id: CVE-2026-1, package: libssl3", true),
    ("id: CVE-2026-1, package: openssl", true),
    ("id: CVE-2026-1, package: libssl", false),
    ("id: CVE-2026-2, package: openssl", false),
    ("purl: 'pkg:deb/debian/libssl3'", true),
    ("purl: 'pkg:deb/debian/libssl3@3.0.1-1'", true),
    ("purl: 'pkg:deb/debian/libssl3@3.0.1-1?arch=amd64'", true),
    ("purl: 'pkg:deb/debian/libssl3@3.0.1-1?arch'", false),
    ("purl: 'pkg:deb/debian/libssl3@3.0.1'", false),
    ("purl: 'pkg:deb/debian/libssl'", false),
    ("purl: 'pkg:deb/ubuntu/libssl3'", false),
    ("package: openssl, purl: 'pkg:deb/debian/libssl3'", true),
    ("package: libssl, purl: 'pkg:deb/debian/libssl3'", false),
    ("package: openssl, purl: 'pkg:deb/debian/libssl'", false),
    ("package: libssl3, version: '3.0.1-1'", true),
    ("package: libssl3, version: '3.0.1'", false),
    ("package: libssl3, version: '3.0.01-1'", false),
    ("package: libssl3, versions: 'vers:deb/>=3.0.0|<3.0.13'", true),
    ("package: libssl3, versions: 'vers:deb/3.0.01-1'", true),
    ("package: libssl3, versions: 'vers:deb/<3.0.1-1'", false),
    ("package: libssl3, versions: 'vers:deb/*'", true),
    ("package: libssl3, versions: 'vers:rpm/*'", false),
    ("package: libssl3, versions: 'vers:semver/>=1.0.0'", false),
    ("id: CVE-2026-1, paths: ['usr/**']", true),
    ("id: CVE-2026-1, paths: ['/usr/lib/*/lib.jar']", true),
    ("id: CVE-2026-1, paths: 'usr/lib/app/lib.jar'", true),
    ("id: CVE-2026-1, paths: ['usr/*']", false),
    ("id: CVE-2026-1, paths: ['opt/**', '**/*.{jar,war}']", true),
    ("id: CVE-2026-1, paths: ['lib.jar']", false),
    ("id: CVE-2026-1, images: [a, web-eu]", true),
    ("id: CVE-2026-1, images: web-eu", true),
    ("id: CVE-2026-1, images: 'web-*'", true),
    ("id: CVE-2026-1, images: ['web-eu*']", true),
    ("id: CVE-2026-1, images: [web]", false),
    ("id: CVE-2026-1, images: [a]", false),
    ("id: CVE-2026-1, environments: [dev]", true),
    ("id: CVE-2026-1, environments: [prod, 'd*']", true),
    ("id: CVE-2026-1, environments: [prod]", false),
    ("id: CVE-2026-1, environments: [DEV]", false),
    ("package: libssl3, images: [a]", false),
    ("id: CVE-2026-1, vex: {status: not_affected, impact: i}", true),
    ("id: CVE-2026-1, vex: {status: affected, action: a}", true),
];

#[test]
fn truth_table() {
    for (text, fits) in TABLE {
        assert_eq!(exception(text).matches(&finding(), &SCOPE), *fits, "{text}");
    }
}

/// What the finding or the scope does not say fits nothing that the exception says about it.
#[test]
fn what_is_not_known_does_not_fit() {
    let nowhere = Scope::default();
    let mut bare = finding();
    bare.aliases.clear();
    bare.package = Package { name: "libssl3".into(), version: "3.0.1-1".into(), ..Package::default() };
    for (text, fits, in_no_scope) in [
        ("id: CVE-2026-1", true, true),
        ("package: libssl3", true, true),
        ("package: openssl", false, true),
        ("id: DSA-5-1", false, true),
        ("purl: 'pkg:deb/debian/libssl3'", false, true),
        ("package: libssl3, version: '3.0.1-1'", true, true),
        ("package: libssl3, versions: 'vers:deb/*'", false, true),
        ("id: CVE-2026-1, paths: ['usr/**']", false, true),
        ("id: CVE-2026-1, images: ['web-*']", true, false),
        ("id: CVE-2026-1, environments: ['d*']", true, false),
    ] {
        let one = exception(text);
        assert_eq!(one.matches(&bare, &SCOPE), fits, "{text}");
        assert_eq!(one.matches(&finding(), &nowhere), in_no_scope, "{text}");
    }
}

/// An exception never covers what nobody can compare.
#[test]
fn a_version_that_does_not_read_lies_in_no_range() {
    for range in ["vers:deb/*", "vers:deb/!=1", "vers:deb/<99", "vers:deb/>=0"] {
        let one = exception(&format!("package: libssl3, versions: '{range}'"));
        assert!(one.matches(&finding(), &SCOPE), "{range}");
        for version in ["", "3.0.1_1", "3.0.1-", "\u{202e}1", &"1".repeat(1000)] {
            let mut odd = finding();
            odd.package.version = version.into();
            assert!(!one.matches(&odd, &SCOPE), "{range} {version:?}");
        }
    }
    for (purl, range, fits) in [
        ("pkg:npm/x@1.2.3", "vers:npm/<2.0.0", true),
        ("pkg:npm/x@1.2.3", "vers:semver/<2.0.0", true),
        ("pkg:npm/x@1.2.3", "vers:cargo/<2.0.0", false),
        ("pkg:generic/x@1.2.3", "vers:semver/<2.0.0", false),
        ("1.2.3", "vers:semver/<2.0.0", false),
    ] {
        let mut other = finding();
        other.package.purl = Some(purl.into());
        other.package.version = "1.2.3".into();
        let one = exception(&format!("package: libssl3, versions: '{range}'"));
        assert_eq!(one.matches(&other, &SCOPE), fits, "{purl} {range}");
    }
}

#[test]
fn the_other_classes() {
    let secret = of(Class::Secret, "aws-access-key-id", "/srv/app/.env");
    let check = of(Class::Misconfiguration, "AVD-DS-0002", "etc/ssh/sshd_config");
    let mut license = of(Class::License, "AGPL-3.0-only OR MIT", "usr/share/doc/x/copyright");
    license.package.name = "x".into();
    for (text, on_secret, on_check, on_license) in [
        ("class: secret, id: aws-access-key-id", true, false, false),
        ("class: secret, id: AWS-access-key-id, paths: ['srv/**']", true, false, false),
        ("class: secret, paths: ['srv/**']", true, false, false),
        ("class: secret, paths: ['etc/**']", false, false, false),
        ("class: misconfiguration, paths: ['etc/**']", false, true, false),
        ("class: misconfiguration, id: AVD-DS-0002", false, true, false),
        ("class: misconfiguration, id: AVD-DS-0003", false, false, false),
        ("class: license, id: AGPL-3.0-only OR MIT", false, false, true),
        ("class: license, id: AGPL-3.0-only", false, false, false),
        ("class: license, package: x", false, false, true),
        ("class: license, paths: ['usr/share/doc/**']", false, false, true),
        ("package: x", false, false, false),
        ("id: aws-access-key-id", false, false, false),
    ] {
        let one = exception(text);
        let found = [&secret, &check, &license].map(|finding| one.matches(finding, &SCOPE));
        assert_eq!(found, [on_secret, on_check, on_license], "{text}");
    }
}

#[test]
fn beginnings_end_at_borders_and_soon() {
    let found: Vec<_> = beginnings("pkg:deb/debian/x@1?a=b", 100).collect();
    assert_eq!(
        found,
        ["pkg:deb", "pkg:deb/debian", "pkg:deb/debian/x", "pkg:deb/debian/x@1", "pkg:deb/debian/x@1?a=b"]
    );
    assert_eq!(beginnings("pkg:deb/debian/x@1?a=b", 16).last(), Some("pkg:deb/debian/x"));
    assert_eq!(beginnings(&"/".repeat(1_000_000), 512).count(), 513);
}

fn found() -> impl Strategy<Value = Finding> {
    let class = prop::sample::select(Class::ALL.to_vec());
    let id = prop::sample::select(vec!["CVE-1", "cve-2", "GHSA-1", "key"]);
    let name = prop::sample::select(vec!["a", "b", ""]);
    let purl = prop::sample::select(vec![
        None,
        Some("pkg:deb/debian/a@1"),
        Some("pkg:npm/%40s/b@1?x=y"),
        Some("pkg:golang/b"),
    ]);
    let path = prop::sample::select(vec![None, Some("/srv/a"), Some("etc/b")]);
    (class, id, any::<bool>(), name, purl, path).prop_map(|(class, id, alias, name, purl, path)| {
        let mut one = finding();
        one.class = class;
        one.id = id.into();
        one.aliases = if alias { vec!["GHSA-2".into()] } else { vec![] };
        one.package = Package {
            name: name.into(),
            source: Some("source".into()),
            version: "1".into(),
            purl: purl.map(Into::into),
            path: path.map(Into::into),
            layer: None,
        };
        one
    })
}

const EVERYTHING: [&str; 18] = [
    "id: CVE-1",
    "id: CVE-2, aliases: [GHSA-1]",
    "id: GHSA-2, package: a",
    "id: CVE-1, package: source",
    "id: CVE-1, purl: 'pkg:npm/%40s'",
    "id: CVE-1, purl: 'pkg:deb/debian/a@1'",
    "id: CVE-1, paths: ['srv/**']",
    "package: a",
    "package: source, paths: [etc/b]",
    "purl: 'pkg:deb/debian/a'",
    "purl: 'pkg:npm/%40s/b@1?x=y'",
    "purl: 'pkg:golang/b', package: b",
    "class: secret, paths: ['srv/*', '/etc/*']",
    "class: secret, id: key",
    "class: misconfiguration, paths: ['etc/**']",
    "class: license, package: a",
    "class: license, paths: ['**/a']",
    "class: license, id: key, purl: 'pkg:golang/b'",
];

proptest! {
    /// The index leaves out nothing that matches.
    #[test]
    fn the_index_forgets_none(finding in found(), which in prop::collection::vec(any::<bool>(), EVERYTHING.len())) {
        let chosen: Vec<&str> = EVERYTHING.iter().zip(which).filter(|(_, take)| *take).map(|(text, _)| *text).collect();
        if !chosen.is_empty() {
            let exceptions = all(&chosen);
            let candidates = Index::new(&exceptions).candidates(&finding);
            let matching = |list: &mut dyn Iterator<Item = usize>| -> Vec<usize> {
                list.filter(|at| exceptions.list()[*at].matches(&finding, &SCOPE)).collect()
            };
            let every = matching(&mut (0..chosen.len()));
            prop_assert_eq!(matching(&mut candidates.into_iter()), every);
        }
    }
}
