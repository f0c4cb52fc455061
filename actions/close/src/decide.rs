//! How the run ended, from what GitHub says of its approvals and of its jobs. Pure.

use attest::predicate::closure::{Outcome, Refusal};
use github::{Approval, ApprovalState};
use jiff::Timestamp;

/// How a job ended, as a workflow knows it (`needs.JOB.result`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobResult {
    Success,
    Failure,
    Cancelled,
    Skipped,
}

/// What is known without GitHub.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) environments: Vec<String>,
    pub(crate) review: Option<JobResult>,
    pub(crate) publish: JobResult,
    /// Whether somebody had to approve.
    pub(crate) asks: bool,
    /// Until when somebody could.
    pub(crate) until: Timestamp,
    pub(crate) now: Timestamp,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    /// Who said no.
    pub(crate) by: Vec<Refusal>,
}

impl JobResult {
    pub(crate) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "success" => Self::Success,
            "failure" => Self::Failure,
            "cancelled" => Self::Cancelled,
            "skipped" => Self::Skipped,
            _ => return None,
        })
    }
}

impl Asked {
    /// Whether there is something to close.
    pub(crate) fn settled(&self) -> Result<(), String> {
        match self.publish {
            JobResult::Success => Err(
                "input `publish-result` is `success`: the image was published, and there is nothing to close"
                    .to_owned(),
            ),
            _ => Ok(()),
        }
    }

    /// How it ended, the first of these that holds.
    pub(crate) fn ended(&self, said: &[Approval]) -> Result<Ended, String> {
        self.settled()?;
        let by: Vec<Refusal> = said
            .iter()
            .filter(|one| one.state == ApprovalState::Rejected && self.is_meant(one))
            .map(refusal)
            .collect();
        if !by.is_empty() {
            return Ok(Ended { outcome: Outcome::Rejected, by });
        }
        let jobs = [self.review, Some(self.publish)];
        let ended = |result: JobResult| jobs.contains(&Some(result));
        let outcome = if self.asks && !self.is_approved(said) && self.now > self.until {
            Outcome::Expired
        } else if ended(JobResult::Cancelled) {
            Outcome::Cancelled
        } else if ended(JobResult::Failure) {
            Outcome::Failed
        } else {
            return Err(
                "no job failed or was cancelled, and nobody rejected: the run ended as its verdict says, and there is nothing to close"
                    .to_owned(),
            );
        };
        Ok(Ended { outcome, by: Vec::new() })
    }

    /// GitHub's environments do not differ by case.
    fn is_meant(&self, said: &Approval) -> bool {
        said.environments
            .iter()
            .any(|to| self.environments.iter().any(|name| to.name.eq_ignore_ascii_case(name)))
    }

    fn is_approved(&self, said: &[Approval]) -> bool {
        self.environments.iter().all(|name| {
            let of = said.iter().filter(|one| one.state == ApprovalState::Approved);
            of.flat_map(|one| &one.environments).any(|to| to.name.eq_ignore_ascii_case(name))
        })
    }
}

fn refusal(said: &Approval) -> Refusal {
    Refusal {
        environments: said.environments.iter().map(|one| one.name.clone()).collect(),
        id: said.by.as_ref().map(|by| by.id),
        login: said.by.as_ref().map(|by| by.login.clone()).unwrap_or_default(),
        comment: said.comment.clone(),
    }
}

#[cfg(test)]
mod tests;
