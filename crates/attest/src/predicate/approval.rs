//! `https://hallmark.dev/approval/v1`: what a person decided, about exactly one verdict, having
//! seen exactly one brief. Ours, because no standard predicate binds a decision to what was shown.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::FileDigest;

/// The predicate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// The verdict statement's payload.
    pub verdict: FileDigest,
    /// The brief that the person was shown.
    pub brief: FileDigest,
    /// Who decided.
    pub approver: String,
    /// What they said. Hostile text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// When they decided.
    pub decided_on: Timestamp,
    /// Until when it holds.
    pub expires_on: Timestamp,
    /// The codes of the reasons that they waive: these and no others.
    pub waives: Vec<String>,
}
