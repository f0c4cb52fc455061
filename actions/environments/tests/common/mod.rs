//! A small GitHub with a memory: it keeps environments as GitHub does, can fail at any call, and remembers how
//! protected everything was after each.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

pub(crate) mod description;
pub(crate) mod server;

use runner::testing::{Harness, Run};

/// Runs the action on the server.
pub(crate) fn run(server: &str, operation: &str, file: &str) -> Run {
    let harness = Harness::new();
    harness.file("environments.yml", file);
    harness
        .input("operation", operation)
        .input("token", "ghs_secret")
        .input("api-url", server)
        .run(&environments::ACTION)
}
