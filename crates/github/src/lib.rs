//! What GitHub says about a repository: a small typed client.
//!
//! Every question is one function of [`Client`], and gives its own small type, so that nobody above
//! this crate knows octocrab's. Every failure is an [`Error`]: what was asked, how GitHub answered,
//! and which permission the question needs.
//!
//! ```no_run
//! # async fn look() -> Result<(), Box<dyn std::error::Error>> {
//! let client = github::Client::new(&github::ApiUrl::parse("https://api.github.com")?, None)?;
//! let repository = "acme/images".parse()?;
//! let environment = client.environment(&repository, "production").await?;
//! println!("{} reviewers", environment.reviewers.len());
//! # Ok(())
//! # }
//! ```

mod actions;
mod address;
mod artifacts;
mod branch;
mod call;
mod change;
mod checks;
mod client;
mod code_scanning;
mod comments;
mod commit;
mod contents;
mod dependency_graph;
mod deployments;
mod environment;
pub mod environments;
mod error;
pub mod inputs;
mod issues;
mod limits;
mod person;
mod pulls;
mod repository;
mod reviews;
mod rules;
mod run;
mod runs;
pub mod testing;
mod transport;

pub use actions::{ActionsPolicy, Allowed, WorkflowPermissions};
pub use address::{ApiUrl, BadApiUrl};
pub use artifacts::Artifact;
pub use branch::Branch;
pub use change::{PullRequest, Writers};
pub use checks::{Check, Conclusion, MAX_CHECK_SUMMARY};
pub use client::Client;
pub use code_scanning::{
    Gzipped, Lacking, MAX_SARIF_GZIPPED, Processing, SarifTooLarge, SarifUpload, alerts_page,
};
pub use comments::{Author, Comment};
pub use commit::{BadCommit, Commit};
pub use contents::File;
pub use dependency_graph::{Built, Dependency, Detector, Snapshot};
pub use deployments::PendingDeployment;
pub use environment::{Environment, Reviewer};
pub use error::{Error, Why};
pub use issues::{CloseReason, Draft, Issue};
pub use limits::Limits;
pub use person::Person;
pub use pulls::Proposed;
pub use repository::{BadRepository, Repository, RepositoryFacts};
pub use reviews::Answer;
pub use rules::BranchMode;
pub use run::{Approval, ApprovalState, NamedEnvironment, WorkflowRun};
pub use runs::{Cancelled, Job, Run};
