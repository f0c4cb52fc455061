//! The end of an image: what is referred to stays; what is retired is gone everywhere; what is rejected is kept.

use serde_json::Value;

use crate::world::World;

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
