//! Scans of sources: they count where the provenance names the commit as it is committed, and never stand for a scan of
//! the image.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::common::{World, codes};
use attest::{Kind, Statement};
use model::Subject;
use runner::testing::Run;
use serde_json::{Value, json};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The world's evidence, with a provenance that has this commit among what it lists.
fn baked_from(commit: &str, dirty: &Value) -> World {
    let world = World::good();
    fs::remove_file(world.file("provenance")).unwrap();
    let mut provenance = world.provenance();
    provenance.predicate["buildDefinition"]["resolvedDependencies"].as_array_mut().unwrap().push(json!({
        "name": "workspace", "digest": {"gitCommit": commit}, "annotations": {"dirty": dirty},
    }));
    world.put("bake", &provenance);
    world
}

/// A report of Semgrep's with so many weaknesses.
fn report(count: usize) -> Vec<u8> {
    let found = |at: usize| {
        json!({"check_id": "shell-true", "path": "a.py", "start": {"line": at + 1}, "end": {"line": at + 1},
            "extra": {"message": "A shell", "severity": "ERROR", "metadata": {}}})
    };
    let report = json!({"version": "1", "errors": [], "paths": {"scanned": ["a.py"]},
        "results": (0..count).map(found).collect::<Vec<_>>()});
    serde_json::to_vec(&report).unwrap()
}

/// The statement of a scan of these sources.
fn scan(world: &World, digests: &[(&str, &str)], count: usize) -> Statement {
    let digest = world.dir().put_report(&report(count)).unwrap();
    let predicate = json!({
        "scanner": {"uri": "https://github.com/semgrep/semgrep", "db": {"lastUpdate": world.made}, "result": []},
        "metadata": {"scanStartedOn": world.made, "scanFinishedOn": world.made},
        "hallmark": {
            "seen": "source", "report": {"name": "semgrep.json", "digest": {"sha256": digest}},
            "tool": {"name": "semgrep", "version": "1", "sha256": digest}, "packages": 0, "scanners": ["sast"],
            "counts": {"critical": 0, "high": 0, "medium": 0, "low": 0, "negligible": 0, "unknown": 0},
            "others": {"weaknesses": count},
        },
    });
    let digest: BTreeMap<String, String> =
        digests.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let subject = Subject { name: Some("git+https://github.com/acme/images".into()), uri: None, digest };
    Statement::new(Kind::Vulns, vec![subject], &predicate).unwrap()
}

/// Decided by the recommended policy, with a rule for weaknesses.
fn decided(world: &World) -> Run {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/recommended.yml");
    let policy = format!(
        "{}\nweaknesses:\n  - {{severity: [critical, high], then: fail}}\n",
        fs::read_to_string(shipped).unwrap()
    );
    let path = world.path("policy.yml");
    fs::write(&path, policy).unwrap();
    world.gate(&path.to_string_lossy())
}

#[test]
fn a_scan_counts_where_the_provenance_names_its_commit_as_it_is_committed() {
    let other = "f".repeat(40);
    let rows: [(&str, World, &str, &[&str]); 5] = [
        ("named and clean", baked_from(COMMIT, &json!(false)), COMMIT, &[]),
        (
            "named and changed",
            baked_from(COMMIT, &json!(true)),
            COMMIT,
            &["class-not-scanned", "unjoined-files"],
        ),
        ("nobody knows", baked_from(COMMIT, &Value::Null), COMMIT, &["class-not-scanned", "unjoined-files"]),
        ("another", baked_from(COMMIT, &json!(false)), &other, &["class-not-scanned", "unjoined-files"]),
        ("none is named", World::good(), COMMIT, &["class-not-scanned", "unjoined-files"]),
    ];
    for (name, world, commit, wanted) in rows {
        world.put("assay", &scan(&world, &[("gitCommit", commit)], 0));
        let run = decided(&world);
        let mut found = codes(&run);
        found.sort();
        assert_eq!(found, wanted, "{name}: {}", run.stdout);
    }
}

#[test]
fn its_findings_are_held_to_the_rules() {
    let world = baked_from(COMMIT, &json!(false));
    world.put("assay", &scan(&world, &[("gitCommit", COMMIT)], 2));
    let run = decided(&world);
    assert_eq!((run.code, codes(&run)), (1, vec!["weakness-found".to_owned(); 1]), "{}", run.stdout);
    // And the same again from the manifest alone.
    assert_eq!(world.replay(&run.outputs["replay"]).code, 0);
}

#[test]
fn without_one_nobody_looked_for_weaknesses() {
    let world = baked_from(COMMIT, &json!(false));
    assert_eq!(codes(&decided(&world)), ["class-not-scanned"]);
}

#[test]
fn it_is_no_scan_of_the_image() {
    let world = baked_from(COMMIT, &json!(false));
    fs::remove_file(world.file("vulns")).unwrap();
    world.put("assay", &scan(&world, &[("gitCommit", COMMIT)], 0));
    let mut found = codes(&decided(&world));
    found.sort();
    assert_eq!(found, ["class-not-scanned", "not-seen-as-required"]);
}

#[test]
fn what_says_more_than_a_commit_is_about_something_else() {
    let disk = "a".repeat(64);
    for digests in [
        vec![("gitCommit", COMMIT), ("sha256", disk.as_str())],
        vec![("sha256", disk.as_str())],
        vec![("gitTree", COMMIT)],
    ] {
        let world = baked_from(COMMIT, &json!(false));
        world.put("assay", &scan(&world, &digests, 0));
        let found = codes(&decided(&world));
        assert!(found.contains(&"wrong-subject".to_owned()), "{digests:?}: {found:?}");
    }
}

#[test]
fn who_may_not_sign_a_scan_may_not_sign_one_of_sources() {
    for signer in ["mallory", "bake", ""] {
        let world = baked_from(COMMIT, &json!(false));
        world.put(signer, &scan(&world, &[("gitCommit", COMMIT)], 0));
        let run = decided(&world);
        assert_eq!(run.code, 1, "{signer}: {}", run.stdout);
    }
}

/// The alerts of sources are the commit's, under the category that its scan has.
#[test]
fn its_findings_are_not_among_the_images_sarif() {
    let world = baked_from(COMMIT, &json!(false));
    world.put("assay", &scan(&world, &[("gitCommit", COMMIT)], 2));
    let run = world.gate_with("minimal", &[("sarif", world.path("sarif").to_string_lossy().into_owned())]);
    let names: Vec<_> =
        fs::read_dir(&run.outputs["sarif"]).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["trivy.sarif"], "{}", run.stderr);
}
