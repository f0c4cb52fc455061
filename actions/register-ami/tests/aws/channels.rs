//! Channels that cannot move: all of their parameters go back, and none shows what is not the release's.

use serde_json::{Value, json};

use crate::journal;
use crate::proxy::{ACCOUNT, REGION};
use crate::world::{AWAY, OTHER, World};

/// What the channel shows, everywhere.
fn stable(world: &World) -> Vec<String> {
    let state = world.proxy.state();
    let all = state["parameters"].as_array().unwrap().iter();
    let mut shown: Vec<_> = all
        .filter(|one| one["name"] == "/golden/debian-app/stable")
        .map(|one| ["account", "region", "value"].map(|name| one[name].as_str().unwrap()).join(" "))
        .collect();
    shown.sort();
    shown
}

#[test]
fn a_parameter_that_is_refused_anywhere_takes_all_back() {
    let mut world = World::new();
    world.bake("two");
    world.done("one", &[]);
    let before = stable(&world);
    assert_eq!(before.len(), 6);
    world.proxy.reset_calls();
    // Six are the release's own, two the canary's: this is one of the others.
    let denied = json!({"kind": "error", "operation": "PutParameter", "nth": 9, "code": "AccessDeniedException", "status": 400});
    world.proxy.faults(&json!([denied]));
    let run = world.run("two", 1, &[]);
    assert_eq!(run.code, Some(2), "{}", run.said);
    assert!(run.said.contains("AccessDenied") && run.said.contains("going back"), "{}", run.said);
    assert_eq!(stable(&world), before, "{}", run.said);
    let record = world.proxy.get_object("/journal/images/channels/debian-app/stable.json");
    assert!(!record.contains("moving"), "{record}");
    world.proxy.faults(&json!([]));
    world.done("two", &[]);
    assert_ne!(stable(&world), before);
}

#[test]
fn a_refusal_beside_a_failure_that_nobody_knows_the_end_of_is_taken_up_by_the_next_run() {
    let mut world = World::new();
    world.bake("two");
    world.done("one", &[]);
    world.proxy.reset_calls();
    world.proxy.faults(&json!([
        {"kind": "error", "operation": "PutParameter", "nth": 9, "code": "AccessDeniedException", "status": 400},
        {"kind": "throttle", "operation": "PutParameter", "nth": 10, "count": null},
    ]));
    let run = world.run("two", 1, &[]);
    assert_eq!(run.code, Some(2), "{}", run.said);
    assert!(run.said.contains("ThrottlingException"), "{}", run.said);
    let record = world.proxy.get_object("/journal/images/channels/debian-app/stable.json");
    assert!(record.contains("moving"), "{record}");
    world.proxy.faults(&json!([]));
    let run = world.done("two", &[]);
    let regions: Value = serde_json::from_str(&run.outputs["regions"]).unwrap();
    let expected = [ACCOUNT, OTHER].map(|account| {
        [AWAY[0], AWAY[1], REGION]
            .map(|region| format!("{account} {region} {}", regions[region].as_str().unwrap()))
    });
    let mut expected = expected.concat();
    expected.sort();
    assert_eq!(stable(&world), expected);
}

#[test]
fn a_channel_does_not_go_back_to_what_only_the_journal_says() {
    let mut world = World::new();
    world.bake("two");
    let one = world.done("one", &[]);
    world.done("two", &[]);
    let shown = stable(&world);
    let image = |name: &str, more: Value| {
        let mut image = json!({
            "region": AWAY[0], "name": name, "size_gib": 1, "blocks": {"1": 7}, "boot_mode": "uefi", "imds_support": "v2.0",
        });
        image.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.proxy.make_image(&image)
    };
    let release = json!({"hallmark:release": one.outputs["release-id"]});
    let shared = json!([{"UserId": ACCOUNT}]);
    let cases = [
        (
            image("theirs", json!({"account": OTHER, "launch_permissions": shared, "tags": release})),
            "is owned by the account 222222222222",
        ),
        (image("untagged", json!({})), "has no tag hallmark:release"),
        (image("another", json!({"tags": {"hallmark:release": "0".repeat(64)}})), "is not the release's"),
        (
            image("bios", json!({"boot_mode": "legacy-bios", "tags": release})),
            "boots by legacy-bios, not by uefi",
        ),
    ];
    for (other, says) in cases {
        journal::change(&world, &one, |record| record["images"][AWAY[0]]["image"] = json!(other));
        let run = world.run("two", 1, &[("operation", "rollback")]);
        assert_eq!(run.code, Some(1), "{says}: {}", run.said);
        assert!(
            run.said.contains("prior-image-unavailable") && run.said.contains(says),
            "{says}: {}",
            run.said
        );
        assert_eq!(stable(&world), shown, "{says}");
    }
}
