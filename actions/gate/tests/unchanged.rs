//! What was there before may be let through again only where this policy let it through before.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use crate::common::{Found, World};
use attest::{EvidenceDir, Kind, Statement};
use model::{ContentDigest, ImageManifest, Sha256};
use serde_json::json;

const FOUND: &[Found<'_>] = &[("CVE-2026-0001", "MEDIUM", Some("2"))];

/// A summary of an image: result, level, time, signer.
type Said = (&'static str, &'static str, &'static str, &'static str);

fn summary(image: &ImageManifest, (result, level, time, _): Said) -> Statement {
    let predicate = json!({
        "verifier": {"id": "https://hallmark.dev/gate"}, "timeVerified": time, "resourceUri": image.content_digest(),
        "policy": {"name": "p", "digest": {"sha256": Sha256::of(b"p")}},
        "verificationResult": result, "verifiedLevels": [level],
    });
    Statement::new(Kind::Vsa, image.subjects().unwrap(), &predicate).unwrap()
}

/// The verdict in `dev`, where the image before had the same finding and this was said about it.
fn verdict(said: &[Said]) -> String {
    let world = World::with(FOUND);
    let mut before = world.image.clone();
    before.disks[0].content_digest = ContentDigest::new(Sha256::of(b"before"));
    before.base = None;
    let dir = EvidenceDir::new(world.path("before/evidence"));
    let mut scan = world.scan(FOUND, false);
    scan.subject = before.subjects().unwrap();
    dir.put_report(&World::report(FOUND)).unwrap();
    dir.write(&scan, Some(world.key("assay"))).unwrap();
    fs::write(world.path("before/image.json"), before.to_bytes().unwrap()).unwrap();
    for one in said {
        dir.write(&summary(&before, *one), Some(world.key(one.3))).unwrap();
    }
    let before = world.path("before/evidence").to_string_lossy().into_owned();
    let run =
        world.gate_with("recommended", &[("previous-evidence", before), ("environment", "dev".to_owned())]);
    assert_eq!(run.outputs["unchanged"], "1", "{}", run.stderr);
    let replayed = world.replay(&run.outputs["replay"]);
    assert_eq!(replayed.outputs["verdict"], run.outputs["verdict"], "{}", replayed.stdout);
    run.outputs["verdict"].clone()
}

#[test]
fn truth_table() {
    const OWN: &str = "HALLMARK_RECOMMENDED";
    const OLD: &str = "2026-11-20T00:00:00Z";
    const NEW: &str = "2026-11-21T00:00:00Z";
    for (what, said, expected) in [
        ("nothing", &[] as &[Said], "review"),
        ("it passed", &[("PASSED", OWN, OLD, "assay")], "pass"),
        ("it failed", &[("FAILED", "FAILED", OLD, "assay")], "review"),
        ("another policy passed it", &[("PASSED", "HALLMARK_MINIMAL", OLD, "assay")], "review"),
        ("someone says so who may not", &[("PASSED", OWN, OLD, "bake")], "review"),
        ("it failed later", &[("PASSED", OWN, OLD, "assay"), ("FAILED", "FAILED", NEW, "assay")], "review"),
        ("it passed later", &[("FAILED", "FAILED", OLD, "assay"), ("PASSED", OWN, NEW, "assay")], "pass"),
        ("both at once", &[("FAILED", "FAILED", OLD, "assay"), ("PASSED", OWN, OLD, "assay")], "review"),
    ] {
        assert_eq!(verdict(said), expected, "{what}");
    }
}
