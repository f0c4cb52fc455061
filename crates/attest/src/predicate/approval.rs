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
    /// Where it was given in GitHub; none where a person signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub github: Option<GitHub>,
}

/// An approval that was given by clicks in GitHub, as GitHub's API told it to the job that signs for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitHub {
    /// `owner/name`.
    pub repository: String,
    /// The run's number.
    pub run_id: i64,
    /// The attempt in which it was read.
    pub run_attempt: i64,
    /// The commit that the run is of.
    pub commit: String,
    /// One approval for each environment, in their order.
    pub approvals: Vec<EnvironmentApproval>,
    /// What those who approved excepted, for this decision alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<CommentException>,
}

/// Who approved in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentApproval {
    /// The environment.
    pub environment: String,
    /// The account's number, which is never given to another.
    pub approver_id: i64,
    /// Its name of that day. Hostile text.
    pub approver_login: String,
    /// Their words. Hostile text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

/// A line of a comment that excepts a vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommentException {
    /// The vulnerability.
    pub id: String,
    /// Only in this package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The last day on which it would hold.
    pub expires: String,
    /// Why. Hostile text.
    pub reason: String,
    /// Who answers for it. Hostile text.
    pub owner: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What was signed before there were clicks reads as it did, and is written without them.
    #[test]
    fn what_a_person_signed_has_no_member_for_clicks() {
        let digest = json!({"sha256": model::Sha256::of(b"x")});
        let old = json!({"verdict": digest, "brief": digest, "approver": "Ada", "decidedOn": "2026-11-22T12:00:00Z",
            "expiresOn": "2026-11-23T12:00:00Z", "waives": ["feed-missing"]});
        let read: Predicate = serde_json::from_value(old.clone()).unwrap();
        assert_eq!(read.github, None);
        assert_eq!(serde_json::to_value(&read).unwrap(), old);

        let mut new = old;
        new["github"] = json!({"repository": "acme/images", "runId": 7, "runAttempt": 2, "commit": "0".repeat(40),
            "approvals": [{"environment": "production", "approverId": 4, "approverLogin": "ada"}]});
        let read: Predicate = serde_json::from_value(new.clone()).unwrap();
        assert_eq!(read.github.as_ref().unwrap().approvals[0].approver_id, 4);
        assert_eq!(serde_json::to_value(&read).unwrap(), new);
    }
}
