//! `https://hallmark.dev/closure/v1`: a run that ended without publishing, and how. Ours, because no standard predicate
//! says that something will not be released.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::FileDigest;

/// The predicate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// How it ended.
    pub outcome: Outcome,
    /// The verdict statement's payload: what people were asked about.
    pub verdict: FileDigest,
    /// The brief that they were shown.
    pub brief: FileDigest,
    /// Who spoke against it, where somebody did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Refusal>,
    /// The run, where it was one of GitHub's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub github: Option<GitHub>,
    /// When this was recorded.
    pub closed_on: Timestamp,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Somebody said no.
    Rejected,
    /// Nobody answered in time.
    Expired,
    /// It was ended.
    Cancelled,
    /// A step failed.
    Failed,
}

impl Outcome {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing may be published by the verdict any more. What failed may have failed for a passing reason, and
    /// may be run again.
    #[must_use]
    pub const fn closes(self) -> bool {
        match self {
            Self::Rejected | Self::Expired | Self::Cancelled => true,
            Self::Failed => false,
        }
    }
}

/// Somebody's no, as GitHub's API told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The environments that it was said to.
    pub environments: Vec<String>,
    /// The account's number, which is never given to another; none where the account is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// Its name of that day. Hostile text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub login: String,
    /// Their words. Hostile text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

/// The run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitHub {
    /// `owner/name`.
    pub repository: String,
    /// The run's number.
    pub run_id: i64,
    /// The attempt that ended.
    pub run_attempt: i64,
}
