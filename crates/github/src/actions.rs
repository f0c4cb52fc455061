//! What a repository's settings say about GitHub Actions.

use octocrab::models::actions::AllowedActions;

use crate::{Client, Error, Repository};

/// What a job's token may do where its workflow does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkflowPermissions {
    /// Whether it may write to nearly everything; otherwise it reads contents and packages.
    pub write: bool,
    /// Whether a workflow may create and approve pull requests.
    pub may_approve_pull_requests: bool,
}

/// Which actions may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionsPolicy {
    /// Whether any may.
    pub enabled: bool,
    /// Which; `None` where the server does not say.
    pub allowed: Option<Allowed>,
    /// Whether an action has to be named by its full commit; `None` where the server does not say.
    pub pinning_required: Option<bool>,
}

/// Which actions may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// All.
    All,
    /// Those of this owner.
    OwnersOnly,
    /// Those that a list names.
    Selected,
}

/// What both questions need.
const NEEDS: &str = "administration: read";

impl Client {
    /// What a job's token may do where its workflow does not say.
    ///
    /// # Errors
    /// See [`Error`]. A job's own token can never ask this.
    pub async fn workflow_permissions(&self, repository: &Repository) -> Result<WorkflowPermissions, Error> {
        let (owner, repo) = (repository.owner(), repository.name());
        let answer = self
            .ask(format!("GET /repos/{repository}/actions/permissions/workflow"), NEEDS, async || {
                self.crab.actions().get_repo_default_workflow_permissions(owner, repo).await
            })
            .await?;
        Ok(WorkflowPermissions {
            // Whatever is not known to only read may write.
            write: answer.default_workflow_permissions != "read",
            may_approve_pull_requests: answer.can_approve_pull_request_reviews,
        })
    }

    /// Which actions may run.
    ///
    /// # Errors
    /// See [`Error`]. A job's own token can never ask this.
    pub async fn actions_policy(&self, repository: &Repository) -> Result<ActionsPolicy, Error> {
        let (owner, repo) = (repository.owner(), repository.name());
        let answer = self
            .ask(format!("GET /repos/{repository}/actions/permissions"), NEEDS, async || {
                self.crab.actions().get_repo_actions_permissions(owner, repo).await
            })
            .await?;
        let allowed = answer.allowed_actions.and_then(|allowed| match allowed {
            AllowedActions::All => Some(Allowed::All),
            AllowedActions::LocalOnly => Some(Allowed::OwnersOnly),
            AllowedActions::Selected => Some(Allowed::Selected),
            _ => None,
        });
        Ok(ActionsPolicy { enabled: answer.enabled, allowed, pinning_required: answer.sha_pinning_required })
    }
}
