//! Looking again, by the real Trivy: the pinned one, on the path that HALLMARK_TEST_BIN_DIR names or in the cache of tools.
//! Its sample database stands for today's.

use std::fs;

use runner::testing::{Harness, Run};
use serde_json::{Value, json};

use crate::common::World;
use crate::regate::alerts::results;
use crate::regate::place::{POLICY, Place, all, codes, regate, standing};
use crate::regate::said;
use crate::trivy;

/// What the sample database knows something about, with a fix, and two packages beside it.
const PACKAGES: [(&str, &str, &str); 3] = [
    ("libcap2", "libcap2", "1:2.75-10+b8"),
    ("ncurses-base", "ncurses", "6.5+20250216-2"),
    ("sed", "sed", "4.9-2"),
];
const KNOWN: &str = "CVE-2026-4878";

/// A report of the real Trivy over a root file system, by a database that knew nothing yet.
fn report() -> Value {
    let harness = trivy::with_tools(trivy::harness());
    let root = trivy::debian(&harness.workspace(), "13.7", &PACKAGES);
    let run = trivy::kept(harness.input_path("rootfs", root).input("scanners", "vuln"));
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    let mut report = trivy::report(&run);
    assert!(
        trivy::ids(&report).iter().any(|(id, package, _)| id == KNOWN && package == "libcap2"),
        "{report}"
    );
    for result in report["Results"].as_array_mut().unwrap() {
        result.as_object_mut().unwrap().remove("Vulnerabilities");
    }
    report
}

/// Published by such a report.
fn published(report: &Value) -> Place {
    let place = Place { world: World::bare() };
    let policy = POLICY
        .replace(
            "severity: critical, fixable: true, then: fail",
            "severity: [critical, high, medium, low], fixable: true, then: fail",
        )
        .replace("  - {severity: medium, fixable: true, then: review}\n", "")
        + "reasons: {sample-database: note}\n";
    place.write("policy.yml", &policy);
    place.kev(&[]);
    place.world.put("bake", &place.world.signatures(b"binary"));
    place.world.put("bake", &place.world.provenance());
    place.world.put("assay", &place.world.tests("booted", "2026-11-22T11:00:00Z", 3, 0));
    place.world.put("assay", &place.world.scan_of(report.to_string().as_bytes(), false));
    let run = place.gate(&[]);
    assert_eq!(run.outputs["verdict"], "pass", "{}\n{}", run.stdout, run.stderr);
    place.release();
    place.put();
    place
}

fn scanner(place: &Place, days: i64) -> Harness {
    trivy::with_tools(place.harness(days, None)).input("rescan", "true").input("database", "sample")
}

fn again(place: &Place, days: i64) -> Run {
    scanner(place, days).run(regate())
}

#[test]
fn what_is_known_by_now_of_what_was_seen_then() {
    let place = published(&report());
    // By the report of then it passes; and when that is too old, nobody knows.
    assert_eq!(standing(&place.night(1, None)), "passes");
    assert_eq!(standing(&place.night(40, None)), "stale");
    for days in [1, 40] {
        let run = again(&place, days);
        assert_eq!((run.code, standing(&run).as_str()), (1, "fails"), "{days}: {}", said(&run));
        assert_eq!(codes(&run), ["fixable-vulnerability"], "{}", said(&run));
        let findings = all(&run)[0]["found"]["findings"].clone();
        let found: Vec<&str> =
            findings.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert!(found.contains(&KNOWN), "{found:?}");
        assert_eq!(
            (&findings[0]["package"], &findings[0]["version"]),
            (&json!("libcap2"), &json!("1:2.75-10+b8"))
        );
    }
    // It is an alert then, in a file that had none by the report of then.
    let folder = place.world.path("sarif");
    let alerts = |run: Run| {
        assert_eq!(run.outputs["sarif"], folder.to_str().unwrap(), "{}", said(&run));
        let file = fs::read(folder.join("debian-web.amd64.trivy.sarif")).unwrap();
        let log: Value = serde_json::from_slice(&file).unwrap();
        let ids = results(&log).iter().map(|one| one["ruleId"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    let before = place.night_with(1, None, &[("sarif", folder.to_str().unwrap())]);
    assert_eq!(alerts(before), [""; 0]);
    for days in [1, 40] {
        let found = alerts(scanner(&place, days).input_path("sarif", &folder).run(regate()));
        assert!(found.contains(&KNOWN.to_owned()), "{days}: {found:?}");
    }
    // Answered for, it passes, on a day on which the report of then says nothing any more.
    place.write("exceptions.yml", &format!(
        "version: 1\nexceptions:\n  - {{id: {KNOWN}, reason: r, owner: o, created: 2026-12-01, expires: 2027-01-31}}\n"
    ));
    let run = again(&place, 40);
    assert_eq!((run.code, standing(&run).as_str()), (0, "passes"), "{}", said(&run));
    assert!(!place.world.path("evidence").join("rescan").exists());
}

/// A report that says a package which does not come through Trivy's own conversion would lose its vulnerabilities.
#[test]
fn what_does_not_come_through_is_not_decided() {
    let mut report = report();
    // No SBOM has a place for what has no package URL.
    let lost = json!({"ID": "lost@1", "Name": "lost", "Version": "1", "Identifier": {"UID": "u9"}});
    let result = json!({"Target": "x", "Class": "lang-pkgs", "Type": "unheard-of", "Packages": [lost]});
    report["Results"].as_array_mut().unwrap().push(result);
    let place = published(&report);
    assert_eq!(standing(&place.night(1, None)), "passes");
    let run = again(&place, 1);
    assert_eq!((run.code, standing(&run).as_str()), (2, "undecided"), "{}", said(&run));
    assert!(
        said(&run).contains("does not see 1 of the packages that the old one saw, lost"),
        "{}",
        said(&run)
    );
}

/// What nobody signed for is not looked at, whoever put it there.
#[test]
fn a_report_without_its_statement_is_not_looked_at() {
    let place = published(&report());
    let scan = place.world.file("vulns");
    fs::remove_file(scan).unwrap();
    place.put();
    let run = again(&place, 1);
    assert_eq!((run.code, standing(&run).as_str()), (1, "fails"), "{}", said(&run));
    assert!(codes(&run).contains(&"missing-evidence".to_owned()), "{}", said(&run));
    assert!(!run.stdout.contains("an SBOM of what was seen"), "{}", said(&run));
}
