//! A workflow run: who started it, of which commit, and who agreed to its deployments.

use serde::Deserialize;

use crate::commit::BadCommit;
use crate::error::{Why, plain};
use crate::person::TheirPerson;
use crate::{Client, Commit, Error, Person, Repository};

/// What these questions need.
const NEEDS: &str = "actions: read";

/// The most bytes of a comment that are read: somebody's own words, and no document.
const LONGEST_COMMENT: usize = 16 << 10;

/// A run as it is in its latest attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowRun {
    /// Its number, the same over all attempts.
    pub id: i64,
    /// Its latest attempt, from 1.
    pub attempt: i64,
    /// Who caused it; none where GitHub does not say.
    pub actor: Option<Person>,
    /// Who caused the latest attempt; none where GitHub does not say.
    pub triggering_actor: Option<Person>,
    /// The commit it is of.
    pub commit: Commit,
    /// `push`, `workflow_dispatch` …
    pub event: String,
    /// The workflow's file.
    pub path: String,
}

/// What somebody said to deployments of a run. GitHub does not say when, nor in which attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The environments that it is for.
    pub environments: Vec<NamedEnvironment>,
    /// What was said.
    pub state: ApprovalState,
    /// Who said it; none where the account is gone.
    pub by: Option<Person>,
    /// Their words as they are: hostile text, of any number of lines.
    pub comment: String,
}

/// An environment by number and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedEnvironment {
    /// Its number; none where GitHub does not say.
    pub id: Option<i64>,
    /// Its name.
    pub name: String,
}

/// What was said to a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalState {
    /// Yes.
    Approved,
    /// No.
    Rejected,
    /// Nothing yet, or a word that this program does not know.
    Open,
}

/// Of GitHub's answers, what is asked for here. octocrab's own type of a run wants a hundred fields more.
#[derive(Deserialize)]
struct TheirRun {
    id: i64,
    run_attempt: Option<i64>,
    actor: Option<TheirPerson>,
    triggering_actor: Option<TheirPerson>,
    head_sha: String,
    event: String,
    #[serde(default)]
    path: String,
}

#[derive(Deserialize)]
struct TheirApproval {
    environments: Vec<TheirEnvironment>,
    state: String,
    user: Option<TheirPerson>,
    comment: Option<String>,
}

#[derive(Deserialize)]
struct TheirEnvironment {
    id: Option<i64>,
    name: Option<String>,
}

impl Client {
    /// A run.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn workflow_run(&self, repository: &Repository, run: i64) -> Result<WorkflowRun, Error> {
        let path = format!("/repos/{repository}/actions/runs/{run}");
        let asked = format!("GET {path}");
        let answer: TheirRun =
            self.ask(asked.clone(), NEEDS, async || self.crab.get(&path, None::<&()>).await).await?;
        let commit = answer.head_sha.parse().map_err(|error: BadCommit| Error {
            asked,
            needs: NEEDS,
            why: Why::Malformed(plain(&error.to_string())),
        })?;
        Ok(WorkflowRun {
            id: answer.id,
            attempt: answer.run_attempt.unwrap_or(1),
            actor: answer.actor.map(Person::from),
            triggering_actor: answer.triggering_actor.map(Person::from),
            commit,
            event: plain(&answer.event),
            path: plain(&answer.path),
        })
    }

    /// What was said to the deployments of a run, in all of its attempts.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn approvals(&self, repository: &Repository, run: i64) -> Result<Vec<Approval>, Error> {
        let path = format!("/repos/{repository}/actions/runs/{run}/approvals");
        let asked = format!("GET {path}");
        let answers: Vec<TheirApproval> =
            self.ask(asked.clone(), NEEDS, async || self.crab.get(&path, None::<&()>).await).await?;
        let read = |answer| {
            Approval::of(answer).map_err(|why| Error {
                asked: asked.clone(),
                needs: NEEDS,
                why: Why::Malformed(why),
            })
        };
        answers.into_iter().map(read).collect()
    }
}

impl Approval {
    fn of(answer: TheirApproval) -> Result<Self, String> {
        let comment = answer.comment.unwrap_or_default();
        if comment.len() > LONGEST_COMMENT {
            return Err(format!("a comment is longer than {LONGEST_COMMENT} bytes"));
        }
        let environment = |one: TheirEnvironment| NamedEnvironment {
            id: one.id,
            name: plain(one.name.as_deref().unwrap_or_default()),
        };
        Ok(Self {
            environments: answer.environments.into_iter().map(environment).collect(),
            state: match answer.state.as_str() {
                "approved" => ApprovalState::Approved,
                "rejected" => ApprovalState::Rejected,
                _ => ApprovalState::Open,
            },
            by: answer.user.map(Person::from),
            comment,
        })
    }
}
