//! The chain from the gate to the store and back, by the real program, on the real image that `make test` baked.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs;
use std::path::Path;

use common::{Ran, World, tree};
use serde_json::Value;

fn json(path: impl AsRef<Path>) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The image that the channel shows.
fn shown(store: &Path) -> String {
    let channel = json(store.join("channels/debian-app/stable.json"));
    channel["current"]["imageId"].as_str().unwrap().to_owned()
}

/// A decision at the runner, with everything that goes with it in its place.
#[track_caller]
fn decided(world: &World, ran: Ran, verdict: &str) -> Ran {
    let ran = ran.done();
    assert_eq!(ran.output("verdict"), verdict, "{}", ran.said());
    for output in ["evidence", "vsa", "replay", "page", "brief"] {
        assert!(ran.output_path(output).starts_with(world.path("")), "{output}: {}", ran.output(output));
        assert!(ran.output_path(output).is_file(), "{output}");
    }
    let brief = fs::read_to_string(ran.output("brief")).unwrap();
    assert!(ran.summary.is_empty() || ran.summary.contains(&brief), "{}", ran.summary);
    ran
}

#[track_caller]
fn replays(world: &World, decision: &Ran) {
    let replay = common::Step::new("gate", &world.path("")).path("replay", decision.output("replay"));
    let replay = replay.path("evidence", world.evidence()).run().done();
    for output in ["verdict", "verdict-digest", "policy-digest", "reasons"] {
        assert_eq!(replay.output(output), decision.output(output));
    }
    assert!(replay.summary.starts_with("## Replayed: the same verdict"), "{}", replay.summary);
}

#[test]
fn a_pass_is_published_and_adopted_and_taken_back() {
    let world = World::app();
    let store = world.path("store");
    let content = json(world.manifest())["disks"][0]["contentDigest"].as_str().unwrap().to_owned();
    let image = content.strip_prefix("hallmarkBlocks1:").unwrap();

    // What the channel showed before: the base image, by its own verdict.
    let base = World::decided("debian-base");
    let by = base.statement("verdict").predicate["policy"]["digest"]["sha256"].as_str().unwrap().to_owned();
    base.publish(&store, &by).input("family", "debian-app").run().done();
    let before = shown(&store);
    assert_ne!(before, image);

    let decision = decided(&world, world.gate("demo").run(), "pass");
    replays(&world, &decision);
    let published = world.publish(&store, decision.output("policy-digest")).run().done();
    for (output, wanted) in [
        ("adopted", "false"),
        ("image-id", image),
        ("content-digest", &content),
        ("channel", "debian-app/stable"),
        ("prior-image", &before),
    ] {
        assert_eq!(published.output(output), wanted, "{output}");
    }
    assert_eq!(shown(&store), image);
    let disk = published.output_path("location").join("disk.raw");
    let stored = blocks::digest_file(&disk, &blocks::Options::default()).unwrap();
    assert_eq!(stored.content_digest.to_string(), content);
    let release = world.statement("release");
    assert_eq!(
        release.predicate["hallmark"]["verdict"]["digest"]["sha256"],
        decision.output("verdict-digest")
    );

    // Once more changes nothing, and says so.
    let (in_store, in_evidence) = (tree::contents(&store), tree::contents(&world.evidence()));
    let again = world.publish(&store, decision.output("policy-digest")).run().done();
    assert_eq!(again.output("adopted"), "true");
    for output in ["image-id", "release-id", "location"] {
        assert_eq!(again.output(output), published.output(output));
    }
    tree::assert_same(&tree::contents(&store), &in_store, "published again");
    tree::assert_same(&tree::contents(&world.evidence()), &in_evidence, "published again");

    let back = |from: &World| {
        let step = from.publish(&store, decision.output("policy-digest"));
        step.input("operation", "rollback").run()
    };
    let rolled_back = back(&world).done();
    assert_eq!((rolled_back.output("image-id"), rolled_back.output("prior-image")), (before.as_str(), image));
    assert_eq!(shown(&store), before);
    let refused = back(&world);
    assert_eq!(
        (refused.code, refused.reasons()),
        (Some(1), vec!["no-prior-image".to_owned()]),
        "{}",
        refused.said()
    );
}

#[test]
fn what_has_to_be_reviewed_is_published_once_somebody_answers_for_it() {
    let world = World::app();
    let store = world.path("store");
    let review = decided(&world, world.gate("strict").run(), "review");
    replays(&world, &review);
    let by = review.output("policy-digest");
    let refused = world.publish(&store, by).run();
    assert_eq!(refused.code, Some(1), "{}", refused.said());
    assert_eq!(refused.reasons(), ["verdict-review", "vsa-failed"]);
    assert!(!store.exists());

    let approval = world.approve(&review.output_path("evidence")).run().done().output_path("approval");
    // On a runner, a job's environment is what approves, and a file alone never is.
    let evidence = tree::stamps(&world.evidence());
    let runner = world.gate("strict").path("resume", &approval).run();
    assert_eq!(runner.code, Some(2), "{}", runner.said());
    assert!(runner.said().contains("needs the digest of the brief that was shown"), "{}", runner.said());
    assert!(!runner.outputs.contains_key("verdict"));
    tree::assert_same(&tree::stamps(&world.evidence()), &evidence, "resumed on a runner");

    let pass = decided(&world, world.resume("strict", &approval).run(), "pass");
    assert_ne!(pass.output("waived"), "0");
    assert_eq!(pass.output("policy-digest"), by);
    replays(&world, &pass);
    let published = world.publish(&store, by).run().done();
    assert_eq!(shown(&store), published.output("image-id"));
    assert_eq!(
        world.statement("release").predicate["hallmark"]["verdict"]["digest"]["sha256"],
        pass.output("verdict-digest")
    );
}
