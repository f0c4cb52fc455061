//! What cannot be decided is an error, never a publish; and hostile text does nothing on its way out.

use std::fs;

use crate::common::{Place, tree};
use register_ami::ACTION;

#[test]
fn what_cannot_be_decided_is_an_error_and_changes_nothing() {
    for (input, value, says) in [
        ("verdict-signer", "", "one of `verdict-signer` and `verdict-identity` is required"),
        ("verdict-identity", GOOD, "`verdict-signer` and `verdict-identity` are both given"),
        ("verifier-id", "", "input `verifier-id` is required"),
        ("policy-digest", "", "input `policy-digest` is required"),
        ("policy-digest", "latest", "input `policy-digest`"),
        ("verdict-signer", "/absent", "cannot read /absent"),
        ("image", "", "input `image` is required"),
        ("image", "/absent", "cannot read the manifest /absent"),
        ("provider", "aws", "provider"),
        ("operation", "destroy", "operation"),
        ("name", "../../etc", "the name"),
        ("channel", "../stable", "the channel"),
        ("channel", "a\u{7}b", "the channel"),
        ("family", "a/../b", "the family"),
        ("signing-key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "signing-key"),
    ] {
        let place = Place::new();
        place.pass(&place.image("one"));
        let unchanged = tree(&place.evidence());
        let run = place.harness("one").input(input, value).run(&ACTION);
        assert_eq!(run.code, 2, "{input}={value}: {}", run.stdout);
        assert!(run.stdout.contains(says), "{input}={value}: {}", run.stdout);
        assert!(!place.store().exists(), "{input}={value}");
        assert_eq!(tree(&place.evidence()), unchanged, "{input}={value}");
    }
}

const GOOD: &str = "workflow: acme/images/.github/workflows/assay.yml@refs/heads/main";

/// An identity that does not read is told at its place, and none is taken for another.
#[test]
fn an_identity_that_does_not_read_is_an_error() {
    for (identity, root, says) in [
        ("workflow: acme/images/.github/workflows/assay.yml", "public-good", "verdict-identity:1:11:"),
        ("{}", "public-good", "no `issuer` is named"),
        ("acme/images", "public-good", "an identity is text: a mapping is wanted"),
        (&format!("{GOOD}\nbranch: main"), "public-good", "verdict-identity:2:1: `branch` is not known"),
        (GOOD, "gitlab", "input `trusted-root` is `gitlab`"),
        (GOOD, "sha256:00", "input `trusted-root` is `sha256:00`"),
        (GOOD, "./absent.json", "absent.json"),
    ] {
        let place = Place::new();
        place.pass(&place.image("one"));
        let run = place
            .harness("one")
            .input("verdict-signer", "")
            .input("verdict-identity", identity)
            .input("trusted-root", root)
            .run(&ACTION);
        assert_eq!(run.code, 2, "{identity} {root}: {}", run.stdout);
        assert!(run.stdout.contains(says), "{identity} {root}: {}", run.stdout);
        assert!(!place.store().exists(), "{identity} {root}");
    }
}

#[test]
fn a_store_that_was_tampered_with_is_not_adopted_from() {
    let place = Place::new();
    let image = place.image("one");
    place.pass(&image);
    let run = place.harness("one").run(&ACTION);
    let disk = std::path::Path::new(&run.outputs["location"]).join("disk.raw");
    fs::remove_file(&disk).unwrap();
    fs::write(&disk, "tampered").unwrap();
    let again = place.harness("one").run(&ACTION);
    assert_eq!(again.code, 2, "{}", again.stdout);
    assert!(again.stdout.contains("is damaged"), "{}", again.stdout);
}

#[test]
fn hostile_text_is_inert() {
    let place = Place::new();
    let mut image = place.image("one");
    image.name = "x\n::set-output name=a::b|<script>\u{1b}[31m".into();
    place.write_manifest("one", &image);
    place.pass(&image);
    let run = place.harness("one").run(&ACTION);
    assert_eq!(run.code, 2);
    let run = place.harness("one").input("verifier-id", "y\n::error::<script>|\u{1b}[31m").run(&ACTION);
    for text in [&run.stdout, &run.summary] {
        assert!(!text.contains('\u{1b}') && !text.contains("\n::set-output"), "{text}");
    }
    assert!(!run.summary.contains("<script>"), "{}", run.summary);
    assert!(!run.stdout.contains("\n::error::<script>"), "{}", run.stdout);
}
