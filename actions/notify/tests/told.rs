//! Who is told of what, what becomes of a failure, and what is refused before anything is sent.

use crate::common::server::{Answer, Server};
use crate::common::{SECRET, World, run};
use model::Verdict;
use runner::testing::Harness;
use serde_json::{Value, json};

fn address(server: &Server) -> String {
    format!("{}/services/s3cr3ts3cr3t", server.address)
}

fn status(status: u16) -> Answer {
    Answer::Status(status, vec![], "s3cr3ts3cr3t")
}

#[test]
fn only_what_is_asked_for_is_told() {
    let decided = |verdict| World::new(verdict);
    for (on, expected) in [
        (None, [1, 1, 1, 1]),
        (Some("pass"), [1, 0, 0, 0]),
        (Some("review, fail"), [0, 1, 1, 0]),
        (Some("publish"), [0, 0, 0, 1]),
    ] {
        let worlds = [
            decided(Verdict::Pass),
            decided(Verdict::Review),
            decided(Verdict::Fail),
            decided(Verdict::Pass),
        ];
        for (at, world) in worlds.iter().enumerate() {
            let server = Server::ok();
            let harness = if at == 3 { world.released(None) } else { world.decided() };
            let harness = harness.input("webhook", address(&server));
            let run = run(&match on {
                Some(on) => harness.input("on", on),
                None => harness,
            });
            assert_eq!(run.code, 0, "{}", run.stdout);
            assert_eq!(server.count(), expected[at], "{on:?} {at}");
            assert_eq!(run.outputs["sent"], expected[at].to_string());
            assert_eq!(run.stdout.contains("Nobody is told"), expected[at] == 0, "{}", run.stdout);
        }
    }
}

#[test]
fn every_address_is_told_in_its_own_shape() {
    let (one, two, three) = (Server::ok(), Server::ok(), Server::ok());
    let webhooks = format!("{}\n\nslack {}\nteams {}\n", address(&one), address(&two), address(&three));
    let run = run(&World::new(Verdict::Pass).decided().input("webhook", webhooks));
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!(run.outputs["sent"], "3");
    for (server, member) in [(&one, "event"), (&two, "blocks"), (&three, "attachments")] {
        let told: Value = serde_json::from_slice(&server.sent()[0].body).unwrap();
        assert!(told.get(member).is_some(), "{member}: {told}");
    }
    assert_eq!(run.summary.matches("Told webhook").count(), 3, "{}", run.summary);
}

#[test]
fn addresses_are_masked_however_they_are_written() {
    let server = Server::ok();
    let run =
        run(&World::new(Verdict::Pass).decided().input("webhook", format!("slack {}", address(&server))));
    for mask in [address(&server), "/services/s3cr3ts3cr3t".to_owned()] {
        assert!(run.stdout.lines().any(|line| line == format!("::add-mask::{mask}")), "{mask}");
    }
}

#[test]
fn an_address_in_a_file_is_as_good() {
    let server = Server::ok();
    let world = World::new(Verdict::Pass);
    let path = world.folder.path().join("webhook");
    std::fs::write(&path, format!("{}\n", address(&server))).unwrap();
    let run = run(&world.decided().arg("--webhook").arg(path));
    assert_eq!((run.code, server.count()), (0, 1), "{}", run.stdout);
}

#[test]
fn an_outage_is_a_warning_unless_the_step_is_to_fail() {
    for (answer, why) in [
        (status(404), "the answer was 404"),
        (status(413), "the answer was 413"),
        (Answer::Silence, "no answer came in time"),
        (Answer::Hangup, "the connection broke off"),
    ] {
        for (fail, code, level) in
            [("false", 0, "::warning title=Not told::"), ("true", 2, "::error title=Not told::")]
        {
            let (bad, good) = (Server::new(std::slice::from_ref(&answer)), Server::ok());
            let webhooks = format!("{}\n{}", address(&bad), address(&good));
            let harness = World::new(Verdict::Pass).decided().input("webhook", webhooks);
            // Where no answer is waited for, the other server has so long as well.
            let time = if matches!(answer, Answer::Silence) { "3s" } else { "60s" };
            let run = run(&harness.input("fail", fail).input("timeout", time));
            assert_eq!(run.code, code, "{}", run.stdout);
            assert!(run.stdout.contains(&format!("{level}webhook 1 (generic): {why}")), "{}", run.stdout);
            // The other one is told all the same.
            assert_eq!(
                (good.count(), run.outputs["sent"].as_str(), run.outputs["failed"].as_str()),
                (1, "1", "1")
            );
            assert!(run.summary.contains("Could not tell webhook 1"), "{}", run.summary);
        }
    }
}

#[test]
fn what_passes_is_tried_again_with_the_same_bytes() {
    let server = Server::new(&[
        status(500),
        Answer::Status(429, vec![("retry-after", "1".to_owned())], ""),
        status(200),
    ]);
    let run = run(&World::new(Verdict::Pass).decided().input("webhook", address(&server)));
    assert_eq!((run.code, run.outputs["sent"].as_str()), (0, "1"), "{}", run.stdout);
    let sent = server.sent();
    assert_eq!(sent.len(), 3);
    assert!(
        sent.iter().all(|one| one.body == sent[0].body && one.headers["x-hallmark-id"] == run.outputs["id"])
    );
}

#[test]
fn nobody_to_tell_is_a_warning_unless_the_step_is_to_fail() {
    let world = World::new(Verdict::Pass);
    let run_ = run(&world.decided());
    assert_eq!((run_.code, run_.outputs["sent"].as_str()), (0, "0"));
    assert!(run_.stdout.contains("::warning::Nobody is told"), "{}", run_.stdout);
    assert_eq!(run(&world.decided().input("fail", "true")).code, 2);
}

#[test]
fn the_same_is_told_by_the_same_id() {
    let id = |harness: &Harness| run(harness).outputs["id"].clone();
    let (pass, fail) = (World::new(Verdict::Pass), World::new(Verdict::Fail));
    assert_eq!(id(&pass.decided()), id(&pass.decided().input("title", "Another")));
    assert_ne!(id(&pass.decided()), id(&fail.decided()));
    assert_ne!(id(&pass.decided()), id(&pass.decided().env("GITHUB_RUN_ATTEMPT", "3")));
    assert_ne!(id(&pass.decided()), id(&pass.released(None)));
}

/// Another input, and the words of the refusal.
type Case = (&'static str, &'static str, &'static str);

#[test]
fn bad_input_is_refused_before_anything_is_sent() {
    let topic = "arn:aws:sns:eu-central-1:123456789012:golden";
    let twice = format!("{topic},{topic}");
    let many = (0..21).map(|n| format!("{topic}{n}")).collect::<Vec<_>>().join("\n");
    let cases: &[Case] = &[
        ("format", "discord", "input `format`"),
        ("topic", "golden", "input `topic`: `golden` is no ARN"),
        ("topic", Box::leak(twice.into_boxed_str()), "is there twice"),
        ("topic", Box::leak(many.into_boxed_str()), "are more than the 20 that are told"),
        ("on", "maybe", "input `on`: `maybe` is none of pass, review, fail, publish"),
        ("webhook-secret", "short", "input `webhook-secret`: it is shorter than 16"),
        ("page-url", "http://pages.example", "input `page-url`: `http://pages.example` is no https address"),
        ("page-url", "javascript:alert(1)", "is no https address"),
        ("channel-url", "here", "input `channel-url`: `here` is no address"),
        ("timeout", "1h", "input `timeout`: between 1s and 5m"),
        ("timeout", "0s", "input `timeout`: between 1s and 5m"),
        ("evidence", "nothing.intoto.json", "input `evidence`: cannot read"),
        ("brief", "nothing.md", "input `brief`: cannot read"),
        ("brief-digest", "ffff", "input `brief-digest`"),
        ("json", "nothing.json", "input `json`: cannot read"),
    ];
    for (name, value, why) in cases {
        let server = Server::ok();
        let run =
            run(&World::new(Verdict::Pass).decided().input("webhook", address(&server)).input(name, value));
        assert_eq!(run.code, 2, "{name}: {}", run.stdout);
        assert!(run.stdout.contains(why), "{name}: {}", run.stdout);
        assert_eq!(server.count(), 0, "{name}");
    }
}

#[test]
fn bad_addresses_are_refused_before_a_good_one_is_told_and_are_not_repeated() {
    for bad in [
        "http://hooks.example.com/s3cr3ts3cr3t",
        "https://prod-1.westeurope.logic.azure.com/s3cr3ts3cr3t",
        "https://me:s3cr3ts3cr3t@hooks.example.com/",
        "s3cr3ts3cr3t",
    ] {
        let server = Server::ok();
        let harness =
            World::new(Verdict::Pass).decided().input("webhook", format!("{}\n{bad}", address(&server)));
        let run = run(&harness);
        assert_eq!((run.code, server.count()), (2, 0), "{bad}: {}", run.stdout);
        assert!(run.stdout.contains("input `webhook`, line 2: it "), "{}", run.stdout);
    }
}

#[test]
fn a_secret_that_nobody_looks_at_is_refused() {
    let server = Server::ok();
    let harness = World::new(Verdict::Pass).decided().input("webhook-secret", SECRET);
    let run = run(&harness.input("webhook", format!("slack {}", address(&server))));
    assert_eq!((run.code, server.count()), (2, 0));
    assert!(run.stdout.contains("Slack and Teams look at no signature"), "{}", run.stdout);
}

#[test]
fn what_belongs_to_another_decision_is_not_told() {
    let refused = |harness: Harness, why: &str| {
        let server = Server::ok();
        let run = run(&harness.input("webhook", address(&server)));
        assert_eq!((run.code, server.count()), (2, 0), "{}", run.stdout);
        assert!(run.stdout.contains(why), "{why}: {}", run.stdout);
    };
    let world = World::new(Verdict::Pass);
    let brief = world.folder.path().join("other.md");
    std::fs::write(&brief, "## ✅ Pass: other\n").unwrap();
    refused(world.decided().input_path("brief", &brief), "and the verdict names the brief");
    refused(
        world.decided().input("brief-digest", "f".repeat(64)),
        "it is not the brief that was decided with",
    );
    refused(world.decided().input("brief", ""), "input `brief`");
    refused(world.released(None).input_path("brief", &brief), "`evidence` is a release: leave it out");
    refused(world.decided().input_path("evidence", &brief), "input `evidence`");
    for (pointer, value) in [
        ("/verdict", json!("fail")),
        ("/image/contentDigest", json!("hallmarkBlocks1:0")),
        ("/decidedOn", json!("2026-01-02T03:04:06Z")),
    ] {
        let harness = world.decided();
        let path = harness.workspace().join("decision.json");
        let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        *json.pointer_mut(pointer).unwrap() = value;
        std::fs::write(&path, json.to_string()).unwrap();
        refused(harness, "input `json`");
    }
}

#[test]
fn an_approval_is_told_by_who_signed_it_where_there_is_no_more() {
    let mut world = World::new(Verdict::Pass);
    world.predicate["approval"] = json!({"kind": "approval", "file": "a", "sha256": model::Sha256::of(b"a"),
        "payloadDigest": model::Sha256::of(b"a")});
    let server = Server::ok();
    let run = run(&world.decided().input("json", "").input("webhook", address(&server)));
    assert_eq!(run.code, 0, "{}", run.stdout);
    let told = crate::common::body(&server);
    assert_eq!(told["decision"]["approval"], json!({"by": "an approval that nobody signed"}));
    assert_eq!(told["decision"].get("findings"), None);
}
