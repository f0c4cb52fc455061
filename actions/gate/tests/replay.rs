//! A verdict replayed from its bundle: the same bytes, or the name of what differs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::World;
use model::Sha256;

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn every_verdict_replays_elsewhere_and_later() {
    for found in [
        &[] as &[crate::common::Found<'_>],
        &[("CVE-2026-2", "CRITICAL", Some("2")), ("CVE-2026-1", "HIGH", None)],
    ] {
        let world = World::with(found);
        for policy in ["minimal", "recommended", "strict"] {
            let run = world.gate(policy);
            // Another machine: the bundle is all there is.
            let elsewhere = World::bare();
            fs::rename(world.path("replay"), elsewhere.path("replay")).unwrap();
            let manifest =
                elsewhere.path("replay").join(Path::new(&run.outputs["replay"]).file_name().unwrap());
            let replayed = elsewhere.replay(&manifest.to_string_lossy());
            assert_eq!(replayed.code, 0, "{policy}: {}", replayed.stdout);
            for output in ["verdict", "reasons", "policy-digest", "verdict-digest"] {
                assert_eq!(replayed.outputs[output], run.outputs[output], "{policy} {output}");
            }
        }
    }
}

/// Each row: what is changed, and what the replay says of it.
#[test]
fn any_change_is_named() {
    type Row = (&'static str, fn(&World, &Path), &'static str);
    fn content(bundle: &Path, holds: &str) -> PathBuf {
        let mut all = fs::read_dir(bundle.join("sha256")).unwrap().map(|entry| entry.unwrap().path());
        all.find(|path| fs::read_to_string(path).unwrap().contains(holds)).unwrap()
    }
    fn verdict(bundle: &Path) -> PathBuf {
        let mut all = fs::read_dir(bundle).unwrap().map(|entry| entry.unwrap().path());
        all.find(|path| path.to_string_lossy().ends_with(".verdict.sigstore.json")).unwrap()
    }
    fn manifest(bundle: &Path) -> PathBuf {
        verdict(bundle).to_string_lossy().replace(".verdict.sigstore.json", ".json").into()
    }
    let rows: &[Row] = &[
        ("the policy", |_, b| edit(&content(b, "\"max-age\""), "fail", "note"), "the policy differs"),
        ("image.json", |_, b| edit(&content(b, "\"bootMode\""), "uefi", "legacy-bios"), "image.json differs"),
        ("the report", |_, b| edit(&content(b, "\"SchemaVersion\""), "debian", "debiax"), "the report "),
        (
            "a piece of evidence",
            |_, b| edit(&content(b, "dsseEnvelope"), "sigstore", "sigstorf"),
            "the evidence ",
        ),
        (
            "a content is gone",
            |_, b| fs::remove_file(content(b, "\"max-age\"")).unwrap(),
            "the policy differs",
        ),
        (
            "the clock",
            |_, b| edit(&manifest(b), "2026-11-22T12:00:00Z", "2026-11-22T12:00:01Z"),
            "decidedOn, manifest differs",
        ),
        (
            "the gate",
            |_, b| edit(&manifest(b), "\"version\":\"0", "\"version\":\"9"),
            "gate, manifest differs",
        ),
        (
            "the manifest's spelling",
            |_, b| edit(&manifest(b), "{", "{ "),
            "the manifest is not as this gate writes it",
        ),
        (
            "the verdict in the bundle",
            |_, b| edit(&verdict(b), "\"sig\":\"", "\"sig\":\"AAAA"),
            "the verdict ",
        ),
        (
            "the verdict in the evidence",
            |w, _| edit(&w.file("verdict"), "\"sig\":\"", "\"sig\":\"AAAA"),
            "the verdict ",
        ),
        (
            "no verdict",
            |w, b| {
                fs::remove_file(verdict(b)).unwrap();
                fs::remove_file(w.file("verdict")).unwrap()
            },
            "no signed verdict",
        ),
    ];
    for (what, change, wanted) in rows {
        let world = World::good();
        let run = world.gate("recommended");
        change(&world, &world.path("replay"));
        let replayed = world.replay(&run.outputs["replay"]);
        assert_eq!(replayed.code, 1, "{what}: {}", replayed.stdout);
        assert!(replayed.stdout.contains(wanted), "{what}: {}", replayed.stdout);
    }
}

/// What is no file at all was compared with nothing.
#[test]
fn a_manifest_that_cannot_be_read_is_no_difference() {
    let world = World::good();
    fs::create_dir(world.path("folder")).unwrap();
    for name in ["absent.json", "folder"] {
        let replayed = world.replay(&world.path(name).to_string_lossy());
        assert_eq!(replayed.code, 2, "{name}: {}", replayed.stdout);
        assert!(replayed.stdout.contains("input `replay`: cannot read"), "{name}: {}", replayed.stdout);
    }
}

/// A verdict signed by one who may not, over the right bytes.
#[test]
fn the_right_verdict_by_the_wrong_signer_is_refused() {
    let world = World::good();
    let run = world.gate("recommended");
    let copy = run.outputs["replay"].replace(".json", ".verdict.sigstore.json");
    let keys = [attest::PublicKey::from_pem(&fs::read_to_string(world.path("assay.pub")).unwrap()).unwrap()];
    let statement = attest::verify(&fs::read(&copy).unwrap(), &attest::Trust::keys(&keys)).unwrap().statement;
    fs::write(&copy, attest::sign(&statement, world.key("bake")).unwrap().to_bytes().unwrap()).unwrap();
    let replayed = world.replay(&run.outputs["replay"]);
    assert_eq!(replayed.code, 1);
    assert!(replayed.stdout.contains("may not sign verdicts"), "{}", replayed.stdout);
}

/// The manifest's name is the verdict's digest, and the verdict has the manifest's.
#[test]
fn verdict_and_manifest_name_each_other() {
    let world = World::good();
    let run = world.gate("recommended");
    let manifest = fs::read(&run.outputs["replay"]).unwrap();
    assert!(
        run.outputs["verdict-digest"]
            .starts_with(Path::new(&run.outputs["replay"]).file_stem().unwrap().to_str().unwrap())
    );
    let keys = [attest::PublicKey::from_pem(&fs::read_to_string(world.path("assay.pub")).unwrap()).unwrap()];
    let verdict =
        attest::verify(&fs::read(&run.outputs["evidence"]).unwrap(), &attest::Trust::keys(&keys)).unwrap();
    assert_eq!(
        verdict.statement.predicate["manifest"]["digest"]["sha256"],
        Sha256::of(&manifest).to_string()
    );
}
