//! Images of several disks, with a scripted Trivy: the root disk is looked at, and nothing may be on the others.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]

use std::fs;
use std::path::{Path, PathBuf};

use process::{Fake, Script};
use runner::Outcome;
use runner::testing::{Harness, Run};
use serde_json::json;

use crate::common::{after, assert_undecided, run, statement, whole};

static BLANK: [u8; 1 << 20] = [0; 1 << 20];

/// An image of two disks, the root disk last. Returns the other one.
fn two_disks(harness: Harness, other: &[u8]) -> (Harness, PathBuf) {
    let disk = |device: &str, file: &str, bytes: &[u8]| {
        let path = harness.file(file, bytes);
        let digest = blocks::digest_file(&path, &blocks::Options::default()).unwrap().content_digest;
        json!({"device": device, "file": file, "sizeBytes": bytes.len(), "contentDigest": digest})
    };
    let disks = [disk("/dev/sdb", "data.raw", other), disk("/dev/sda", "root.raw", &vec![7; 1 << 20])];
    let manifest = json!({
        "schema": 1, "name": "n", "family": "f", "architecture": "amd64", "bootMode": "uefi",
        "rootDevice": "/dev/sda", "layers": [], "disks": disks,
    });
    let image = harness.file("image.json", manifest.to_string());
    let other = image.with_file_name("data.raw");
    (harness.input_path("image", image), other)
}

/// A scan by a Trivy that does this meanwhile; and the disks that it was given.
fn scanned(
    harness: &Harness,
    meanwhile: impl Fn() + Send + Sync + 'static,
) -> (Option<Outcome>, Run, Vec<PathBuf>) {
    let script = Script::exits(0).effect(move |spec| {
        fs::write(after(spec, "--output"), whole()).unwrap();
        meanwhile();
    });
    let fake = Fake::new().then("trivy", script);
    let (outcome, run) = run(harness, &fake);
    let last = fake.calls().iter().filter_map(|call| call.arguments().last().map(PathBuf::from)).collect();
    (outcome, run, last)
}

#[test]
fn beside_blank_disks_the_root_disk_is_scanned_and_the_image_is_what_the_evidence_is_about() {
    let (harness, other) = two_disks(crate::common::harness().env("HOME", "/nowhere"), &BLANK);
    let (outcome, run, disks) = scanned(&harness, || ());
    assert_eq!(outcome, Some(Outcome::Done), "{}", run.stdout);
    assert!(disks.iter().all(|disk| disk.ends_with("root.raw")) && !disks.is_empty(), "{disks:?}");
    let image = fs::read(other.with_file_name("image.json")).unwrap();
    let content = model::ImageManifest::parse(&image).unwrap().content_digest().to_string();
    let about = statement(&run)["subject"][0]["digest"].to_string();
    assert!(about.contains(content.trim_start_matches("hallmarkBlocks1:")), "{about}");
}

#[test]
fn what_is_on_another_disk_is_not_left_out_in_silence() {
    let mut one_byte = BLANK.to_vec();
    *one_byte.last_mut().unwrap() = 1;
    let (harness, _) = two_disks(crate::common::harness().env("HOME", "/nowhere"), &one_byte);
    let (_, run, disks) = scanned(&harness, || ());
    assert_undecided(&harness, &run, "something is on");
    assert_undecided(&harness, &run, "`/dev/sdb`");
    assert_eq!(disks, Vec::<&Path>::new());
}

#[test]
fn a_blank_disk_has_to_be_the_listed_one_and_stay_blank() {
    let (harness, other) = two_disks(crate::common::harness().env("HOME", "/nowhere"), &BLANK);
    let path = other.clone();
    let (_, run, _) = scanned(&harness, move || fs::write(&path, [1; 1 << 20]).unwrap());
    assert_undecided(&harness, &run, "was written to or exchanged meanwhile");
    // From here on it is another than `image.json` lists.
    let (_, run, _) = scanned(&harness, || ());
    assert_undecided(&harness, &run, "it was changed or exchanged after it was baked");
    fs::remove_file(&other).unwrap();
    let (_, run, _) = scanned(&harness, || ());
    assert_undecided(&harness, &run, "data.raw");
}
