//! A `review` verdict, a person's approval, and everything that is no approval.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use crate::common::{World, codes};
use runner::testing::Run;

fn review() -> (World, Run) {
    let world = World::bare();
    world.put("bake", &world.signatures(b"binary"));
    world.put("bake", &world.provenance());
    world.put("assay", &world.tests("booted", "2026-11-22T11:00:00Z", 9, 0));
    world.put("assay", &world.scan(&[("CVE-2026-1", "CRITICAL", None)], true));
    let run = world.gate("strict");
    assert_eq!((run.code, run.outputs["verdict"].as_str()), (0, "review"), "{}", run.stderr);
    (world, run)
}

fn resume(world: &World, approval: &str) -> Run {
    world.gate_with("strict", &[("resume", approval.to_owned())])
}

#[test]
fn an_approval_clears_a_review_and_stays_visible() {
    let (world, run) = review();
    let approved = world.approve(&run, "approver");
    assert_eq!(approved.code, 0, "{}", approved.stdout);
    assert_eq!(approved.outputs["waives"], r#"["feed-missing","sample-database","unfixed-vulnerability"]"#);
    let resumed = resume(&world, &approved.outputs["approval"]);
    assert_eq!((resumed.code, resumed.outputs["verdict"].as_str()), (0, "pass"), "{}", resumed.stderr);
    // Both feeds are missing.
    assert_eq!(resumed.outputs["waived"], "4");
    let page = fs::read_to_string(&resumed.outputs["page"]).unwrap();
    assert!(page.contains("Waived by Ada &lt;ada@example.org&gt;") && !page.contains("<script>alert"));
    let replayed = world.replay(&resumed.outputs["replay"]);
    assert_eq!(replayed.code, 0, "{}", replayed.stdout);
}

#[test]
fn an_approval_in_the_folder_alone_clears_nothing() {
    let (world, run) = review();
    world.approve(&run, "approver");
    assert_eq!(world.gate("strict").outputs["verdict"], "review");
}

/// There, the file is the verdict, and the approvals are GitHub's: `clicks` has the cases.
#[test]
fn on_a_runner_an_approval_file_is_none() {
    let (world, run) = review();
    let approval = world.approve(&run, "approver").outputs["approval"].clone();
    let resumed = world.gate_on_runner("strict", &[("resume", approval)]);
    assert_eq!(resumed.code, 2);
    assert!(resumed.stdout.contains("input `brief-digest` was not given"), "{}", resumed.stdout);
}

#[test]
fn approvals_that_are_none() {
    let (world, run) = review();
    // The gate's own key cannot approve: neither when it is made nor when it is used.
    assert_eq!(world.approve(&run, "assay").code, 2);
    let signed = ["bake", "mallory"].map(|signer| {
        let approval = world.approve(&run, signer).outputs["approval"].clone();
        // Out of the folder, where someone unknown would be a reason by itself.
        let moved = world.path(&format!("{signer}.sigstore.json"));
        fs::rename(approval, &moved).unwrap();
        moved
    });
    for approval in signed {
        let resumed = resume(&world, &approval.to_string_lossy());
        assert_eq!(
            (resumed.code, codes(&resumed)[0].as_str()),
            (1, "approval-refused"),
            "{}",
            approval.display()
        );
    }
    let resumed = resume(&world, &run.outputs["evidence"]);
    assert_eq!(
        (resumed.code, codes(&resumed)[0].as_str()),
        (1, "approval-refused"),
        "a verdict is no approval"
    );
    let resumed = resume(&world, &world.path("image.json").to_string_lossy());
    assert_eq!((resumed.code, codes(&resumed)[0].as_str()), (1, "approval-refused"), "nor is a manifest");
}

/// Each row: what happens between approval and resuming, the verdict, and its reason.
#[test]
fn an_approval_is_for_exactly_one_verdict() {
    type Row = (&'static str, fn(&mut World), &'static str, &'static str);
    let rows: &[Row] = &[
        (
            "a new scan",
            |w| {
                let scan = w.scan(&[("CVE-2026-9", "CRITICAL", None)], true);
                w.put("assay", &scan);
            },
            "fail",
            "approval-of-another",
        ),
        (
            "the verdict is gone",
            |w| {
                for entry in fs::read_dir(w.path("evidence")).unwrap() {
                    let path = entry.unwrap().path();
                    if path.file_name().unwrap().to_string_lossy().starts_with("verdict.") {
                        fs::remove_file(path).unwrap()
                    }
                }
            },
            "fail",
            "approval-of-another",
        ),
        (
            "the policy's keys changed",
            |w| {
                fs::copy(w.path("mallory.pub"), w.path("publish.pub")).unwrap();
            },
            "fail",
            "approval-of-another",
        ),
        (
            "nine hours pass, and strict allows eight",
            |w| w.now = "2026-11-22T21:00:00Z".parse().unwrap(),
            "review",
            "approval-expired",
        ),
        (
            "the tests go stale meanwhile",
            |w| w.now = "2026-11-23T11:30:00Z".parse().unwrap(),
            "fail",
            "stale-evidence",
        ),
    ];
    for (what, change, verdict, code) in rows {
        let (mut world, run) = review();
        let approval = world.approve(&run, "approver").outputs["approval"].clone();
        change(&mut world);
        let resumed = resume(&world, &approval);
        assert_eq!(
            resumed.outputs.get("verdict").map(String::as_str),
            Some(*verdict),
            "{what}: {}",
            resumed.stderr
        );
        assert!(codes(&resumed).contains(&(*code).to_owned()), "{what}: {:?}", codes(&resumed));
    }
}

/// Evidence about a raw disk fits any image.json; an approval does not.
#[test]
fn an_approval_is_for_exactly_one_manifest() {
    let mut world = World::bare();
    world.put("bake", &world.signatures(b"binary"));
    let scan = world.scan(&[("CVE-2026-1", "CRITICAL", None)], true);
    for (signer, mut statement) in [
        ("bake", world.provenance()),
        ("assay", world.tests("booted", "2026-11-22T11:00:00Z", 9, 0)),
        ("assay", scan),
    ] {
        statement.subject.truncate(1);
        world.put(signer, &statement);
    }
    let run = world.gate("strict");
    assert_eq!(run.outputs["verdict"], "review", "{}", run.stderr);
    let approval = world.approve(&run, "approver").outputs["approval"].clone();
    world.image.boot_mode = model::BootMode::LegacyBios;
    world.write_image();
    let resumed = resume(&world, &approval);
    assert_eq!((resumed.code, codes(&resumed)[0].as_str()), (1, "approval-of-another"), "{}", resumed.stdout);
}

#[test]
fn only_a_review_can_be_approved() {
    for (found, wanted) in [
        (&[] as &[crate::common::Found<'_>], "nothing to approve"),
        (&[("CVE-2026-2", "HIGH", Some("2"))], "no person may waive"),
    ] {
        let world = World::with(found);
        let run = world.gate("recommended");
        let approved = world.approve(&run, "approver");
        assert_eq!(approved.code, 2);
        assert!(approved.stdout.contains(wanted), "{}", approved.stdout);
    }
}

/// A fail stays a fail, whatever is approved.
#[test]
fn a_changed_brief_cannot_be_approved() {
    let (world, run) = review();
    fs::write(&run.outputs["brief"], "all is well").unwrap();
    let approved = world.approve(&run, "approver");
    assert_eq!(approved.code, 2);
    assert!(approved.stdout.contains("is not this verdict's brief"), "{}", approved.stdout);
}
