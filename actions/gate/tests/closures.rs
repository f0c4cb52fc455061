//! A closure in the folder: a genuine one is about an earlier run, and any other is bad evidence.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use crate::common::{World, codes};
use attest::{Kind, Statement};
use model::Sha256;
use serde_json::json;

#[test]
fn every_case() {
    for (name, signer, wanted) in [
        ("by whoever publishes", "publish", None),
        ("by nobody", "", Some("unsigned-evidence")),
        ("by somebody who may not", "bake", Some("wrong-signer")),
        ("by a stranger", "mallory", Some("unknown-signer")),
    ] {
        let world = World::good();
        let predicate = json!({"outcome": "rejected", "verdict": {"sha256": Sha256::of(b"earlier")},
            "brief": {"sha256": Sha256::of(b"brief")}, "closedOn": "2026-11-22T10:00:00Z"});
        let statement = Statement::new(Kind::Closure, world.image.subjects().unwrap(), &predicate).unwrap();
        world.put(signer, &statement);
        let run = world.gate("recommended");
        match wanted {
            None => {
                assert_eq!((run.code, run.outputs["verdict"].as_str()), (0, "pass"), "{name}: {}", run.stdout)
            }
            Some(code) => {
                assert_eq!((run.code, codes(&run)[0].as_str()), (1, code), "{name}: {}", run.stdout)
            }
        }
    }
}

#[test]
fn one_that_cannot_be_read_or_is_about_another_image_is_bad_evidence() {
    let world = World::good();
    fs::write(world.path("evidence/closure.000000000000.sigstore.json"), "{").unwrap();
    let run = world.gate("recommended");
    assert_eq!((run.code, codes(&run)[0].as_str()), (1, "malformed-evidence"), "{}", run.stdout);

    let (world, mut other) = (World::good(), World::good().image);
    other.disks[0].content_digest = model::ContentDigest::new(Sha256::of(b"other"));
    let predicate = json!({"outcome": "expired", "verdict": {"sha256": Sha256::of(b"v")},
        "brief": {"sha256": Sha256::of(b"b")}, "closedOn": "2026-11-22T10:00:00Z"});
    world.put("publish", &Statement::new(Kind::Closure, other.subjects().unwrap(), &predicate).unwrap());
    let run = world.gate("recommended");
    assert_eq!((run.code, codes(&run)[0].as_str()), (1, "wrong-subject"), "{}", run.stdout);
}
