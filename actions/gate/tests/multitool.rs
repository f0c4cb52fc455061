//! `sarif-multitool`, Microsoft's own, with GitHub's rules.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests: a panic is their message")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Holds a file to them. What the tool says goes to `said`.
pub(crate) fn takes(file: &Path, said: &Path) {
    #[expect(clippy::disallowed_methods, reason = "a test reads its own variable")]
    let tool = std::env::var("HALLMARK_TEST_SARIF_MULTITOOL").unwrap_or_else(|_| {
        panic!("HALLMARK_TEST_SARIF_MULTITOOL names no sarif-multitool: `make test` sets it up")
    });
    #[expect(clippy::disallowed_methods, reason = "a test runs the tool")]
    let run = Command::new(tool)
        .args(["validate", "--rule-kind", "Sarif;Gh", "--level", "Error;Warning", "--output"])
        .args([said, file])
        .output()
        .unwrap();
    let talk = String::from_utf8_lossy(&run.stdout).into_owned();
    // It may say that it was successful whatever it found: what it found stands in its own log.
    let said: Value = serde_json::from_slice(&fs::read(said).unwrap_or_else(|_| panic!("{talk}"))).unwrap();
    let notifications = &said["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert!(!notifications.to_string().contains("\"error\""), "{notifications}");
    let results = &said["runs"][0]["results"];
    assert_eq!(results.as_array().map_or(0, Vec::len), 0, "{results}");
}
