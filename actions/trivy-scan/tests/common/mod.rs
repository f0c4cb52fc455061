//! What the tests of this action share.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]
#![allow(dead_code, unused_imports, reason = "each test program uses its part")]

mod scanned;
mod scripted;

use runner::testing::Harness;
use serde_json::Value;

pub(crate) use scanned::{
    Kept, after, assert_undecided, debian, harness, left_anything, report, setting, statement, with_tools,
};
pub(crate) use scripted::{run, whole, writes};

/// Runs the action.
pub(crate) fn kept(harness: Harness) -> Kept {
    scanned::kept(&trivy_scan::ACTION, harness)
}

/// Everything in a report that is a vulnerability: (id, package, version), sorted.
pub(crate) fn ids(report: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut ids: Vec<_> = report["Results"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|result| result["Vulnerabilities"].as_array().into_iter().flatten())
        .map(|v| (text(&v["VulnerabilityID"]), text(&v["PkgName"]), text(&v["InstalledVersion"])))
        .collect();
    ids.sort();
    ids
}
