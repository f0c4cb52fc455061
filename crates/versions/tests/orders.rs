//! Real comparisons, ecosystem by ecosystem: each row with both sides, so that order and its reverse agree.
//!
//! `real/` holds what the programs of the ecosystems themselves said: Maven's `ComparableVersion` 3.8.7, Python's
//! `packaging` 26.3, node's `semver`, Go's `golang.org/x/mod/semver`. dpkg is asked anew each time.
#![expect(clippy::disallowed_methods, reason = "the test asks dpkg itself")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tables of tests, outside the test functions themselves"
)]

use std::cmp::Ordering;
use std::process::Command;

use versions::{Ecosystem, compare};

fn check(ecosystem: Ecosystem, a: &str, sign: &str, b: &str) {
    let wanted = match sign {
        "<" => Ordering::Less,
        "=" => Ordering::Equal,
        ">" => Ordering::Greater,
        other => panic!("{other}"),
    };
    assert_eq!(compare(ecosystem, a, b).unwrap(), wanted, "{ecosystem}: {a} {sign} {b}");
    assert_eq!(compare(ecosystem, b, a).unwrap(), wanted.reverse(), "{ecosystem}: {b} against {a}");
}

/// Lines of `a < b`; more than two in a line are a chain, each against each later one.
fn table(ecosystem: Ecosystem, lines: &str) {
    let mut rows = 0;
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.contains(&"<") && words.len() > 3 {
            let chain: Vec<&str> = words.into_iter().filter(|word| *word != "<").collect();
            for (at, a) in chain.iter().enumerate() {
                for b in &chain[at + 1..] {
                    check(ecosystem, a, "<", b);
                }
            }
        } else {
            check(ecosystem, words[0], words[1], words[2]);
        }
        rows += 1;
    }
    assert!(rows > 0, "{ecosystem}");
}

#[test]
fn what_the_real_programs_said() {
    for (ecosystem, lines) in [
        (Ecosystem::Maven, include_str!("real/maven.txt")),
        (Ecosystem::Pypi, include_str!("real/pypi.txt")),
        (Ecosystem::Npm, include_str!("real/npm.txt")),
        (Ecosystem::Semver, include_str!("real/npm.txt")),
        (Ecosystem::Cargo, include_str!("real/npm.txt")),
        (Ecosystem::Golang, include_str!("real/golang.txt")),
    ] {
        assert!(lines.lines().count() >= 400, "{ecosystem}");
        table(ecosystem, lines);
    }
}

const DEB: &str = "
1.0 = 1.0-0
1.0-0 = 1.0-00
0:1.0 = 1.0
1.a = 1.a0
1. = 1.0
1.0 = 1.00
1.0~~ < 1.0~~a < 1.0~ < 1.0 < 1.0a < 1.0+b1 < 1.0.1
1.0~rc1-1 < 1.0-1~bpo12+1 < 1.0-1 < 1.0-1+b1 < 1.0-1+deb12u1 < 1.0-1.1 < 1.0-2 < 1.0.1-1 < 1:0.1-1
3.0.9-1 < 3.0.13-1~deb12u1 < 3.0.13-1 < 3.0.15-1
0:0-0-0 > 0-0
0:0-0 < 0:0-1
0:0-a < 0:0-b
0:a < 1:a
99999999999999999999999999999 < 100000000000000000000000000000
2.0.37+cvs.20060101-1 < 2.0.38
";

#[test]
fn deb() {
    table(Ecosystem::Deb, DEB);
    for wrong in [
        "",
        "1.0-",
        "-1",
        ":1",
        "a:1",
        "1:",
        "4294967296:1",
        "2147483648:1",
        "1.0_1",
        "1 0",
        "1.0\n",
        "1.0é",
        "-",
    ] {
        assert!(compare(Ecosystem::Deb, wrong, "1").is_err(), "{wrong:?}");
    }
    assert!(compare(Ecosystem::Deb, "2147483647:1", "1").is_ok());
}

/// Every pair of a list that has everything in it, against `dpkg --compare-versions`.
#[test]
fn deb_as_dpkg_has_it() {
    const LIST: [&str; 30] = [
        "0",
        "0-0",
        "1",
        "1.0",
        "1.00",
        "1.a",
        "1.a0",
        "1.",
        "1.0~",
        "1.0~~",
        "1.0~rc1-1",
        "1.0-1~bpo12+1",
        "1.0-1",
        "1.0-1+b1",
        "1.0-1+deb12u1",
        "1.0-1.1",
        "1.0-2",
        "1.0+dfsg-1",
        "1.0a",
        "1.0A",
        "1.0z-1",
        "1.10",
        "1.9",
        "0:1.0",
        "1:0.1",
        "2:0~",
        "1.0-1-1",
        "1.0-~",
        "1.0.0",
        "99999999999999999999",
    ];
    for (at, a) in LIST.iter().enumerate() {
        for b in &LIST[at..] {
            let ours = compare(Ecosystem::Deb, a, b).unwrap();
            let word = match ours {
                Ordering::Less => "lt",
                Ordering::Equal => "eq",
                Ordering::Greater => "gt",
            };
            let agreed = Command::new("dpkg").args(["--compare-versions", a, word, b]).status().unwrap();
            assert!(agreed.success(), "{a} {word} {b}");
        }
    }
}

/// The test cases of rpm's `rpmvercmp`.
const RPM: &str = "
1.0 = 1.0
1.0 < 2.0
2.0 < 2.0.1
2.0.1 < 2.0.1a
5.5p1 < 5.5p2 < 5.5p10 < 5.6p1 < 6.5p1
10xyz < 10.1xyz
xyz10 < xyz10.1
xyz.4 < 2 < 8
6.0 < 6.0.rc1
10a1 < 10a2 < 10b2
1.0a < 1.0aa
10.0001 = 10.1
10.0001 < 10.0039
4.999.9 < 5.0
20101121 < 20101122
2_0 = 2.0
a = a+
a+ = a_
+a = _a
+_ = _+
+ = _
1.0~rc1~git123 < 1.0~rc1 < 1.0~rc2 < 1.0 < 1.0^ < 1.0^git1 < 1.0^git2 < 1.01
1.0^20160101 < 1.0^20160101^git1 < 1.0^20160102 < 1.0.1
1.0~rc1 < 1.0~rc1^git1
1.0^git1~pre < 1.0^git1
1.0-1 < 1.0-1.1 < 1.0-2 < 1.0-10 < 1:0.1-1
1:1.0-1 = 01:1.0-1
0:1.0-1 = 1.0-1
3.0.7-24.el9 < 3.0.7-25.el9_2 < 3.0.7-27.el9
99999999999999999999999999999 < 100000000000000000000000000000
";

#[test]
fn rpm() {
    table(Ecosystem::Rpm, RPM);
    // Oddities that rpm's own tests write down.
    check(Ecosystem::Rpm, "1b.fc17", "<", "1.fc17");
    check(Ecosystem::Rpm, "1.fc17", "<", "1g.fc17");
    for wrong in ["", "1-", "-1", ":1", "a:1", "1-2-3", "1 0", "1.1.α", "1:2:3", "(none):1"] {
        assert!(compare(Ecosystem::Rpm, wrong, "1").is_err(), "{wrong:?}");
    }
}

const APK: &str = "
1.0_alpha < 1.0_alpha2 < 1.0_alpha10 < 1.0_beta < 1.0_pre < 1.0_rc1 < 1.0_rc1-r1 < 1.0 < 1.0-r0 < 1.0-r9 < 1.0-r10
1.0-r10 < 1.0_cvs < 1.0_svn < 1.0_git20200101 < 1.0_hg < 1.0_p1 < 1.0_p1-r1 < 1.0a < 1.0b < 1.0b-r1 < 1.0.1 < 1.1
0.1.0_alpha < 2.2.39-r1
1.1_alpha1 < 1.1
1.3_alpha8 > 0.6.0
2.3.0b-r1 < 2.3.0b-r2
4.8-r1 > 3.10.18-r1
8.2.0015 < 8.2.002 < 8.2.1 < 8.2.10
6.5_p20250503-r0 < 6.5_p20250504-r0
1.0 < 1.0~0a1b
1.0~0a1b < 1.0~0a1c
1.2.3 = 1.2.3
1 < 1.0
1.0-r1 = 1.0-r01
20200101000000000000000 < 20200101000000000000001
1.0_alpha_p < 1.0
";

#[test]
fn apk() {
    table(Ecosystem::Apk, APK);
    for wrong in [
        "",
        "a",
        "1.",
        "1..2",
        ".1",
        "1_",
        "1_foo",
        "1.0bc",
        "1.0-r",
        "1.0-1",
        "1.0-r1-r2",
        "1.0a.1",
        "1.0B",
        "1.0~",
        "1.0~xyz",
        "1 ",
        "1.0-r1a",
        "1.0é",
    ] {
        assert!(compare(Ecosystem::Apk, wrong, "1").is_err(), "{wrong:?}");
    }
}

const SEMVER: &str = "
1.0.0-alpha < 1.0.0-alpha.1 < 1.0.0-alpha.beta < 1.0.0-beta < 1.0.0-beta.2 < 1.0.0-beta.11 < 1.0.0-rc.1 < 1.0.0
1.0.0 < 1.0.1 < 1.1.0 < 1.10.0 < 2.0.0
1.0.0+a = 1.0.0+b
";

#[test]
fn semver() {
    for ecosystem in [Ecosystem::Semver, Ecosystem::Npm, Ecosystem::Cargo, Ecosystem::Golang] {
        table(ecosystem, SEMVER);
        for wrong in [
            "",
            "1.2.3.4",
            "01.2.3",
            "1.2.3-",
            "1.2.3-01",
            "a",
            "1.2.x",
            "^1.2.3",
            "18446744073709551616.0.0",
            "1..2",
        ] {
            assert!(compare(ecosystem, wrong, "1.0.0").is_err(), "{ecosystem}: {wrong:?}");
        }
        assert_eq!(compare(ecosystem, "1.2", "1.2.0").is_ok(), ecosystem == Ecosystem::Golang);
    }
    check(Ecosystem::Npm, "v1.2.3", "=", "=1.2.3");
}

#[test]
fn go() {
    table(
        Ecosystem::Golang,
        "v0.0.0-20191109021931-daa7c04131f5 < v0.0.0-20200101000000-0123456789ab < v0.1.0
         v1.2.3 < v1.2.4-0.20200101000000-0123456789ab < v1.2.4-pre < v1.2.4
         v1.2.3-pre < v1.2.3-pre.0.20200101000000-0123456789ab < v1.2.3
         v2.0.0+incompatible = 2.0.0
         v1 = v1.0.0
         v1.2 = 1.2.0",
    );
    for wrong in ["(devel)", "go1.21.3", "1.21rc1", "vv1.0.0"] {
        assert!(compare(Ecosystem::Golang, wrong, "v1.0.0").is_err(), "{wrong:?}");
    }
}

#[test]
fn pep_440() {
    table(
        Ecosystem::Pypi,
        "1.0.dev456 < 1.0a1 < 1.0a2.dev456 < 1.0a12.dev456 < 1.0a12 < 1.0b1.dev456 < 1.0b2 < 1.0b2.post345.dev456
         1.0b2.post345 < 1.0rc1.dev456 < 1.0rc1 < 1.0 < 1.0+abc.5 < 1.0+abc.7 < 1.0+5 < 1.0.post456.dev34 < 1.0.post456
         1.0.15 < 1.1.dev1 < 1!0.1
         1.0 = 1
         1.0c1 = 1.0rc1
         1.0-1 = 1.0.post1
         v1.0 = 1.0.0",
    );
    for wrong in ["", "french toast", "1.0.*", "1.0+", "1.0+a+b", "1.0-x", "99999999999999999999", "1!"] {
        assert!(compare(Ecosystem::Pypi, wrong, "1").is_err(), "{wrong:?}");
    }
}

/// From the tests of `ComparableVersion`.
#[test]
fn maven() {
    table(
        Ecosystem::Maven,
        "1-alpha2snapshot < 1-alpha2 < 1-alpha-123 < 1-beta-2 < 1-beta123 < 1-m2 < 1-m11 < 1-rc < 1-cr2 < 1-rc123 < 1-SNAPSHOT < 1 < 1-sp < 1-sp2 < 1-sp123 < 1-abc < 1-def < 1-pom-1 < 1-1-snapshot < 1-1 < 1-2 < 1-123
         2.0 < 2.0.a < 2-1 < 2.0.2 < 2.0.123 < 2.1.0 < 2.1-a < 2.1b < 2.1-c < 2.1-1 < 2.1.0.1 < 2.2 < 2.123
         11.a2 < 11.a11 < 11.b2 < 11.b11 < 11.m2 < 11.m11 < 11 < 11.a < 11b < 11c < 11m
         6.1.0rc3 < 6.1.0 < 6.1H.5-beta
         1 = 1.0.0-0
         1x = 1.0.0-x
         1ga = 1Final
         1cr = 1rc
         1a1 = 1-alpha-1
         1b2 = 1-beta-2
         1m3 = 1-MILESTONE-3
         1-0.alpha < 1
         20190126.230843 < 20190127.230843
         12345678901234567890 < 98765432109876543210",
    );
    for wrong in ["", "1 0", "1\n", "1é"] {
        assert!(compare(Ecosystem::Maven, wrong, "1").is_err(), "{wrong:?}");
    }
}
