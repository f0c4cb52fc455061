//! What is written down of a release, read, and changed by somebody else.

use serde_json::Value;

use crate::world::{Run, World};

fn key(run: &Run) -> String {
    format!("images/releases/{}.json", run.outputs["release-id"])
}

/// The record of the release that a run published.
pub(crate) fn record(world: &World, run: &Run) -> Value {
    serde_json::from_str(&world.proxy.get_object(&format!("/journal/{}", key(run)))).unwrap()
}

/// Somebody else changes it.
pub(crate) fn change(world: &World, run: &Run, change: impl FnOnce(&mut Value)) {
    let mut record = record(world, run);
    change(&mut record);
    world.tamper(&key(run), record.to_string().as_bytes());
}
