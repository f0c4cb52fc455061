//! `vers:` ranges: which versions lie in them, and what is no range.
#![allow(clippy::unwrap_used, reason = "tables of tests, outside the test functions themselves")]

use versions::{Ecosystem, Range};

#[test]
fn truth_table() {
    // 1.0, 1.5, 2.0, 2.5 and 3.0 of Debian, each within (`x`) or not.
    for (range, within) in [
        ("*", "xxxxx"),
        ("1.5", ".x..."),
        ("=1.5", ".x..."),
        ("1.0|2.0", "x.x.."),
        ("!=1.5", "x.xxx"),
        ("!=1.5|!=2.0", "x..xx"),
        ("1.0|!=2.0", "x...."),
        ("<2.0", "xx..."),
        ("<=2.0", "xxx.."),
        (">2.0", "...xx"),
        (">=2.0", "..xxx"),
        (">=1.5|<2.5", ".xx.."),
        (">1.5|<=2.5", "..xx."),
        ("<1.5|>2.5", "x...x"),
        ("<=1.5|>=2.5", "xx.xx"),
        ("<1.5|>=2.0|<3.0", "x.xx."),
        (">=1.0|<1.5|>=2.5", "x..xx"),
        (">=1.0|!=2.0|<3.0", "xx.x."),
        (">=1.5|<2.0|3.0", ".x..x"),
        ("<1.5|2.0", "x.x.."),
        (">4", "....."),
        ("<4", "xxxxx"),
    ] {
        let read = Range::parse(&format!("vers:deb/{range}")).unwrap();
        let found: String = ["1.0", "1.5", "2.0", "2.5", "3.0"]
            .iter()
            .map(|version| if read.contains(version).unwrap() { 'x' } else { '.' })
            .collect();
        assert_eq!(found, within, "{range}");
        assert_eq!(read.ecosystem(), Ecosystem::Deb);
        assert_eq!(read.is_everything(), range == "*");
    }
}

#[test]
fn each_ecosystem_by_its_own_order() {
    for (range, version, within) in [
        ("vers:deb/>=1.0~rc1|<1.0", "1.0~rc2", true),
        ("vers:deb/<1:0", "99", true),
        ("vers:rpm/<1.0", "1.0~rc1", true),
        ("vers:rpm/>=3.0.7-1.el9|<3.0.7-27.el9", "3.0.7-9.el9", true),
        ("vers:apk/<1.0", "1.0_rc1", true),
        ("vers:apk/<1.0", "1.0_p1", false),
        ("vers:alpine/<1.0", "0.9", true),
        ("vers:npm/<1.0.0", "1.0.0-rc.1", true),
        ("vers:cargo/1.2.3", "1.2.3+build", true),
        ("vers:semver/>=1.9.0|<1.11.0", "1.10.0", true),
        ("vers:pypi/<1.0", "1.0.dev1", true),
        ("vers:golang/<v0.1.0", "v0.0.0-20200101000000-0123456789ab", true),
        ("vers:maven/>=1.0|<2.0", "2.0-SNAPSHOT", true),
        ("vers:deb/1%3A2.0", "1:2.0", true),
        ("vers:deb/1:2.0", "1:2.0", true),
        ("vers:deb/ >= 1.0 | < 2.0 ", "1.5", true),
        ("vers:pypi/1%212.0", "1!2.0", true),
    ] {
        assert_eq!(Range::parse(range).unwrap().contains(version).unwrap(), within, "{range} {version}");
    }
}

/// Not "not in range": nobody can say.
#[test]
fn an_unreadable_version_is_an_error() {
    for range in ["vers:deb/*", "vers:deb/!=1", "vers:deb/>=1", "vers:deb/1"] {
        for version in ["", "1 0", "é", "1-", &"1".repeat(300)] {
            assert!(Range::parse(range).unwrap().contains(version).is_err(), "{range} {version:?}");
        }
    }
}

#[test]
fn what_is_no_range_says_what_to_write() {
    for (text, wanted) in [
        ("", "`` is no range: write one such as `vers:deb/>=3.0.0|<3.0.13`"),
        (">=1.0", "`>=1.0` is no range: write one such as `vers:deb/>=3.0.0|<3.0.13`"),
        ("vers:deb", "`vers:deb` is no range: write one such as `vers:deb/>=3.0.0|<3.0.13`"),
        (
            "vers:deb/",
            "a constraint of the range names no version: write a version after the comparator, and `|` only between constraints",
        ),
        (
            "vers:deb/>=1|",
            "a constraint of the range names no version: write a version after the comparator, and `|` only between constraints",
        ),
        (
            "vers:deb/>=",
            "a constraint of the range names no version: write a version after the comparator, and `|` only between constraints",
        ),
        ("vers:deb/*|>1", "`*` stands beside something else: write `vers:deb/*` for every version"),
        ("vers:deb/>*", "`*` stands beside something else: write `vers:deb/*` for every version"),
        (
            "vers:deb/>=1,<2",
            "`>=1,<2` is no constraint: write `>=1.0|<2.0` with `|` between the constraints; percent-encode these signs in a version",
        ),
        (
            "vers:deb/>>1",
            "`>>1` is no constraint: write `>=1.0|<2.0` with `|` between the constraints; percent-encode these signs in a version",
        ),
        (
            "vers:deb/<2|>=1",
            "the range is not sorted by version: write `vers:deb/>=1|<2`, if that is what it should say",
        ),
        ("vers:deb/1.0|1.00", "the range names the version `1.0` twice: keep one of its constraints"),
        ("vers:deb/>=1|>=2", "`>=1` and `>=2` bound the range on the same side: keep `>=1`"),
        ("vers:deb/<1|!=1.5|<2", "`<1` and `<2` bound the range on the same side: keep `<2`"),
        (
            "vers:deb/1%zz",
            "`1%zz` is not percent-encoded as it should be: write `%` and two hexadecimal digits, and `%25` for `%` itself",
        ),
        (
            "vers:deb/1%2",
            "`1%2` is not percent-encoded as it should be: write `%` and two hexadecimal digits, and `%25` for `%` itself",
        ),
        (
            "vers:deb/1%ff",
            "`1%ff` is not percent-encoded as it should be: write `%` and two hexadecimal digits, and `%25` for `%` itself",
        ),
        (
            "vers:deb/1_0",
            "`1_0` is no version of deb: only letters, digits and `.+~-:` make a version: write a version as deb has them",
        ),
        (
            "vers:generic/1",
            "the versions of `generic` have no order that is known here: one of `deb`, `rpm`, `apk`, `semver`, `npm`, `cargo`, `pypi`, `golang`, `maven` is wanted after `vers:`",
        ),
    ] {
        assert_eq!(Range::parse(text).unwrap_err().to_string(), wanted, "{text}");
    }
    assert!(Range::parse(&format!("vers:deb/{}", "1|".repeat(10_000))).is_err());
}

#[test]
fn one_spelling() {
    for (text, wanted) in [
        ("vers:deb/ >= 1.0 | < 2.0", "vers:deb/>=1.0|<2.0"),
        ("vers:alpine/=1.0", "vers:apk/1.0"),
        ("vers:pypi/1%212.0", "vers:pypi/1%212.0"),
        ("vers:deb/%31:2", "vers:deb/1:2"),
        ("vers:npm/*", "vers:npm/*"),
    ] {
        let range = Range::parse(text).unwrap();
        assert_eq!(range.to_string(), wanted);
        assert_eq!(Range::parse(wanted).unwrap(), range);
    }
}
