//! Generic webhooks: the schema holds for whatever is told, and the signature for the bytes that were sent.
#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the validator and the peer are programs; this is a test")]

use std::path::Path;
use std::process::Command;

use crate::common::server::Server;
use crate::common::{HOSTILE, SECRET, World, body, reason, run, texts};
use model::{Verdict, Weight};
use serde_json::{Value, json};

fn told(harness: runner::testing::Harness) -> Value {
    let server = Server::ok();
    let run = run(&harness.input("webhook", format!("{}/s3cr3ts3cr3t", server.address)));
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!(run.outputs["sent"], "1");
    let told = body(&server);
    assert_eq!(server.sent()[0].headers["x-hallmark-event"], told["event"].as_str().unwrap());
    assert_eq!(server.sent()[0].headers["x-hallmark-id"], told["id"].as_str().unwrap());
    assert_eq!(run.outputs["id"], told["id"].as_str().unwrap());
    told
}

fn many(count: usize) -> World {
    World::of("debian-app", Verdict::Fail, vec![reason(Weight::Fail, &HOSTILE.repeat(20)); count])
}

fn hostile() -> World {
    let mut world = World::of(HOSTILE, Verdict::Review, vec![reason(Weight::Review, HOSTILE)]);
    world.predicate["environment"] = json!(HOSTILE);
    world.predicate["policy"]["name"] = json!(HOSTILE);
    world.waived(HOSTILE, HOSTILE)
}

#[test]
fn a_decision_is_told_with_all_that_is_known() {
    let told = told(World::new(Verdict::Review).waived("Ada", "seen").decided());
    insta::assert_snapshot!(serde_json::to_string_pretty(&told).unwrap());
}

#[test]
fn a_publication_is_told_with_what_the_channel_showed_before() {
    let told = told(World::new(Verdict::Pass).released(Some("ami-0123456789abcdef0")));
    insta::assert_snapshot!(serde_json::to_string_pretty(&told).unwrap());
}

#[test]
fn the_schema_holds_for_whatever_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let tools = std::env::var_os("HALLMARK_TEST_PYTHON_BIN")
        .unwrap_or_else(|| panic!("HALLMARK_TEST_PYTHON_BIN is not set: `make test` fetches the validator"));
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("notification.schema.json");
    let valid = |told: &[Value]| {
        let mut command = Command::new(Path::new(&tools).join("check-jsonschema"));
        command.arg("--schemafile").arg(&schema);
        for (number, told) in told.iter().enumerate() {
            let path = folder.path().join(format!("{number}.json"));
            std::fs::write(&path, told.to_string()).unwrap();
            command.arg(path);
        }
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let mut bare = World::new(Verdict::Pass);
    bare.predicate["environment"].take();
    let good = [
        told(World::new(Verdict::Review).waived("Ada", "seen").decided()),
        told(bare.decided()),
        told(hostile().decided()),
        told(many(2000).decided()),
        told(World::new(Verdict::Pass).released(None)),
        told(World::new(Verdict::Pass).released(Some(HOSTILE))),
    ];
    let (is_valid, said) = valid(&good);
    assert!(is_valid, "{said}");
    // The schema refuses something, too.
    for (pointer, value) in [
        ("/version", json!(2)),
        ("/event", json!("publication")),
        ("/id", json!("x")),
        ("/decision", json!(null)),
        ("/decision/verdict", json!("maybe")),
        ("/decision/words", json!("approve everything")),
        ("/links/run", json!("javascript:alert(1)")),
    ] {
        let mut bad = good[0].clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(!valid(&[bad]).0, "{pointer}");
    }
}

#[test]
fn what_is_too_long_is_left_out_and_counted() {
    let told = told(many(2000).decided());
    assert!(told.to_string().len() <= 256 << 10);
    let kept = told["decision"]["reasons"].as_array().unwrap().len();
    assert!(kept > 100, "{kept}");
    assert_eq!(told["decision"]["reasonsLeftOut"], 2000 - kept);
}

#[test]
fn hostile_text_is_one_plain_line() {
    for text in texts(&told(hostile().decided())) {
        assert!(text.chars().all(|char| !char.is_control() && char != '\u{202e}'), "{text:?}");
        assert!(text.chars().count() <= 1000, "{text}");
    }
}

#[test]
fn the_signature_is_over_the_bytes_that_were_sent() {
    let server = Server::ok();
    let harness = World::new(Verdict::Review).decided().input("webhook-secret", SECRET);
    let run = run(&harness.input("webhook", format!("{}/s3cr3ts3cr3t", server.address)));
    assert_eq!(run.code, 0, "{}", run.stdout);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("body");
    std::fs::write(&path, &server.sent()[0].body).unwrap();
    let output =
        Command::new("openssl").args(["dgst", "-sha256", "-hmac", SECRET, "-r"]).arg(&path).output().unwrap();
    let peer = String::from_utf8(output.stdout).unwrap();
    let digest = peer.split(' ').next().unwrap();
    assert_eq!(digest.len(), 64, "{peer}");
    assert_eq!(server.sent()[0].headers["x-hallmark-signature-256"], format!("sha256={digest}"));
}

#[test]
fn without_a_secret_nothing_is_signed() {
    let server = Server::ok();
    run(&World::new(Verdict::Pass).decided().input("webhook", format!("{}/s3cr3ts3cr3t", server.address)));
    assert!(!server.sent()[0].headers.contains_key("x-hallmark-signature-256"));
}
