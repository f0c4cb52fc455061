//! in-toto test-result v0.1: what tests found.
//! <https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md>

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{FileDigest, ResourceDescriptor, Tool};

/// The predicate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// The result of the whole run.
    pub result: TestOutcome,
    /// The specifications that were run.
    pub configuration: Vec<ResourceDescriptor>,
    /// Where the run can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Names of the tests that passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_tests: Vec<String>,
    /// Names of the tests that passed with a warning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warned_tests: Vec<String>,
    /// Names of the tests that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_tests: Vec<String>,
    /// What the standard has no place for. Evidence of another tool may lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hallmark: Option<Extension>,
}

/// The result of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TestOutcome {
    /// Everything passed.
    Passed,
    /// Everything passed, some with a warning.
    Warned,
    /// Something failed, or nothing was run.
    Failed,
}

/// What Hallmark adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Extension {
    /// How the tests saw the image.
    pub seen: Seen,
    /// How many tests had which result.
    pub counts: Counts,
    /// The program that ran them.
    pub tool: Tool,
    /// When the run began.
    pub started_on: Timestamp,
    /// When it ended.
    pub finished_on: Timestamp,
    /// The full report, kept beside the evidence.
    pub report: FileDigest,
}

/// How tests saw an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// As a machine that was booted from it.
    Booted,
    /// As a disk that lay still.
    Disk,
    /// While it was being built: never enough for required evidence.
    InBuild,
}

/// How many tests had which result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Passed.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
    /// Not run.
    pub skipped: u64,
}
