//! From the gate's verdict to the consumer's question, with the programs themselves: real verdicts, a real approval,
//! a real store.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::os::unix::fs::FileExt as _;

use crate::common::World;
use runner::testing::{Harness, Run};
use serde_json::Value;

const EXCEPTION: &str = "version: 1
exceptions:
  - {id: CVE-2026-7, package: p1, reason: not reachable, owner: Ada, created: 2026-11-01, expires: 2026-12-01}
";

/// A world whose image has a disk, and this in its scan.
fn world(found: &[crate::common::Found<'_>], sample: bool) -> World {
    let mut world = World::bare();
    let disk = fs::File::create(world.path("web.raw")).unwrap();
    disk.set_len(1 << 30).unwrap();
    disk.write_all_at(b"an image", 5 << 20).unwrap();
    let digested = blocks::digest_file(&world.path("web.raw"), &blocks::Options::default()).unwrap();
    world.image.disks[0].content_digest = digested.content_digest;
    world.write_image();
    world.put("bake", &world.signatures(b"binary"));
    world.put("bake", &world.provenance());
    world.put("assay", &world.tests("booted", "2026-11-22T11:00:00Z", 9, 0));
    world.put("assay", &world.scan(found, sample));
    world
}

fn ask(world: &World, decided: &Run, now: &str) -> Harness {
    Harness::new()
        .now(now.parse().unwrap())
        .input_path("image", world.path("image.json"))
        .input_path("evidence", world.path("evidence"))
        .input_path("verdict-signer", world.path("assay.pub"))
        .input("verifier-id", "https://hallmark.dev/gate")
        .input("policy-digest", &decided.outputs["policy-digest"])
}

fn verify(harness: &Harness) -> (i32, Value) {
    let run = harness.run(&verify_image::VERIFY);
    let answer = run.outputs.get("answer").unwrap_or_else(|| panic!("no answer: {}", run.stdout));
    (i32::from(run.code), serde_json::from_str(answer).unwrap())
}

fn codes(answer: &Value) -> Vec<&str> {
    answer["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

#[test]
fn what_the_gate_passed_is_verified_by_its_evidence_and_by_its_bundle() {
    let world = world(&[("CVE-2026-7", "CRITICAL", Some("2"))], false);
    fs::write(world.path("exceptions.yml"), EXCEPTION).unwrap();
    let exceptions = world.path("exceptions.yml").to_string_lossy().into_owned();
    let decided = world.gate_with("recommended", &[("exceptions", exceptions)]);
    assert_eq!((decided.code, decided.outputs["verdict"].as_str()), (0, "pass"), "{}", decided.stderr);
    let (now, later) = ("2026-11-22T13:00:00Z", "2026-12-02T00:00:00Z");
    for evidence in [
        world.path("evidence").display().to_string(),
        world.path("replay").display().to_string(),
        decided.outputs["replay"].clone(),
    ] {
        let (code, answer) = verify(&ask(&world, &decided, now).input("evidence", &evidence));
        assert_eq!(code, 0, "{evidence}: {answer}");
        assert_eq!(answer["verdict"]["policy"], "recommended");
        assert_eq!(answer["exceptions"][0]["label"], "CVE-2026-7 in p1");
        assert_eq!(answer["exceptions"][0]["state"], "ending", "{answer}");
        // The exception is over, and nobody has answered for it since.
        let (code, answer) = verify(&ask(&world, &decided, later).input("evidence", &evidence));
        assert_eq!((code, codes(&answer)), (1, vec!["exception-expired"]), "{evidence}");
    }
    // It was renewed; it was taken back.
    let renewed = EXCEPTION.replace("2026-12-01", "2027-01-10");
    for (today, wanted) in
        [(renewed.as_str(), vec![]), ("version: 1\nexceptions: []\n", vec!["exception-gone"])]
    {
        fs::write(world.path("exceptions.yml"), today).unwrap();
        let (_, answer) =
            verify(&ask(&world, &decided, later).input_path("exceptions", world.path("exceptions.yml")));
        assert_eq!(codes(&answer), wanted, "{answer}");
    }
    // A bundle that was changed.
    let verdict = decided.outputs["replay"].replace(".json", ".verdict.sigstore.json");
    let mut bytes = fs::read(&verdict).unwrap();
    let at = bytes.windows(7).position(|part| part == b"\"sig\":\"").unwrap() + 20;
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    fs::write(&verdict, bytes).unwrap();
    let (code, answer) = verify(&ask(&world, &decided, now).input_path("evidence", world.path("replay")));
    assert_eq!((code, codes(&answer)), (1, vec!["verdict-bad-signature"]));
}

#[test]
fn what_a_person_approved_says_who_did() {
    let world = world(&[], true);
    let review = world.gate("strict");
    assert_eq!(review.outputs["verdict"], "review", "{}", review.stderr);
    let (code, answer) = verify(&ask(&world, &review, "2026-11-22T13:00:00Z"));
    assert_eq!((code, codes(&answer)), (1, vec!["verdict-review", "vsa-failed"]));
    let approved = world.approve(&review, "approver");
    let resumed = world.gate_with("strict", &[("resume", approved.outputs["approval"].clone())]);
    assert_eq!(resumed.outputs["verdict"], "pass", "{}", resumed.stderr);
    // Both were decided at the same moment, and the worse counts: an hour later there is one.
    for kind in ["verdict", "vsa"] {
        let first = review.outputs[if kind == "verdict" { "evidence" } else { "vsa" }].clone();
        fs::remove_file(first).unwrap();
    }
    for (evidence, signer, wanted) in [
        ("evidence", Some("approver"), vec![]),
        ("evidence", None, vec![]),
        ("evidence", Some("bake"), vec!["approval-wrong-signer"]),
    ] {
        let mut harness =
            ask(&world, &resumed, "2026-11-22T13:00:00Z").input_path("evidence", world.path(evidence));
        if let Some(signer) = signer {
            harness = harness.input_path("approval-signer", world.path(&format!("{signer}.pub")));
        }
        let (code, answer) = verify(&harness);
        assert_eq!((code == 0, codes(&answer)), (wanted.is_empty(), wanted), "{answer}");
        if code == 0 {
            assert_eq!(answer["approval"]["approver"], "Ada <ada@example.org>");
            assert!(answer["approval"]["waives"].to_string().contains("sample-database"));
        }
    }
    // The bundle of the resumed verdict has the approval in it.
    let harness = ask(&world, &resumed, "2026-11-22T13:00:00Z")
        .input("evidence", &resumed.outputs["replay"])
        .input_path("approval-signer", world.path("approver.pub"));
    let (code, answer) = verify(&harness);
    assert_eq!((code, answer["approval"]["verifiedBy"].as_str()), (0, Some("its signature")), "{answer}");
}

/// Publishes what was decided into the world's store, in the channel `stable`.
fn publish(world: &World, decided: &Run) -> Run {
    let key = |name: &str| world.path(&format!("{name}.pem"));
    fs::write(
        key("publish"),
        &world.inputs("recommended").iter().find(|(n, _)| *n == "signing-key").unwrap().1,
    )
    .unwrap();
    let published = Harness::new()
        .now(world.now)
        .input_path("image", world.path("image.json"))
        .input_path("evidence", world.path("evidence"))
        .input_path("store", world.path("store"))
        .input("channel", "stable")
        .input_path("verdict-signer", world.path("assay.pub"))
        .input("verifier-id", "https://hallmark.dev/gate")
        .input("policy-digest", &decided.outputs["policy-digest"])
        .input_path("signing-key", key("publish"))
        .run(&register_ami::ACTION);
    assert_eq!(published.code, 0, "{}", published.stdout);
    published
}

#[test]
fn what_a_channel_shows_is_hashed_again() {
    let world = world(&[], false);
    let decided = world.gate("recommended");
    let published = publish(&world, &decided);
    let from_store =
        || ask(&world, &decided, "2026-11-22T13:00:00Z").input_path("store", world.path("store"));
    let channel = || from_store().input("image", "").input("channel", "debian-web/stable");
    for harness in [
        channel(),
        from_store().input("image", &published.outputs["image-id"]),
        from_store().input("image", &published.outputs["content-digest"]),
        channel().input_path("release-signer", world.path("assay.pub")),
    ] {
        let (code, answer) = verify(&harness);
        assert_eq!(code, 0, "{answer}");
        assert_eq!(answer["contentDigest"], published.outputs["content-digest"].as_str());
    }
    let (code, answer) = verify(&channel().input_path("release-signer", world.path("bake.pub")));
    assert_eq!((code, codes(&answer)), (1, vec!["release-wrong-signer"]));
    assert_eq!(
        from_store().input("image", "").input("channel", "debian-web/beta").run(&verify_image::VERIFY).code,
        2
    );
    // Somebody writes to the stored disk.
    let disk = std::path::Path::new(&published.outputs["location"]).join("web.raw");
    let mut permissions = fs::metadata(&disk).unwrap().permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "a tamperer does not mind")]
    permissions.set_readonly(false);
    fs::set_permissions(&disk, permissions).unwrap();
    fs::OpenOptions::new().write(true).open(&disk).unwrap().write_all_at(b"tampered", 6 << 20).unwrap();
    let (code, answer) = verify(&channel());
    assert_eq!((code, codes(&answer)), (1, vec!["stored-image-damaged"]), "{answer}");
}

/// Kept, brought back elsewhere, and asked again: the same verdict byte for byte, and the same answer.
#[test]
fn what_is_archived_is_as_good() {
    let world = world(&[("CVE-2026-7", "LOW", None)], false);
    let report = |input: &'static str, file: &str| (input, world.path(file).to_string_lossy().into_owned());
    let decided = world.gate_with(
        "recommended",
        &[
            report("page", "report/web.html"),
            report("brief", "report/web.md"),
            report("json", "report/web.json"),
        ],
    );
    assert_eq!(decided.outputs["verdict"], "pass", "{}", decided.stderr);
    publish(&world, &decided);
    let archive = world.path("archive");
    let ask_archive = |operation| {
        Harness::new().now(world.now).input("operation", operation).input_path("archive", &archive)
    };
    let put = ask_archive("put")
        .input_path("image", world.path("image.json"))
        .input_path("evidence", world.path("evidence"))
        .input_path("report", world.path("report"))
        .input_path("replay", world.path("replay"))
        .run(&archive_action::ACTION);
    assert_eq!(put.code, 0, "{}", put.stdout);
    let back = world.path("back");
    let get = ask_archive("get").input("channel", "debian-web/stable").input_path("output", &back);
    let get = get.run(&archive_action::ACTION);
    assert_eq!((get.code, &get.outputs["entry"]), (0, &put.outputs["entry"]), "{}", get.stdout);
    for folder in ["evidence", "evidence/reports", "report", "replay", "replay/sha256"] {
        let names = |root: &std::path::Path| {
            let mut names: Vec<_> =
                fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&back), names(&world.path("")), "{folder}");
    }
    let manifest = std::path::Path::new(&decided.outputs["replay"]).file_name().unwrap();
    let replayed = Harness::new()
        .now("2036-01-01T00:00:00Z".parse().unwrap())
        .input_path("replay", back.join("replay").join(manifest))
        .input_path("evidence", back.join("evidence"))
        .run(&gate::ACTION);
    assert_eq!(replayed.code, 0, "{}{}", replayed.stdout, replayed.stderr);
    for evidence in [archive, back.join("evidence"), back.join("replay")] {
        let (code, answer) =
            verify(&ask(&world, &decided, "2026-11-22T13:00:00Z").input_path("evidence", &evidence));
        assert_eq!(code, 0, "{}: {answer}", evidence.display());
    }
}
