//! Images in AWS: baked by the real Packer and its plugin, read through EBS direct, recorded, signed, adopted.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test stops where it fails")]

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;

use crate::amazon::{PASSED, base, inventory, plugins, template};
use crate::common::{done, failed, harness, json, output, provenance};
use crate::world::{Proxy, REGION};
use attest::{KeyPem, PrivateKey};
use packer_build::ACTION;
use runner::testing::Harness;
use serde_json::Value;

fn with(proxy: &Proxy, text: &str, source_ami: &str) -> Harness {
    let harness = harness();
    harness.file("packer/small/small.pkr.hcl", text);
    let harness = harness
        .input("template", "packer/small")
        .input("var", format!("endpoint={}\nsource_ami={source_ami}", proxy.endpoint()))
        .input("env", PASSED)
        .env("PACKER_PLUGIN_PATH", plugins().to_str().unwrap());
    proxy.env().into_iter().fold(harness, |harness, (name, value)| harness.env(name, value))
}

/// The digest of the blocks that `crate::amazon::base` has, on a disk of this size.
fn expected(size: &Value) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.raw");
    let file = File::create(&path).unwrap();
    file.set_len(size.as_u64().unwrap()).unwrap();
    file.write_all_at(&[7; 512 << 10], 0).unwrap();
    file.write_all_at(&[9; 512 << 10], 5 * (512 << 10)).unwrap();
    blocks::digest_file(&path, &blocks::Options::default()).unwrap().content_digest.to_string()
}

fn tags_of(proxy: &Proxy, id: &str) -> String {
    let images = proxy.state()["images"].as_array().cloned().unwrap_or_default();
    images.iter().map(Value::to_string).find(|image| image.contains(id)).unwrap_or_default()
}

#[test]
fn an_image_in_aws_is_read_recorded_signed_and_adopted() {
    let proxy = Proxy::start();
    let source = base(&proxy);
    let KeyPem { private, .. } = PrivateKey::generate_p256().unwrap();
    let harness = with(&proxy, &template("", ""), &source).input("signing-key", &private);
    let before = inventory(&proxy);
    let first = harness.run(&ACTION);
    done(&first);
    let ami = first.outputs["ami"].clone();
    assert_eq!(first.outputs["region"], REGION);
    let manifest = json(&first.outputs["image"]);
    let content = expected(&manifest["disks"][0]["sizeBytes"]);
    assert_eq!(first.outputs["content-digest"], content);
    assert_eq!(manifest["disks"][0]["contentDigest"], content);
    assert_eq!(manifest["disks"][0]["device"], manifest["rootDevice"]);
    assert_eq!((&manifest["bootMode"], &manifest["architecture"]), (&"uefi".into(), &"amd64".into()));
    let images: Value = serde_json::from_str(&first.outputs["images"]).unwrap();
    assert_eq!((&images[0]["id"], &images[0]["region"]), (&ami.as_str().into(), &REGION.into()));
    assert!(first.outputs["evidence"].ends_with(".sigstore.json"));
    // Finished: found by what it was baked of, and not for the reaper any more.
    let tags = tags_of(&proxy, &ami);
    assert!(tags.contains(&first.outputs["bake-id"]) && !tags.contains("hallmark:expires"), "{tags}");
    assert!(!output(&harness).join(".aws-run").exists());
    // The image and its snapshot are all that was added.
    let after = inventory(&proxy);
    assert_eq!(after.len(), before.len() + 2, "{after:?}");

    proxy.reset_calls();
    let again = harness.run(&ACTION);
    done(&again);
    assert_eq!(again.outputs["adopted"], "true", "{}", again.stdout);
    assert!(again.stdout.contains(&format!("{REGION}: reading the blocks of {ami}")), "{}", again.stdout);
    for name in ["ami", "region", "image", "images", "content-digest", "bake-id"] {
        assert_eq!(again.outputs[name], first.outputs[name], "{name}");
    }
    assert!(proxy.calls().iter().all(|call| call["mutating"] == false), "{:?}", proxy.operations());
    assert!(proxy.operations().iter().any(|call| call == "ebs:GetSnapshotBlock"));
    assert_eq!(inventory(&proxy), after);

    // Two of them are nobody's guess.
    let twin = proxy.make_image(&serde_json::json!({
        "name": "twin", "blocks": {"0": 1}, "tags": {"hallmark:bake-id": first.outputs["bake-id"]},
    }));
    let several = harness.run(&ACTION);
    failed(&several, "2 images in us-east-1 have the tag hallmark:bake-id=");
    assert!(several.stdout.contains(&twin) && several.stdout.contains(&ami), "{}", several.stdout);
}

#[test]
fn an_image_that_says_no_boot_mode_is_recorded_as_aws_starts_it() {
    let proxy = Proxy::start();
    let source =
        proxy.make_image(&serde_json::json!({"name": "base", "size_gib": 1, "blocks": {"0": 7, "5": 9}}));
    let harness = with(&proxy, &template("", ""), &source);
    let run = harness.run(&ACTION);
    done(&run);
    // The input says `uefi`, as it does by default.
    assert_eq!(json(&run.outputs["image"])["bootMode"], "legacy-bios");
}

#[test]
fn unsigned_provenance_speaks_of_the_content() {
    let proxy = Proxy::start();
    let source = base(&proxy);
    let harness = with(&proxy, &template("", ""), &source);
    let run = harness.run(&ACTION);
    done(&run);
    let statement = &provenance(&harness.workspace().join(".hallmark/evidence"))[0];
    let digests = statement["subject"][0]["digest"].as_object().unwrap();
    let (name, value) = digests.iter().next().unwrap();
    assert_eq!(format!("{name}:{}", value.as_str().unwrap()), run.outputs["content-digest"]);
}

#[test]
fn what_is_gone_or_changed_is_baked_anew_and_the_earlier_one_is_not_found_any_more() {
    let proxy = Proxy::start();
    let source = base(&proxy);
    let harness = with(&proxy, &template("", ""), &source);
    let first = harness.run(&ACTION);
    done(&first);
    let forced = harness.input("force", "true").run(&ACTION);
    done(&forced);
    assert_ne!(forced.outputs["ami"], first.outputs["ami"]);
    let harness = with(&proxy, &template("", ""), &source);
    // Nothing is recorded here: it is baked, and takes the tag over.
    let third = harness.run(&ACTION);
    done(&third);
    assert_eq!(third.outputs["adopted"], "false");
    let again = harness.run(&ACTION);
    done(&again);
    assert_eq!(
        (&again.outputs["adopted"], &again.outputs["ami"]),
        (&"true".to_owned(), &third.outputs["ami"])
    );
    // Somebody has deregistered it.
    crate::amazon::deregister(&proxy, &third.outputs["ami"]);
    let anew = harness.run(&ACTION);
    done(&anew);
    assert!(anew.stdout.contains("no image in us-east-1 has the tag"), "{}", anew.stdout);
    assert_eq!(anew.outputs["content-digest"], first.outputs["content-digest"]);
    // A record about other content is not believed.
    let manifest = output(&harness).join("image.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("uefi", "legacy-bios")).unwrap();
    let changed = harness.run(&ACTION);
    done(&changed);
    assert!(changed.stdout.contains("image.json was changed after it was baked"), "{}", changed.stdout);
}

#[test]
fn copies_in_other_regions_are_listed() {
    let proxy = Proxy::start();
    let source = base(&proxy);
    let harness = with(&proxy, &template("ami_regions = [\"us-west-2\"]", ""), &source);
    let run = harness.run(&ACTION);
    done(&run);
    assert_eq!(run.outputs["region"], REGION);
    let images: Value = serde_json::from_str(&run.outputs["images"]).unwrap();
    assert_eq!(images.as_array().unwrap().len(), 2, "{images}");
    assert_eq!(
        (&images[1]["region"], &images[1]["builder"]),
        (&"us-west-2".into(), &"mitchellh.amazonebs".into())
    );
    for image in images.as_array().unwrap() {
        let tags = tags_of(&proxy, image["id"].as_str().unwrap());
        assert!(tags.contains(&run.outputs["bake-id"]) && !tags.contains("hallmark:expires"), "{tags}");
    }
    assert_eq!(harness.run(&ACTION).outputs["adopted"], "true");
}

#[test]
fn what_does_not_fit_is_said() {
    let proxy = Proxy::start();
    let source = base(&proxy);
    let harness = with(&proxy, &template("", ""), &source);
    failed(&harness.without_env("AWS_REGION").run(&ACTION), "give `aws-region`, the template's own");
    let harness = with(&proxy, &template("", ""), &source).input("aws-region", "eu-west-1");
    failed(&harness.run(&ACTION), "one image in eu-west-1 is wanted");
    // The image that was made is not finished: `post` deletes it.
    let harness = with(&proxy, &template("", ""), &source).input("architecture", "arm64");
    failed(&harness.run(&ACTION), "give its `architecture`");
    let harness = with(&proxy, &template("", ""), &source).input("aws-role", "bake");
    failed(&harness.run(&ACTION), "give a role's ARN");
}

#[test]
fn a_long_read_is_told_on_its_way() {
    let proxy = Proxy::start();
    let source = base(&proxy);
    let harness = with(&proxy, &template("", ""), &source);
    // The list comes before half a minute is over, the blocks after it: no call is waited for longer than that.
    proxy.settings(
        &serde_json::json!({"latency_ms": {"ebs:ListSnapshotBlocks": 18000, "ebs:GetSnapshotBlock": 18000}}),
    );
    let run = harness.run(&ACTION);
    done(&run);
    let ami = &run.outputs["ami"];
    let told: Vec<_> = run.stdout.lines().filter(|line| line.contains(ami.as_str())).collect();
    let expected =
        [format!("{REGION}: reading the blocks of {ami}"), format!("{REGION}: 0 MiB of {ami} are read")];
    let begun = told.iter().position(|line| *line == expected[0]).unwrap();
    assert_eq!(told[begun..begun + 2], expected, "{}", run.stdout);
}

/// The template that ships, by the real Packer with its plugin. Nothing is asked.
#[test]
fn the_shipped_template_is_valid() {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packer/aws-debian");
    let packer = |args: &[&str]| {
        let output = Command::new("packer")
            .args(args)
            .arg(&template)
            .env("PATH", crate::common::path())
            .env("PACKER_PLUGIN_PATH", plugins())
            .env("CHECKPOINT_DISABLE", "1")
            .env("AWS_ACCESS_KEY_ID", "none")
            .env("AWS_SECRET_ACCESS_KEY", "none")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    packer(&["validate"]);
    packer(&["fmt", "-check"]);
}
