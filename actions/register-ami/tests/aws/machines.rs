//! The same snapshots can be registered as any machine: what is published, and what a channel shows, is the one that was
//! decided about.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Architecture, BootMode};
use serde_json::{Value, json};

use crate::journal;
use crate::proxy::REGION;
use crate::world::{AWAY, World};

/// An image with the content of `one`, as a build makes it.
fn of_one(more: &Value) -> Value {
    let mut image = json!({
        "name": "other", "size_gib": 1, "blocks": {"10": STANDARD.encode("one")}, "boot_mode": "uefi", "imds_support": "v2.0",
    });
    image.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    image
}

fn refused(world: &World, says: &str) {
    let run = world.run("one", 1, &[]);
    assert_eq!(run.code, Some(1), "{says}: {}", run.said);
    assert!(run.said.contains("image-unfit") && run.said.contains(says), "{says}: {}", run.said);
    assert_eq!(world.proxy.state()["parameters"], json!([]), "{says}");
}

#[test]
fn an_image_that_starts_otherwise_is_not_adopted() {
    let mut world = World::new();
    for (more, says) in [
        (json!({"boot_mode": "legacy-bios"}), "boots by legacy-bios, not by uefi"),
        (json!({"boot_mode": "uefi-preferred"}), "boots by uefi-preferred, not by uefi"),
        // AWS starts it by the BIOS then.
        (json!({"boot_mode": null}), "boots by legacy-bios, not by uefi"),
        (json!({"architecture": "arm64"}), "is for arm64, not for amd64"),
        (json!({"root_device_name": "/dev/sda1"}), "has the disks /dev/sda1, not /dev/xvda"),
    ] {
        let ami = world.proxy.make_image(&of_one(&more));
        world.amis.insert("one".into(), ami);
        refused(&world, says);
    }
}

#[test]
fn an_image_that_says_no_boot_mode_is_what_aws_starts_it_as() {
    for (architecture, name, usual) in [
        (Architecture::Amd64, "x86_64", BootMode::LegacyBios),
        (Architecture::Arm64, "arm64", BootMode::Uefi),
    ] {
        let mut world = World::new();
        let mut manifest = world.bake("one");
        (manifest.architecture, manifest.boot_mode) = (architecture, usual);
        world.place.write_manifest("one", &manifest);
        world.place.pass(&manifest);
        let ami = world.proxy.make_image(&of_one(&json!({"boot_mode": null, "architecture": name})));
        world.amis.insert("one".into(), ami);
        let run = world.done("one", &[]);
        assert_eq!(run.outputs["image-id"], world.amis["one"]);
    }
}

#[test]
fn an_image_that_is_known_already_is_compared_too() {
    let world = World::new();
    let run = world.done("one", &[]);
    let tags = json!({"hallmark:release": run.outputs["release-id"]});
    let other = world.proxy.make_image(&of_one(&json!({"boot_mode": "legacy-bios", "tags": tags})));
    journal::change(&world, &run, |record| record["images"][REGION]["image"] = json!(other));
    let again = world.run("one", 2, &[]);
    assert_eq!(again.code, Some(1), "{}", again.said);
    assert!(again.said.contains("boots by legacy-bios, not by uefi"), "{}", again.said);
}

#[test]
fn a_copy_that_starts_otherwise_is_not_shared() {
    let world = World::new();
    let release = world.done("one", &[("operation", "plan")]).outputs["release-id"].clone();
    let key = "alias/golden";
    world.proxy.make_image(&of_one(&json!({
        "region": AWAY[0], "boot_mode": null, "kms_key": key, "tags": {"hallmark:release": release},
    })));
    refused(&world, "it is not what it was copied from");
    let state = world.proxy.state();
    let images = state["images"].as_array().unwrap();
    assert!(images.iter().all(|image| image["launch_permissions"] == json!([])), "{images:?}");
}
