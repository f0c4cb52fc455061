//! Yes, and what cannot be answered.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use model::Sha256;
use serde_json::Value;
use verify_image::ACTION;

use crate::asked::{answer, ask, good, refused};
use crate::common::{Place, tree};

#[test]
fn yes_with_all_that_it_rests_on() {
    let (place, image) = good();
    let before = tree(place.folder.path());
    let run = ask(&place).run(&ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!(run.outputs["verified"], "true");
    assert_eq!(run.outputs["reasons"], "[]");
    assert_eq!(run.outputs["content-digest"], image.content_digest().to_string());
    assert_eq!(run.outputs["policy"], "baseline");
    assert_eq!(run.outputs["policy-digest"], Place::policy().to_string());
    assert_eq!(run.outputs["decided-on"], place.ago(60));
    assert_eq!(run.outputs["approver"], "");
    assert!(run.outputs["signer"].starts_with("key "), "{}", run.outputs["signer"]);
    assert!(
        run.summary.contains("Yes: debian-app passed the policy baseline, 1 h 0 min ago"),
        "{}",
        run.summary
    );
    assert_eq!(answer(&run)["verdict"]["ageSeconds"], 3600);
    assert_eq!(tree(place.folder.path()), before, "nothing is written");
}

/// The short name at a terminal: one word, and the answer as JSON alone.
#[test]
fn at_a_terminal() {
    let (place, _) = good();
    let harness =
        || ask(&place).off_runner().input("image", "").arg(place.path("one").to_string_lossy().into_owned());
    let run = harness().run(&verify_image::VERIFY);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("Yes: debian-app") || run.stderr.contains("Yes: debian-app"));
    let run = harness().input("json", "true").run(&verify_image::VERIFY);
    let said: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{e}: {}", run.stdout));
    assert_eq!(said["verified"], true);
}

#[test]
fn one_of_several_policies_is_enough() {
    let (place, _) = good();
    let both = format!("{}\nsha256:{}", Sha256::of(b"another"), Place::policy());
    assert_eq!(ask(&place).input("policy-digest", both).run(&ACTION).code, 0);
}

/// However the image is named, it is the same one; and what is not seen is said.
#[test]
fn an_image_by_whatever_is_at_hand() {
    let (place, image) = good();
    let digest = image.content_digest().to_string();
    for (given, says) in [
        (place.path("one/image.json").display().to_string(), None),
        (place.path("one").display().to_string(), None),
        (place.path("one/disk.raw").display().to_string(), Some("how it is booted")),
        (digest, Some("no disk was hashed")),
    ] {
        let run = ask(&place).input("image", &given).run(&ACTION);
        assert_eq!(run.code, 0, "{given}: {}", run.stdout);
        assert_eq!(run.outputs["content-digest"], image.content_digest().to_string(), "{given}");
        let notes = answer(&run)["notes"].to_string();
        match says {
            Some(says) => assert!(notes.contains(says), "{given}: {notes}"),
            None => assert_eq!(notes, "[]", "{given}"),
        }
    }
    // Another disk under the same name is another image.
    place.image_of("two", 24 << 20, b"two");
    let run = ask(&place).input_path("image", place.path("two/disk.raw")).run(&ACTION);
    refused(&run, &["verdict-of-another-image", "vsa-of-another-image"]);
    // The manifest can be elsewhere than the disk.
    fs::rename(place.path("one/disk.raw"), place.path("moved.raw")).unwrap();
    let run = ask(&place).input_path("disk", place.path("moved.raw")).run(&ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[test]
fn what_cannot_be_decided() {
    for (inputs, says) in [
        (&[("image", "ami-0123456789abcdef0")][..], "nobody says in which: give `region`"),
        (&[("image", "ami-0123456789abcdef0"), ("region", "eu-central-1\nx")], "give a region"),
        (&[("image", "ami-0123456789abcdef0"), ("store", "/absent")], "is in AWS: leave them out"),
        (&[("region", "eu-central-1")], "input `region` is for an AMI"),
        (
            &[("evidence", "s3://golden/x"), ("manifest", "/absent/image.json")],
            "input `manifest` is for an AMI",
        ),
        (&[("manifest", "/absent/image.json")], "input `manifest` is for an AMI"),
        (&[("image", "")], "input `image` is required"),
        (&[("image", "/absent/image.json")], "cannot read the manifest"),
        (&[("image", "/absent.raw")], "cannot read the disk"),
        (&[("image", "hallmarkBlocks1:12")], "input `image`"),
        (&[("evidence", "/absent")], "there is no evidence at /absent"),
        (&[("evidence", "gs://bucket/prefix")], "nothing is kept at such an address"),
        (&[("verdict-signer", "")], "one of `verdict-signer` and `verdict-identity` is required"),
        (&[("verdict-identity", "workflow: x")], "are both given"),
        (&[("policy-digest", "latest")], "`latest` is no SHA-256"),
        (&[("policy-digest", "")], "policy-digest"),
        (&[("verifier-id", "")], "verifier-id"),
        (&[("channel", "debian-app/stable")], "`channel` is one of a `store`"),
        (&[("store", "/absent"), ("channel", "debian-app/stable")], "with `store`, one of"),
        (&[("store", "/absent"), ("channel", "stable"), ("image", "")], "family/name is wanted"),
        (&[("exceptions", "/absent.yml")], "cannot read /absent.yml"),
    ] {
        let (place, _) = good();
        let run = inputs
            .iter()
            .fold(ask(&place), |harness, (input, value)| harness.input(input, value))
            .run(&ACTION);
        assert_eq!(run.code, 2, "{inputs:?}: {}", run.stdout);
        assert!(run.stdout.contains(says), "{inputs:?}: {}", run.stdout);
        assert!(!run.outputs.contains_key("verified"), "{inputs:?}");
    }
    // Evidence that somebody may have wanted to be seen, and that cannot be.
    let (place, _) = good();
    std::os::unix::fs::symlink("/dev/null", place.evidence().join("verdict.000000000000.sigstore.json"))
        .unwrap();
    let run = ask(&place).run(&ACTION);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stdout.contains("it is a symbolic link"), "{}", run.stdout);
}
