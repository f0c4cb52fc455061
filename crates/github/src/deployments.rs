//! The deployments of a run that wait for somebody, or for a timer.

use serde::Deserialize;

use crate::error::plain;
use crate::rules::TheirReviewer;
use crate::{Client, Error, NamedEnvironment, Repository, Reviewer};

/// A deployment that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingDeployment {
    /// Of which environment.
    pub environment: NamedEnvironment,
    /// Who may agree. Nobody: it waits for a timer alone.
    pub reviewers: Vec<Reviewer>,
    /// Whether whose token it is may agree or refuse.
    pub current_user_can_approve: bool,
}

#[derive(Deserialize)]
struct Theirs {
    environment: TheirEnvironment,
    #[serde(default)]
    current_user_can_approve: bool,
    #[serde(default)]
    reviewers: Vec<TheirReviewer<Option<i64>>>,
}

#[derive(Deserialize)]
struct TheirEnvironment {
    id: Option<i64>,
    name: Option<String>,
}

impl Client {
    /// What of a run waits. None of it does where the run has gone on, or has ended.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn pending_deployments(
        &self,
        repository: &Repository,
        run: i64,
    ) -> Result<Vec<PendingDeployment>, Error> {
        let path = format!("/repos/{repository}/actions/runs/{run}/pending_deployments");
        let answers: Vec<Theirs> = self
            .ask(format!("GET {path}"), "actions: read", async || self.crab.get(&path, None::<&()>).await)
            .await?;
        Ok(answers.into_iter().map(PendingDeployment::of).collect())
    }
}

impl PendingDeployment {
    fn of(answer: Theirs) -> Self {
        let environment = NamedEnvironment {
            id: answer.environment.id,
            name: plain(answer.environment.name.as_deref().unwrap_or_default()),
        };
        let reviewers = answer.reviewers.into_iter().filter_map(|one| Reviewer::known(one.named())).collect();
        Self { environment, reviewers, current_user_can_approve: answer.current_user_can_approve }
    }
}
