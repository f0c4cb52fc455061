//! Two publishers at once: one publishes, the other stops or waits, and never both.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::World;

#[test]
fn of_two_at_once_one_stops_and_both_agree_in_the_end() {
    let mut world = World::new();
    world.bake("two");
    world.proxy.settings(&json!({"latency_ms": {"*": 5}}));
    for names in [["one", "one"], ["one", "two"]] {
        for delay in [0, 40, 300] {
            let first = world.spawn(names[0], &[], "1");
            std::thread::sleep(Duration::from_millis(delay));
            let second = world.spawn(names[1], &[], "2");
            let outputs = [first, second].map(|child| child.wait_with_output().unwrap());
            let codes = outputs.each_ref().map(|output| output.status.code());
            for output in &outputs {
                let said = String::from_utf8_lossy(&output.stdout);
                let busy =
                    said.contains("is publishing this image family") || said.contains("another publisher");
                assert!(output.status.code() == Some(0) || busy, "{said}");
            }
            assert!(codes.contains(&Some(0)), "{codes:?}");
        }
    }
    world.done("one", &[]);
    world.done("two", &[]);
    // Each image once in each region; nothing else.
    let state = world.proxy.state();
    assert_eq!(state["images"].as_array().unwrap().len(), 6, "{}", state["images"]);
    assert_eq!(state["snapshots"].as_array().unwrap().len(), 6);
}

#[test]
fn who_waits_goes_on_when_the_other_is_done() {
    let mut world = World::new();
    world.bake("two");
    world.proxy.settings(&json!({"image_pending": {"looks": 0, "ms": 2000}}));
    let mut first = world.spawn("one", &[], "1");
    let is_held = || {
        let lease = |call: &Value| {
            call["operation"] == "PutObject"
                && call["resources"].to_string().contains("leases/debian-app.json")
        };
        world.proxy.calls().iter().any(|call| lease(call) && call["status"] == 200)
    };
    while !is_held() && first.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let second = world.spawn("two", &[("lock-timeout", "60s")], "2");
    for child in [first, second] {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    assert_eq!(world.proxy.state()["images"].as_array().unwrap().len(), 6);
}
