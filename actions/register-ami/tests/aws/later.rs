//! A run that comes later, with another distribution or after a long time: it goes on from what is there.

use serde_json::{Value, json};

use crate::journal;
use crate::proxy::REGION;
use crate::world::{AWAY, OTHER, World};

/// Members of each image in AWAY, by region.
fn away<'s>(state: &'s Value, member: &str) -> Vec<(&'s str, &'s Value)> {
    let images = state["images"].as_array().unwrap().iter();
    let mut found: Vec<_> = images.map(|image| (image["region"].as_str().unwrap(), &image[member])).collect();
    found.retain(|(region, _)| AWAY.contains(region));
    found.sort_by_key(|(region, _)| *region);
    found
}

/// The first request's token is never used for the second, which differs; and nothing is left of what failed.
#[test]
fn a_key_that_did_not_serve_can_be_replaced() {
    let world = World::new();
    world.proxy.faults(
        &json!([{"kind": "failed", "operation": "CopyImage", "count": null, "reason": "Given key ID is not accessible"}]),
    );
    let failed = world.run("one", 1, &[]);
    assert_eq!(failed.code, Some(1), "{}", failed.said);
    assert!(failed.said.contains("Given key ID is not accessible"), "{}", failed.said);
    let state = world.proxy.state();
    assert_eq!(away(&state, "id"), [], "{}", failed.said);
    world.proxy.faults(&json!([]));
    for region in AWAY {
        world.proxy.make_key(&json!({"region": region, "alias": "alias/other"}));
    }
    let key = json!({"kms-key": "alias/other"});
    world.distribution(&json!({"regions": {REGION: {}, AWAY[0]: key, AWAY[1]: key}}));
    let run = world.run("one", 2, &[]);
    assert_eq!(run.code, Some(0), "{}", run.said);
    let state = world.proxy.state();
    let available = json!("available");
    assert_eq!(away(&state, "state"), AWAY.map(|region| (region, &available)));
}

/// AWS adds or removes in one call, not both, and five hundred at most.
#[test]
fn whom_snapshots_are_shared_with_can_change_altogether() {
    let world = World::new();
    world.done("one", &[]);
    let many: Vec<_> = (0..501).map(|account| format!("3{account:011}")).collect();
    let share = |accounts: &[String]| {
        world.distribution(&json!({
            "share": {"accounts": accounts, "snapshots": true, "grants": false},
            "channels": {"prefix": "/golden"},
        }));
        world.done("one", &[]);
        let state = world.proxy.state();
        let snapshots = state["snapshots"].as_array().unwrap().iter();
        let shared: Vec<_> = snapshots.map(|one| one["permissions"].clone()).collect();
        assert_eq!(shared.len(), 3, "{state}");
        shared
    };
    let ids = |accounts: &[String]| Value::from_iter(accounts.iter().map(|id| json!({"UserId": id})));
    assert_eq!(share(&many), vec![ids(&many); 3]);
    let other = [OTHER.to_owned()];
    assert_eq!(share(&other), vec![ids(&other); 3]);
}

/// `deprecate-after` counts from when the release was begun; AWS takes no date of the past.
#[test]
fn a_release_that_is_deprecated_by_now_can_be_taken_up() {
    let world = World::new();
    world.distribution(&json!({"deprecate-after": "1h"}));
    let before = world.done("one", &[]);
    journal::change(&world, &before, |record| record["begunOn"] = json!("2026-01-01T00:00:00Z"));
    let another = "ap-southeast-2";
    let key = json!({"kms-key": "alias/golden"});
    world.distribution(&json!({
        "deprecate-after": "1h",
        "regions": {REGION: {}, AWAY[0]: key, AWAY[1]: key, another: {}},
        "share": {"accounts": [OTHER], "snapshots": false, "grants": false},
    }));
    let run = world.run("one", 2, &[]);
    assert_eq!(run.code, Some(0), "{}", run.said);
    let state = world.proxy.state();
    for image in state["images"].as_array().unwrap() {
        assert!(image["deprecation"].is_string(), "{image}");
    }
    assert_eq!(state["images"].as_array().unwrap().len(), 4);
}
