//! Lists come in pages, and AWS may give an empty one before those that have something.

use serde_json::json;

use crate::world::World;

#[test]
fn what_is_there_is_found_behind_an_empty_page() {
    let world = World::new();
    world.bake_here("disk", &[1, 2, 3]);
    world.proxy.settings(&json!({"empty_first_page": true}));
    // By its name: nobody knows whether it was registered.
    world.proxy.faults(&json!([{"kind": "cut-after", "operation": "RegisterImage"}]));
    let run = world.done("disk", &[]);
    world.proxy.faults(&json!([]));
    let before = world.state();
    // By its tag: what was written down is gone.
    world.proxy.delete_object(&format!("/journal/images/releases/{}.json", run.outputs["release-id"]));
    world.proxy.reset_calls();
    let again = world.done("disk", &[]);
    assert_eq!(world.state()["images"], before["images"], "{}", again.said);
    let calls = world.proxy.operations();
    for call in ["ec2:RegisterImage", "ec2:CopyImage", "ebs:StartSnapshot"] {
        assert!(!calls.iter().any(|made| made == call), "{call}: {}", again.said);
    }
}
