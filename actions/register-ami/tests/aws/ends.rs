//! The end of an image: what is referred to stays; what is retired is gone everywhere; what is rejected is kept.

use serde_json::{Value, json};

use crate::journal;
use crate::proxy::{ACCOUNT, REGION, SECRET, access_key, python_command};
use crate::world::{AWAY, Run, World};

const DELETE: [(&str, &str); 2] = [("operation", "retire"), ("stage", "delete")];

/// One that nothing refers to any more.
fn left_behind(world: &mut World) -> Run {
    world.bake("two");
    world.bake("three");
    let one = world.done("one", &[]);
    world.done("two", &[]);
    world.done("three", &[]);
    one
}

/// The names of parameters that show the release itself.
fn numbered(world: &World, run: &Run) -> usize {
    let digits = &run.outputs["release-id"][..16];
    let state = world.proxy.state();
    let all = state["parameters"].as_array().unwrap().iter();
    all.filter(|one| one["name"].as_str().unwrap().contains(digits)).count()
}

#[test]
fn what_a_channel_shows_is_not_retired_and_what_nothing_shows_is_gone_everywhere() {
    let mut world = World::new();
    world.bake("two");
    world.bake("three");
    world.done("one", &[]);
    let retire = [("operation", "retire"), ("stage", "delete")];
    let run = world.run("one", 1, &retire);
    assert_eq!(run.code, Some(1), "{}", run.said);
    assert!(run.said.contains("the channel debian-app/stable shows it"), "{}", run.said);
    world.done("two", &[]);
    let run = world.run("one", 1, &retire);
    assert!(run.code == Some(1) && run.said.contains("one rollback away"), "{}", run.said);
    world.done("three", &[]);
    world.done("one", &[("operation", "retire"), ("stage", "deprecate")]);
    world.done("one", &[("operation", "retire"), ("stage", "disable")]);
    let state = |image: &Value| format!("{} {}", image["name"], image["state"]);
    let states: Vec<_> = world.proxy.state()["images"].as_array().unwrap().iter().map(state).collect();
    assert_eq!(states.iter().filter(|state| state.contains("disabled")).count(), 3, "{states:?}");
    world.done("one", &retire);
    let after = world.proxy.state();
    assert_eq!(after["images"].as_array().unwrap().len(), 6, "{}", after["images"]);
    assert_eq!(after["snapshots"].as_array().unwrap().len(), 6, "{}", after["snapshots"]);
    let run = world.run("one", 1, &retire);
    assert_eq!(run.code, Some(2), "{}", run.said);
    assert!(run.said.contains("there is no image"), "{}", run.said);
}

#[test]
fn what_is_rejected_is_kept_and_never_published() {
    let world = World::new();
    world.done("one", &[("operation", "reject"), ("reason", "CVE-2026-0001 in openssl")]);
    let run = world.run("one", 1, &[]);
    assert_eq!(run.code, Some(1), "{}", run.said);
    assert!(run.said.contains("it was rejected: CVE-2026-0001 in openssl"), "{}", run.said);
    assert_eq!(world.proxy.state()["images"].as_array().unwrap().len(), 1);
}

#[test]
fn a_region_that_the_distribution_has_no_more_is_asked_and_cleared_too() {
    let mut world = World::new();
    let one = left_behind(&mut world);
    world.distribution(&json!({"regions": {REGION: {}, AWAY[0]: {"kms-key": "alias/golden"}}}));
    assert_eq!(numbered(&world, &one), 6);
    // One region is not answered by, the last of all that are asked.
    let before = world.state();
    world.proxy.reset_calls();
    let denied = json!({"kind": "error", "operation": "DescribeInstances", "nth": 6, "code": "UnauthorizedOperation", "status": 403});
    world.proxy.faults(&json!([denied]));
    let run = world.run("one", 1, &DELETE);
    assert_eq!(run.code, Some(2), "{}", run.said);
    assert!(
        run.said.contains("DescribeInstances") && run.said.contains("UnauthorizedOperation"),
        "{}",
        run.said
    );
    assert_eq!(world.state(), before);
    world.proxy.faults(&json!([]));
    world.proxy.reset_calls();
    world.done("one", &DELETE);
    let asked = |operation: &str| {
        let calls = world.proxy.calls();
        calls.iter().filter(|call| call["operation"] == operation && call["region"] == AWAY[1]).count()
    };
    assert_eq!((asked("DescribeInstances"), asked("DescribeLaunchTemplateVersions")), (2, 2));
    assert_eq!(numbered(&world, &one), 0);
    assert_eq!(world.proxy.state()["images"].as_array().unwrap().len(), 6);
}

#[test]
fn a_tag_alone_makes_no_image_a_release() {
    let mut world = World::new();
    let one = left_behind(&mut world);
    let before = world.state();
    let tags = json!({"hallmark:release": one.outputs["release-id"]});
    let other =
        world.proxy.make_image(&json!({"name": "scratch", "size_gib": 1, "blocks": {"1": 7}, "tags": tags}));
    for stage in ["deprecate", "disable", "delete"] {
        let run = world.run("one", 1, &[DELETE[0], ("stage", stage), ("image-id", &other)]);
        assert_eq!(run.code, Some(1), "{}", run.said);
        let says = format!("whose image is {}", one.outputs["image-id"]);
        assert!(run.said.contains("image-unfit") && run.said.contains(&says), "{}", run.said);
    }
    let after = world.state();
    assert_eq!(after["parameters"], before["parameters"]);
    assert_eq!(after["images"].as_array().unwrap().len(), before["images"].as_array().unwrap().len() + 1);
}

#[test]
fn what_is_retired_is_read_when_nobody_else_can_change_it() {
    let mut world = World::new();
    left_behind(&mut world);
    for stage in ["deprecate", "delete"] {
        world.proxy.reset_calls();
        world.done("one", &[DELETE[0], ("stage", stage)]);
        let calls = world.proxy.calls();
        let about = |call: &Value, operation: &str, what: &str| {
            call["operation"] == operation && call["resources"].to_string().contains(what)
        };
        let held = calls.iter().position(|call| about(call, "PutObject", "leases/debian-app.json")).unwrap();
        let first =
            calls.iter().position(|call| call["service"] == "ec2" && call["mutating"] == true).unwrap();
        let read =
            calls[held..first].iter().filter(|call| about(call, "GetObject", "images/releases/")).count();
        assert_eq!(read, 1, "{stage}");
    }
}

#[test]
fn protection_with_a_cooldown_is_taken_away_first_and_nothing_else_until_it_is_over() {
    let mut world = World::new();
    world.distribution(&json!({"protection": "with-cooldown"}));
    let one = left_behind(&mut world);
    world.proxy.settings(&json!({"protection_cooldown_s": 0}));
    let before = world.state();
    for attempt in [1, 2] {
        let run = world.run("one", attempt, &DELETE);
        assert_eq!(run.code, Some(1), "{}", run.said);
        assert!(run.said.contains("image-protected") && run.said.contains("24 h"), "{}", run.said);
        let mut after = world.state();
        let images = after["images"].as_array_mut().unwrap();
        let taken = images.iter_mut().filter(|image| image["protection"] == "disabled");
        let taken = taken.map(|image| image["protection"] = json!("enabled-with-cooldown")).count();
        assert_eq!(taken, 3, "{}", run.said);
        assert_eq!(after, before, "{}", run.said);
        assert!(journal::record(&world, &one)["protectedUntil"].is_string());
    }
    journal::change(&world, &one, |record| record["protectedUntil"] = json!("2026-01-01T00:00:00Z"));
    world.done("one", &DELETE);
    assert_eq!(numbered(&world, &one), 0);
    assert_eq!(world.proxy.state()["images"].as_array().unwrap().len(), 6);
}

#[test]
fn a_snapshot_that_another_image_uses_is_left_and_told() {
    const SCRIPT: &str = r#"
import sys, boto3
endpoint, key, secret, region, snapshot = sys.argv[1:]
ec2 = boto3.client("ec2", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name=region)
ec2.register_image(Name="mine", RootDeviceName="/dev/xvda", BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}])
"#;
    let mut world = World::new();
    let one = left_behind(&mut world);
    let state = world.proxy.state();
    let image =
        state["images"].as_array().unwrap().iter().find(|image| image["id"] == *one.outputs["image-id"]);
    let snapshot = image.unwrap()["snapshots"][0].as_str().unwrap().to_owned();
    let status = python_command()
        .args(["-c", SCRIPT, &world.proxy.endpoint(), &access_key(ACCOUNT), SECRET, REGION, &snapshot])
        .status()
        .unwrap();
    assert!(status.success());
    let run = world.done("one", &DELETE);
    assert!(run.said.contains(&format!("{snapshot} is left: another image uses it")), "{}", run.said);
    let left = world.proxy.state();
    let left: Vec<_> = left["snapshots"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert!(left.contains(&json!(snapshot)) && left.len() == 7, "{left:?}");
}

#[test]
fn what_is_retired_can_be_planned_and_published_again() {
    let mut world = World::new();
    world.bake_here("disk", &[1, 2, 3]);
    let run = world.done("disk", &[]);
    world.bake("two");
    world.bake("three");
    world.done("two", &[]);
    world.done("three", &[]);
    let ami = run.outputs["image-id"].clone();
    world.done("disk", &[DELETE[0], DELETE[1], ("image-id", &ami)]);
    let plan = world.done("disk", &[("operation", "plan")]);
    assert_eq!((plan.outputs["image-id"].as_str(), plan.outputs["adopted"].as_str()), ("", "false"));
    let again = world.done("disk", &[]);
    assert_ne!(again.outputs["image-id"], ami);
}
