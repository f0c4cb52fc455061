//! From a `review` to its end, with the programs themselves, at a GitHub that answers: decided, shown, asked, decided again,
//! published or closed. Nothing is published but what somebody approved who may.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::os::unix::fs::FileExt as _;

use crate::common::World;
use crate::job::Job;
use crate::script::{ADA, BOB, PULLER, STARTER, Script, WRITER, approval};
use github::testing::Answer;
use runner::testing::{Harness, Run};
use serde_json::{Value, json};

/// What somebody says at GitHub, given the words that approve the brief.
type Said = fn(&mut Script, &str);

/// An image with a disk of its own, a policy that asks a person about it, and the verdict that says so.
fn review() -> (World, String, Run) {
    let mut world = World::bare();
    let disk = fs::File::create(world.path("web.raw")).unwrap();
    disk.set_len(1 << 30).unwrap();
    disk.write_all_at(b"an image", 5 << 20).unwrap();
    world.image.disks[0].content_digest =
        blocks::digest_file(&world.path("web.raw"), &blocks::Options::default()).unwrap().content_digest;
    world.write_image();
    world.put("bake", &world.signatures(b"binary"));
    world.put("bake", &world.provenance());
    world.put("assay", &world.tests("booted", "2026-11-22T11:00:00Z", 9, 0));
    world.put("assay", &world.scan(&[("CVE-2026-1", "CRITICAL", None)], true));
    let policy = crate::job::policy(&world, ", comment: required");
    let decided = world.gate(&policy);
    assert_eq!((decided.code, decided.outputs["verdict"].as_str()), (0, "review"), "{}", decided.stderr);
    (world, policy, decided)
}

/// What those see who are asked: the words that approve come from the brief that the verdict names, or there are none.
fn shown(world: &World, decided: &Run) -> Run {
    Harness::new()
        .now(world.now)
        .input("verdict", &decided.outputs["evidence"])
        .input("brief", &decided.outputs["brief"])
        .input("brief-digest", &decided.outputs["brief-digest"])
        .input("comment", "false")
        .input("check", "false")
        .input("token", "ghs_secret")
        .run(&brief::ACTION)
}

/// The release, by a verdict that this signer signed.
fn publish(world: &World, decided: &Run, signer: &str) -> Run {
    Harness::new()
        .now(world.now)
        .input_path("image", world.path("image.json"))
        .input_path("evidence", world.path("evidence"))
        .input_path("store", world.path("store"))
        .input("channel", "stable")
        .input_path("verdict-signer", world.path(&format!("{signer}.pub")))
        .input("verifier-id", "https://hallmark.dev/gate")
        .input("policy-digest", &decided.outputs["policy-digest"])
        .input("signing-key", world.pem("publish"))
        .run(&register_ami::ACTION)
}

/// The job outside of the environment.
fn close(world: &World, decided: &Run, script: Script, result: &str) -> Run {
    let attempt = script.attempt;
    let server = script.serve();
    Harness::new()
        .now(world.now)
        .env("GITHUB_API_URL", server.url("/api/v3").to_string())
        .env("GITHUB_RUN_ID", "1")
        .env("GITHUB_RUN_ATTEMPT", attempt.to_string())
        .input_path("image", world.path("image.json"))
        .input("verdict", &decided.outputs["evidence"])
        .input_path("verdict-signer", world.path("assay.pub"))
        .input_path("evidence", world.path("evidence"))
        .input("brief-digest", &decided.outputs["brief-digest"])
        .input("environments", "production")
        .input("publish-result", result)
        .input("timeout", "8h")
        .input("signing-key", world.pem("publish"))
        .input("token", "ghs_secret")
        .run(&close::ACTION)
}

fn verified(world: &World, decided: &Run, signer: &str) -> i32 {
    let run = Harness::new()
        .now(world.now)
        .input_path("image", world.path("image.json"))
        .input_path("evidence", world.path("evidence"))
        .input_path("verdict-signer", world.path(&format!("{signer}.pub")))
        .input("verifier-id", "https://hallmark.dev/gate")
        .input("policy-digest", &decided.outputs["policy-digest"])
        .run(&verify_image::VERIFY);
    i32::from(run.code)
}

/// How a run ends: the gate's exit code in the job that publishes, and what `close` records. 0 is published.
const CASES: &[(&str, Said, i32, &str)] = &[
    ("approved", |_, _| {}, 0, ""),
    ("pending", |s, _| s.approvals = json!([]), 1, "failed"),
    ("rejected", |s, _| s.approvals[0]["state"] = json!("rejected"), 1, "rejected"),
    (
        "approved by one, rejected by another",
        |s, w| {
            s.approvals = json!([
                approval("approved", ADA, &["production"], w),
                approval("rejected", BOB, &["production"], "no")
            ]);
        },
        1,
        "rejected",
    ),
    (
        "by who started it",
        |s, w| s.approvals = json!([approval("approved", STARTER, &["production"], w)]),
        1,
        "failed",
    ),
    (
        "by who wrote a commit",
        |s, w| s.approvals = json!([approval("approved", WRITER, &["production"], w)]),
        1,
        "failed",
    ),
    (
        "by who opened the pull request",
        |s, w| s.approvals = json!([approval("approved", PULLER, &["production"], w)]),
        1,
        "failed",
    ),
    (
        "an environment that asks nobody",
        |s, _| {
            s.environments.get_mut("production").unwrap()["protection_rules"] = json!([]);
        },
        1,
        "failed",
    ),
    (
        "administrators may pass by",
        |s, _| {
            s.environments.get_mut("production").unwrap()["can_admins_bypass"] = json!(true);
        },
        1,
        "failed",
    ),
    ("another brief", |s, _| s.approvals[0]["comment"] = json!("approve 000000000000"), 1, "failed"),
    (
        "a second attempt, with the click of the first",
        |s, _| {
            s.again(STARTER);
            s.approvals[0]["comment"] = json!("fine");
        },
        1,
        "failed",
    ),
    (
        "the words by somebody who was not asked",
        |s, w| {
            s.approvals = json!([
                approval("approved", ADA, &["production"], "fine"),
                approval("approved", BOB, &["canary"], w)
            ]);
        },
        1,
        "failed",
    ),
    ("403", |s, _| s.fault("/approvals", Answer::error(403, "Resource not accessible")), 2, ""),
    ("500", |s, _| s.fault("/approvals", Answer::error(500, "oops")), 2, ""),
    (
        "a rate limit",
        |s, _| {
            s.fault(
                "/approvals",
                Answer::Whole(429, vec![("retry-after", "3600".to_owned())], r#"{"message":"slow"}"#.into()),
            );
        },
        2,
        "",
    ),
];

#[test]
fn a_run_ends_published_or_closed_and_nothing_in_between() {
    for (what, said, code, outcome) in CASES {
        let (world, policy, decided) = review();
        let words = crate::job::words(&decided);
        let told = shown(&world, &decided);
        assert_eq!(
            (told.code, told.outputs["words"].as_str()),
            (0, words.as_str()),
            "{what}: {}",
            told.stdout
        );
        // Nobody was asked yet, and whoever signs verdicts for others has signed none that passes.
        for signer in ["assay", "publish"] {
            assert_eq!(publish(&world, &decided, signer).code, 1, "{what}");
        }
        let script = || {
            let mut script = Script::approved(&words);
            said(&mut script, &words);
            script
        };
        let resumed = Job::new(&world, &policy, &decided).run(script());
        assert_eq!(i32::from(resumed.code), *code, "{what}: {}", resumed.stdout);
        let published = publish(&world, &decided, "publish");
        assert_eq!(published.code == 0, *code == 0, "{what}: {}", published.stdout);
        assert_eq!(world.path("store/channels").exists(), *code == 0, "{what}");
        let result = if *code == 0 { "success" } else { "failure" };
        let closed = close(&world, &decided, script(), result);
        if outcome.is_empty() {
            // It was published, or GitHub does not say what was decided: nothing is recorded of which nobody knows.
            assert_eq!(closed.code, 2, "{what}: {}", closed.stdout);
        } else {
            assert_eq!(
                (closed.code, closed.outputs["outcome"].as_str()),
                (0, *outcome),
                "{what}: {}",
                closed.stdout
            );
        }
        assert_eq!(verified(&world, &decided, "publish") == 0, *code == 0, "{what}");
    }
}

/// Nobody came, or somebody ended it: a click that comes later finds the verdict closed.
#[test]
fn what_is_closed_stays_closed() {
    for (hours, result, outcome) in [(9, "cancelled", "expired"), (1, "cancelled", "cancelled")] {
        let (mut world, policy, decided) = review();
        let words = crate::job::words(&decided);
        let decided_on = world.now;
        world.now = decided_on + jiff::SignedDuration::from_hours(hours);
        let mut nobody = Script::approved(&words);
        nobody.approvals = json!([]);
        let closed = close(&world, &decided, nobody, result);
        assert_eq!((closed.code, closed.outputs["outcome"].as_str()), (0, outcome), "{}", closed.stdout);
        world.now = decided_on;
        let resumed = Job::new(&world, &policy, &decided).run(Script::approved(&words));
        let published = publish(&world, &decided, "publish");
        assert_ne!(published.code, 0, "{outcome}: {}\n{}", resumed.stdout, published.stdout);
        assert!(!world.path("store/channels").exists(), "{outcome}");
        assert_ne!(verified(&world, &decided, "publish"), 0, "{outcome}");
        let closures: Vec<Value> = crate::job::written(&world, "closure");
        assert_eq!(closures.len(), 1, "{outcome}");
    }
}
