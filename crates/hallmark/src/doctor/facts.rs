//! What the checks judge: everything is looked at first, once, and the judging reads nothing any more.
//!
//! What could not be looked at is an `Err` with the reason, so that no check can take it for good.

use std::collections::BTreeMap;

use github::{ActionsPolicy, Branch, Environment, Repository, RepositoryFacts, WorkflowPermissions};
use jiff::Timestamp;
use runner::GitHub;

use super::machine::Machine;
use super::project::Project;

/// What was looked at, or why it could not be.
pub(super) type Looked<T> = Result<T, String>;

/// Everything.
pub(super) struct Facts {
    pub(super) now: Timestamp,
    pub(super) project: Project,
    pub(super) machine: Machine,
    pub(super) job: Job,
    pub(super) server: Server,
}

/// The job that this runs in, if it is one.
pub(super) struct Job {
    pub(super) github: GitHub,
    /// Whether the job may ask for an OIDC token.
    pub(super) oidc: bool,
    /// Whether the runner's temporary folder is there.
    pub(super) temp: bool,
}

/// What GitHub says.
pub(super) struct Server {
    /// The API that was asked, or would have been.
    pub(super) address: Option<String>,
    pub(super) name: Looked<Repository>,
    pub(super) repository: Looked<RepositoryFacts>,
    /// `None`: there is no such environment.
    pub(super) environments: BTreeMap<String, Looked<Option<Environment>>>,
    pub(super) permissions: Looked<WorkflowPermissions>,
    pub(super) actions: Looked<ActionsPolicy>,
    pub(super) branch: Looked<Branch>,
}
