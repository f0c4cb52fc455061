//! Publishing from disks on this machine: no build in AWS, no instance.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use blocks::BLOCK;
use serde_json::{Value, json};

use crate::proxy::{ACCOUNT, REGION};
use crate::world::{OTHER, Run, SECOND_DISK, World};

fn released(state: &Value) -> Vec<&Value> {
    let all = state["images"].as_array().unwrap();
    all.iter().filter(|image| image["tags"]["hallmark:release"].is_string()).collect()
}

/// A snapshot of the home region's image of a release.
fn snapshot<'s>(state: &'s Value, run: &Run, nth: usize) -> &'s Value {
    let images = released(state);
    let image = images.iter().find(|image| image["id"] == *run.outputs["image-id"]).unwrap();
    let all = state["snapshots"].as_array().unwrap();
    all.iter().find(|snapshot| snapshot["id"] == image["snapshots"][nth]).unwrap()
}

fn count(world: &World, call: &str) -> usize {
    world.proxy.operations().iter().filter(|made| *made == call).count()
}

#[test]
fn a_disk_becomes_an_image_in_every_region_with_what_the_manifest_says() {
    let world = World::new();
    world.bake_here("disk", &[1, 2, 0, 3]);
    let plan = world.done("disk", &[("operation", "plan")]);
    for change in
        ["write /dev/xvda (1 GiB) to a snapshot", "register the image debian-app-", "copy debian-app-"]
    {
        assert!(plan.said.contains(change), "{change}: {}", plan.said);
    }
    assert_eq!(plan.outputs["image-id"], "");
    assert_eq!(released(&world.proxy.state()).len(), 0);
    let run = world.done("disk", &[]);
    assert_eq!(run.outputs["adopted"], "false");
    let state = world.proxy.state();
    let images = released(&state);
    assert_eq!(images.len(), 3, "{}", run.said);
    for image in images {
        assert_eq!(image["name"], format!("debian-app-{}", &run.outputs["release-id"][..12]));
        assert_eq!(image["tags"]["hallmark:content-digest"], run.outputs["content-digest"].as_str());
        let machine =
            ["architecture", "boot_mode", "imds_support", "tpm_support"].map(|name| image[name].as_str());
        assert_eq!(machine, [Some("x86_64"), Some("uefi"), Some("v2.0"), Some("v2.0")]);
        let [device] = image["devices"].as_array().unwrap().as_slice() else { panic!("{image}") };
        assert_eq!(
            (&device["DeviceName"], &device["Ebs"]["VolumeType"]),
            (&json!("/dev/xvda"), &json!("gp3"))
        );
    }
    let made = snapshot(&state, &run, 0);
    assert_eq!((&made["blocks"], &made["size_gib"]), (&json!([10, 11, 13]), &json!(1)));
    assert_eq!(made["tags"]["hallmark:release"], run.outputs["release-id"].as_str());
    assert_eq!(made["tags"]["team"], "images");
    // Read back before it became an image, and not once more at home.
    let calls = world.proxy.operations();
    let place = |name: &str| calls.iter().position(|call| call == name).unwrap();
    assert!(place("ebs:CompleteSnapshot") < place("ebs:GetSnapshotBlock"));
    assert!(place("ebs:GetSnapshotBlock") < place("ec2:RegisterImage"));
    let read = world
        .proxy
        .calls()
        .iter()
        .filter(|call| call["operation"] == "ListSnapshotBlocks" && call["region"] == REGION)
        .count();
    assert_eq!(read, 1);
    // A second time there is nothing to do.
    let before = world.state();
    world.proxy.reset_calls();
    let again = world.done("disk", &[]);
    assert_eq!(again.outputs["adopted"], "true");
    assert_eq!(world.state(), before);
    assert_eq!((count(&world, "ebs:StartSnapshot"), count(&world, "ebs:GetSnapshotBlock")), (0, 0));
}

#[test]
fn of_the_next_disk_only_what_is_new_is_sent() {
    let world = World::new();
    let mut blocks = vec![7; 100];
    world.bake_here("disk", &blocks);
    let first = world.done("disk", &[]);
    blocks[40] = 8;
    world.bake_here("next", &blocks);
    world.proxy.reset_calls();
    let next = world.done("next", &[]);
    assert_eq!(count(&world, "ebs:PutSnapshotBlock"), 1, "at most 2 % of 100 were to be sent: {}", next.said);
    let state = world.proxy.state();
    let (parent, child) = (snapshot(&state, &first, 0), snapshot(&state, &next, 0));
    assert_eq!(child["parent"], parent["id"]);
    assert_eq!(child["blocks"].as_array().unwrap().len(), 100);
}

/// An image in the home region that a build made, with these blocks as [`World::bake_here`] has them.
fn bake_there(world: &mut World, name: &str, blocks: &[u8]) {
    world.bake_here(name, blocks);
    let blocks: serde_json::Map<_, _> =
        (10..).zip(blocks).map(|(index, byte)| (i32::to_string(&index), json!(byte))).collect();
    let ami = world.proxy.make_image(&json!({
        "name": format!("build-{name}"), "size_gib": 1, "blocks": blocks, "boot_mode": "uefi", "imds_support": "v2.0",
    }));
    world.amis.insert(name.to_owned(), ami);
}

/// How often the snapshots of the home region were listed: how many were read.
fn read_at_home(world: &World) -> usize {
    let calls = world.proxy.calls();
    let lists = calls.iter().filter(|call| call["operation"] == "ListSnapshotBlocks");
    lists.filter(|call| call["region"] == REGION).count()
}

#[test]
fn an_image_that_a_build_made_in_aws_is_continued_by_a_disk() {
    let mut world = World::new();
    let mut blocks = vec![7; 100];
    bake_there(&mut world, "ami", &blocks);
    let first = world.done("ami", &[]);
    assert_eq!(read_at_home(&world), 1, "its blocks are known by the one proof");
    // One changed, one became zeros, one is new.
    blocks[40] = 8;
    blocks[41] = 0;
    blocks.push(9);
    world.bake_here("next", &blocks);
    world.proxy.reset_calls();
    let next = world.done("next", &[]);
    assert_eq!((count(&world, "ebs:PutSnapshotBlock"), read_at_home(&world)), (3, 1), "{}", next.said);
    let state = world.proxy.state();
    let (parent, child) = (snapshot(&state, &first, 0), snapshot(&state, &next, 0));
    assert_eq!(child["parent"], parent["id"]);
    assert_eq!(child["blocks"].as_array().unwrap().len(), 101);
}

#[test]
fn a_parent_whose_blocks_are_not_known_is_read_and_believed_only_if_it_is_what_was_released() {
    let world = World::new();
    let mut blocks = vec![7; 30];
    world.bake_here("disk", &blocks);
    let mut before = world.done("disk", &[]);
    type Harm = fn(&World, &str);
    let altered: Harm = |world, key| world.tamper(key, br#"{"blocks":"","sizeBytes":1073741824}"#);
    let gone: Harm = |world, key| world.proxy.delete_object(&format!("/journal/{key}"));
    let no_json: Harm = |world, key| world.tamper(key, b"?");
    let other_content: Harm = |world, key| {
        world.tamper(key, br#"{"blocks":"","sizeBytes":1073741824}"#);
        let state = world.proxy.state();
        let newest = released(&state).into_iter().rfind(|image| image["region"] == REGION).unwrap();
        world.proxy.alter_block(REGION, newest["id"].as_str().unwrap(), 10, 99);
    };
    // What became of the parent's map; whether it is a parent; how many snapshots are read.
    let table = [
        ("another map", altered, true, 2),
        ("no map", gone, true, 2),
        ("no JSON", no_json, false, 1),
        ("another map, and another content", other_content, false, 2),
    ];
    for (n, (name, harm, is_parent, reads)) in table.into_iter().enumerate() {
        let (key, size) = kept_blocks(&world.proxy.state(), &before);
        harm(&world, &key);
        blocks[n] = 8;
        let disk = format!("disk {n}");
        world.bake_here(&disk, &blocks);
        world.proxy.reset_calls();
        let next = world.done(&disk, &[]);
        let sent = if is_parent { 1 } else { 30 };
        assert_eq!(
            (count(&world, "ebs:PutSnapshotBlock"), read_at_home(&world)),
            (sent, reads),
            "{name}: {}",
            next.said
        );
        let state = world.proxy.state();
        let parent = is_parent.then(|| snapshot(&state, &before, 0)["id"].as_str().unwrap());
        assert_eq!(snapshot(&state, &next, 0)["parent"].as_str(), parent, "{name}");
        // What was read and is right is kept.
        assert_eq!(kept_blocks(&state, &before).1 == size, is_parent, "{name}");
        before = next;
    }
}

/// Where it is kept which blocks a release's disk has, and in how many bytes.
fn kept_blocks(state: &Value, run: &Run) -> (String, u64) {
    let digest = run.outputs["content-digest"].split_once(':').unwrap().1;
    let mut all = state["objects"].as_array().unwrap().iter();
    let is_it = |key: &str| key.contains("blocks/") && key.contains(digest);
    let object = all.find(|object| is_it(object["key"].as_str().unwrap())).unwrap();
    (object["key"].as_str().unwrap().to_owned(), object["size"].as_u64().unwrap())
}

#[test]
fn snapshots_have_the_home_regions_key_and_their_children_too() {
    let world = World::new();
    let key = world.proxy.make_key(&json!({"region": REGION, "alias": "alias/home"}));
    world.distribution(
        &json!({"regions": {REGION: {"kms-key": "alias/home"}}, "channels": {"prefix": "/golden"}}),
    );
    world.bake_here("disk", &[1, 2, 3]);
    world.bake_here("next", &[1, 2, 4]);
    let first = world.done("disk", &[]);
    world.proxy.reset_calls();
    let next = world.done("next", &[]);
    assert_eq!(count(&world, "ebs:PutSnapshotBlock"), 1, "{}", next.said);
    let state = world.proxy.state();
    for run in [&first, &next] {
        assert_eq!(snapshot(&state, run, 0)["kms_key"], key);
    }
    // Another key: nothing can be inherited.
    let other = world.proxy.make_key(&json!({"region": REGION, "alias": "alias/other"}));
    world.distribution(
        &json!({"regions": {REGION: {"kms-key": "alias/other"}}, "channels": {"prefix": "/golden"}}),
    );
    world.bake_here("third", &[1, 2, 5]);
    world.proxy.reset_calls();
    let third = world.done("third", &[]);
    assert_eq!(count(&world, "ebs:PutSnapshotBlock"), 3, "{}", third.said);
    assert_eq!(snapshot(&world.proxy.state(), &third, 0)["kms_key"], other);
}

#[test]
fn an_image_may_have_several_disks() {
    let world = World::new();
    world.bake_disks("disks", &[1, 2], b"data");
    let run = world.done("disks", &[SECOND_DISK]);
    let state = world.proxy.state();
    for image in released(&state) {
        let sizes: Vec<_> =
            image["devices"].as_array().unwrap().iter().map(|one| &one["Ebs"]["VolumeSize"]).collect();
        assert_eq!(sizes, [&json!(1), &json!(2)], "{image}");
    }
    assert_eq!(state["snapshots"].as_array().unwrap().len(), 6 + 1, "{}", run.said);
    let blocks: BTreeSet<_> = (0..2).map(|nth| snapshot(&state, &run, nth)["blocks"].to_string()).collect();
    assert_eq!(blocks, BTreeSet::from(["[10,11]".to_owned(), "[10]".to_owned()]));
}

/// In one region, without a channel elsewhere.
fn at_home(world: &World) {
    world.distribution(&json!({
        "regions": {REGION: {}},
        "channels": {"prefix": "/golden"},
        "share": {"accounts": [OTHER], "snapshots": true},
    }));
}

#[test]
fn several_disks_are_sent_beside_each_other_also_when_aws_is_busy() {
    let world = World::new();
    at_home(&world);
    world.bake_disks("disks", &[7; 80], &[8; 80 * BLOCK]);
    world.proxy.settings(&json!({"latency_ms": {"ebs": 30, "ebs:PutSnapshotBlock": 100}, "snapshot_pending": {"looks": 2, "ms": 300}}));
    world.proxy.faults(&json!([{"kind": "throttle", "operation": "ebs", "every": 9, "count": null}]));
    let run = world.done("disks", &[SECOND_DISK]);
    let state = world.proxy.state();
    let ids = [0, 1].map(|nth| snapshot(&state, &run, nth)["id"].as_str().unwrap());
    let calls = world.proxy.calls();
    let puts: Vec<String> =
        calls.iter().filter(|call| call["operation"] == "PutSnapshotBlock").map(Value::to_string).collect();
    let first = |id: &str| puts.iter().position(|call| call.contains(id)).unwrap();
    let last = |id: &str| puts.iter().rposition(|call| call.contains(id)).unwrap();
    assert!(first(ids[0]) < last(ids[1]) && first(ids[1]) < last(ids[0]), "{}", run.said);
    // A ninth of them twice, and no more.
    assert!((160..=200).contains(&puts.len()), "{}", puts.len());
}

#[test]
fn a_disk_is_not_sent_again_because_another_changed_while_it_was_sent() {
    let world = World::new();
    at_home(&world);
    world.bake_disks("disks", &[7; 40], &[8; 150 * BLOCK]);
    // Long enough for the change to come before the last block is read, on a busy machine too.
    world.proxy.settings(&json!({"latency_ms": {"ebs:PutSnapshotBlock": 5000}}));
    let child = world.spawn("disks", &[SECOND_DISK], "7");
    while count(&world, "ebs:PutSnapshotBlock") == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let data = File::options().write(true).open(world.place.path("data.raw")).unwrap();
    data.write_all_at(&[1], 159 * BLOCK as u64).unwrap();
    world.proxy.settings(&json!({"latency_ms": {}}));
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("content-changed") && said.contains("/dev/xvdb"), "{said}");
    assert_eq!((released(&world.proxy.state()).len(), count(&world, "ec2:RegisterImage")), (0, 0));
    data.write_all_at(&[8], 159 * BLOCK as u64).unwrap();
    world.proxy.reset_calls();
    let run = world.done("disks", &[SECOND_DISK]);
    assert_eq!(count(&world, "ebs:PutSnapshotBlock"), 150, "{}", run.said);
    let state = world.proxy.state();
    assert_eq!(
        (released(&state).len(), state["snapshots"].as_array().unwrap().len()),
        (1, 3),
        "{}",
        run.said
    );
}

#[test]
fn how_far_sending_and_reading_are_is_told_every_half_minute() {
    let world = World::new();
    at_home(&world);
    // More than the first round has, also after a list was answered.
    world.bake_here("disk", &[7; 18]);
    let slow = 16_000;
    world
        .proxy
        .settings(&json!({"latency_ms": {"ebs:PutSnapshotBlock": slow, "ebs:GetSnapshotBlock": slow}}));
    let run = world.done("disk", &[]);
    let told = |what: &str| run.said.lines().filter(|line| line.contains(what)).count();
    assert_eq!(told("/dev/xvda is written up to"), 1, "{}", run.said);
    let read: Vec<&str> = run.said.lines().filter(|line| line.ends_with(" are read")).collect();
    assert!(
        matches!(read.as_slice(), [line] if line.contains("us-east-1: 8 MiB of snap-")),
        "{read:?}: {}",
        run.said
    );
}

#[test]
fn a_disk_that_changes_while_it_is_sent_is_refused_and_nothing_is_left_of_it() {
    let world = World::new();
    world.bake_here("disk", &[7; 150]);
    // Long enough for the change to come before the last block is read, on a busy machine too.
    world.proxy.settings(&json!({"latency_ms": {"ebs:PutSnapshotBlock": 5000}}));
    let before = world.state();
    let child = world.spawn("disk", &[], "7");
    while count(&world, "ebs:PutSnapshotBlock") == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let disk = File::options().write(true).open(world.place.path("disk").join("disk.raw")).unwrap();
    disk.write_all_at(&[1], 159 * BLOCK as u64).unwrap();
    world.proxy.settings(&json!({"latency_ms": {}}));
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("content-changed") && said.contains("/dev/xvda"), "{said}");
    let state = world.state();
    assert_eq!((&state["images"], &state["snapshots"]), (&before["images"], &before["snapshots"]));
    assert_eq!((count(&world, "ebs:CompleteSnapshot"), count(&world, "ec2:RegisterImage")), (0, 0));
    // The disk as it was decided about is taken afterwards.
    disk.write_all_at(&[7], 159 * BLOCK as u64).unwrap();
    world.done("disk", &[]);
    assert_eq!(released(&world.proxy.state()).len(), 3);
}

#[test]
fn a_snapshot_that_fails_is_replaced_and_nothing_is_left_of_it() {
    let world = World::new();
    world.bake_here("disk", &[1, 2, 3]);
    world.proxy.faults(
        &json!([{"kind": "failed", "operation": "StartSnapshot", "nth": 1, "reason": "Internal error"}]),
    );
    let run = world.done("disk", &[]);
    assert!(run.said.contains("Internal error"), "{}", run.said);
    let state = world.proxy.state();
    assert_eq!(
        (released(&state).len(), state["snapshots"].as_array().unwrap().len()),
        (3, 4),
        "{}",
        run.said
    );
}

#[test]
fn an_image_of_somebody_else_with_the_name_is_not_taken() {
    let world = World::new();
    world.bake_here("disk", &[1, 2, 3]);
    let plan = world.done("disk", &[("operation", "plan")]);
    let name = format!("debian-app-{}", &plan.outputs["release-id"][..12]);
    world.proxy.make_image(&json!({"account": ACCOUNT, "region": REGION, "name": name, "blocks": {"0": 1}}));
    let run = world.run("disk", 1, &[]);
    assert_eq!(run.code, Some(1), "{}", run.said);
    assert!(run.said.contains("has the name debian-app-"), "{}", run.said);
    assert_eq!(released(&world.proxy.state()).len(), 0);
}

#[test]
fn it_takes_its_time_and_comes_to_its_end_when_aws_is_busy() {
    let world = World::new();
    world.distribution(&json!({
        "regions": {REGION: {}},
        "channels": {"prefix": "/golden"},
        "share": {"accounts": [OTHER], "snapshots": true},
        "wait": {"images": "60s", "channel": "5s", "poll": "1s"},
    }));
    world.bake_here("disk", &[7; 60]);
    world.proxy.settings(&json!({
        "snapshot_pending": {"looks": 2, "ms": 300},
        "snapshot_unseen": {"looks": 1, "ms": 100},
        "image_pending": {"looks": 1, "ms": 100},
        "image_unseen": {"looks": 1, "ms": 100},
    }));
    world.proxy.faults(&json!([{"kind": "throttle", "every": 5, "count": null}]));
    let run = world.done("disk", &[]);
    assert!(run.said.contains("is being completed"), "{}", run.said);
    assert_eq!(released(&world.proxy.state()).len(), 1);
}

#[test]
fn a_release_that_was_deleted_is_made_anew_of_its_disk() {
    let world = World::new();
    world.distribution(&json!({
        "regions": {REGION: {}},
        "channels": {"prefix": "/golden"},
        "share": {"accounts": [OTHER], "snapshots": true},
        "protection": "off",
    }));
    world.bake_here("disk", &[1, 2, 3]);
    let first = world.done("disk", &[("channel", "")]);
    let image = first.outputs["image-id"].clone();
    let end = [("operation", "retire"), ("stage", "delete"), ("image-id", image.as_str()), ("channel", "")];
    world.done("disk", &end);
    assert_eq!(released(&world.proxy.state()).len(), 0);
    let again = world.done("disk", &[("channel", "")]);
    assert_ne!(again.outputs["image-id"], image);
    assert_eq!(again.outputs["release-id"], first.outputs["release-id"]);
}
