//! Publishing, adopting, planning and rolling back, as a workflow sees them.

use std::fs;

use crate::common::{Place, tree};
use register_ami::ACTION;

#[test]
fn an_image_with_a_passing_verdict_is_published_and_run_again_adopted() {
    let place = Place::new();
    let manifest = place.image("one");
    place.pass(&manifest);

    let run = place.harness("one").run(&ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let digest = manifest.content_digest();
    assert_eq!(run.outputs["content-digest"], digest.to_string());
    assert_eq!(run.outputs["image-id"], digest.sha256().to_string());
    assert_eq!(run.outputs["channel"], "debian-app/stable");
    assert_eq!(run.outputs["prior-image"], "");
    assert_eq!(run.outputs["adopted"], "false");
    let stored = std::path::Path::new(&run.outputs["location"]);
    assert_eq!(fs::read(stored.join("image.json")).unwrap(), manifest.to_bytes().unwrap());
    assert_eq!(fs::read(stored.join("disk.raw")).unwrap(), fs::read(place.path("one/disk.raw")).unwrap());
    assert!(run.summary.starts_with("## Published"), "{}", run.summary);

    let [release] = &place.releases()[..] else { panic!("one release statement") };
    assert_eq!(release.subject, manifest.subjects().unwrap());
    assert_eq!(release.predicate["releaseId"], run.outputs["release-id"]);
    assert_eq!(release.predicate["hallmark"]["channel"], "debian-app/stable");
    assert_eq!(release.predicate["purl"], format!("pkg:generic/debian-app@{}?arch=amd64", digest.sha256()));

    let (store, evidence) = (tree(&place.store()), tree(&place.evidence()));
    let again = place.harness("one").run(&ACTION);
    assert_eq!(again.code, 0, "{}", again.stdout);
    assert_eq!(again.outputs["adopted"], "true");
    let same = |mut run: runner::testing::Run| {
        run.outputs.remove("adopted");
        run.outputs
    };
    assert!(again.summary.starts_with("## Adopted"), "{}", again.summary);
    assert_eq!(same(again), same(run));
    assert_eq!(tree(&place.store()), store, "nothing twice");
    assert_eq!(tree(&place.evidence()).keys().collect::<Vec<_>>(), evidence.keys().collect::<Vec<_>>());
}

#[test]
fn a_channel_moves_forward_and_back_with_evidence() {
    let place = Place::new();
    let [one, two] = ["one", "two"].map(|name| {
        let manifest = place.image(name);
        place.pass(&manifest);
        assert_eq!(place.harness(name).run(&ACTION).code, 0);
        manifest.content_digest().sha256().to_string()
    });
    assert_eq!(place.channel()["current"]["imageId"], two);
    assert_eq!(place.channel()["prior"][0]["imageId"], one);

    let roll_back = || {
        let channel = [("operation", "rollback"), ("channel", "stable"), ("family", "debian-app")];
        let paths = [
            ("store", place.store()),
            ("evidence", place.evidence()),
            ("signing-key", place.path("publish.pem")),
        ];
        let harness = runner::testing::Harness::new().now(place.now);
        let harness = channel.into_iter().fold(harness, |harness, (name, value)| harness.input(name, value));
        paths.into_iter().fold(harness, |harness, (name, path)| harness.input_path(name, path)).run(&ACTION)
    };
    let back = roll_back();
    assert_eq!(back.code, 0, "{}", back.stdout);
    assert_eq!(back.outputs["image-id"], one);
    assert_eq!(back.outputs["prior-image"], two);
    assert_eq!(place.channel()["current"]["imageId"], one);
    assert_eq!(place.releases().len(), 3);
    assert_eq!(fs::read_dir(place.store().join("journal/intents")).unwrap().count(), 0);

    let before = tree(&place.store());
    let refused = roll_back();
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(refused.stdout.contains("::error title=no-prior-image::"), "{}", refused.stdout);
    assert_eq!(tree(&place.store()), before);
}

#[test]
fn a_plan_says_what_would_be_done_and_changes_nothing() {
    let place = Place::new();
    let manifest = place.image("one");
    place.pass(&manifest);
    let evidence = tree(&place.evidence());
    let plan = place.harness("one").input("operation", "plan").run(&ACTION);
    assert_eq!(plan.code, 0, "{}", plan.stdout);
    assert!(
        plan.summary.starts_with("## Publishing would create debian-app, and point debian-app/stable at it"),
        "{}",
        plan.summary
    );
    assert!(!place.store().exists());
    assert_eq!(tree(&place.evidence()), evidence);

    let published = place.harness("one").run(&ACTION);
    let (store, evidence) = (tree(&place.store()), tree(&place.evidence()));
    let plan = place.harness("one").input("operation", "plan").run(&ACTION);
    assert!(
        plan.summary
            .starts_with("## Publishing would adopt debian-app, and leave debian-app/stable where it points"),
        "{}",
        plan.summary
    );
    for same in ["image-id", "release-id", "content-digest", "channel", "location"] {
        assert_eq!(plan.outputs[same], published.outputs[same], "{same}");
    }
    assert_eq!((tree(&place.store()), tree(&place.evidence())), (store, evidence));
    assert_eq!(
        place
            .harness("one")
            .input("operation", "plan")
            .input("policy-digest", "0".repeat(64))
            .run(&ACTION)
            .code,
        1
    );
}

#[test]
fn a_release_can_go_without_a_channel_and_by_another_name() {
    let place = Place::new();
    place.pass(&place.image("one"));
    let run = place.harness("one").input("channel", "").input("name", "another").run(&ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!(run.outputs["channel"], "");
    assert!(!place.store().join("channels/debian-app").exists());
    assert_eq!(place.releases()[0].predicate["hallmark"].get("channel"), None);

    let other = place.harness("one").run(&ACTION);
    assert_eq!(other.outputs["adopted"], "true");
    assert_ne!(other.outputs["release-id"], run.outputs["release-id"]);
}

#[test]
fn a_disk_can_lie_elsewhere() {
    let place = Place::new();
    place.pass(&place.image("one"));
    let elsewhere = place.path("else=where.raw");
    fs::rename(place.path("one/disk.raw"), &elsewhere).unwrap();
    assert_eq!(place.harness("one").run(&ACTION).code, 2);
    for line in [elsewhere.display().to_string(), format!("/dev/xvda={}", elsewhere.display())] {
        let run = place.harness("one").input("disk", &line).run(&ACTION);
        assert_eq!(run.code, 0, "{}", run.stdout);
    }
    let twice = format!("/dev/xvda={0}\n/dev/xvda={0}", elsewhere.display());
    assert_eq!(place.harness("one").input("disk", twice).run(&ACTION).code, 2);
}

#[test]
fn without_a_key_the_release_is_unsigned_and_says_so() {
    let place = Place::new();
    place.pass(&place.image("one"));
    let run = place.harness("one").input("signing-key", "").run(&ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(run.stdout.contains("::warning::the release is not signed"), "{}", run.stdout);
    let unsigned =
        tree(&place.evidence()).into_keys().filter(|name| name.to_string_lossy().ends_with(".intoto.json"));
    assert_eq!(unsigned.count(), 1);
}
