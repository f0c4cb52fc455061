//! What somebody says to the deployments of a run that wait: yes or no, once.

use serde_json::json;

use crate::call::Change;
use crate::{Client, Error, Repository, Why};

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The run goes on.
    Approve,
    /// It ends.
    Reject,
}

impl Answer {
    const fn state(self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::Reject => "rejected",
        }
    }
}

impl Client {
    /// Says yes or no to what waits in these environments, by their numbers, in the name of whose token it is.
    ///
    /// # Errors
    /// See [`Error`]. Whether a call that broke off was done, only [`Client::approvals`] tells. Who may not agree
    /// (not among the reviewers, or started the run where that is ruled out) is told by 403 or 422.
    pub async fn review_deployments(
        &self,
        repository: &Repository,
        run: i64,
        environments: &[i64],
        answer: Answer,
        comment: &str,
    ) -> Result<(), Error> {
        let path = format!("/repos/{repository}/actions/runs/{run}/pending_deployments");
        let needs = "deployments: write";
        if environments.is_empty() {
            let why = Why::Malformed("no environment is named to speak to".to_owned());
            return Err(Error { asked: format!("POST {path}"), needs, why });
        }
        let body = json!({"environment_ids": environments, "state": answer.state(), "comment": comment});
        self.changed_once(&path, needs, Change::Post(&body)).await
    }
}
