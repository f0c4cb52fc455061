//! Runs that wait: which they are, what their jobs have done, and ending them.

use jiff::Timestamp;
use serde::Deserialize;

use crate::call::{Change, PAGE};
use crate::error::plain;
use crate::person::TheirPerson;
use crate::repository::encoded;
use crate::{Client, Error, Person, Repository, Why};

/// What these questions need.
const READS: &str = "actions: read";

/// A run as a list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number, the same over all attempts.
    pub id: i64,
    /// Its latest attempt, from 1.
    pub attempt: i64,
    /// `waiting`, `in_progress`, `completed` …; empty where GitHub does not say.
    pub status: String,
    /// How it ended, if it did: `success`, `cancelled` …
    pub conclusion: Option<String>,
    /// What GitHub shows as its title. Somebody's own words.
    pub title: String,
    /// Its branch or tag, where there is one.
    pub branch: Option<String>,
    /// The workflow's file.
    pub path: String,
    /// `push`, `workflow_dispatch` …
    pub event: String,
    /// Who caused the latest attempt; none where GitHub does not say.
    pub by: Option<Person>,
    /// When the latest attempt began; none where GitHub does not say.
    pub started: Option<Timestamp>,
    /// Its page.
    pub url: String,
}

/// A job of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its name, in the workflow's own words.
    pub name: String,
    /// `waiting`, `completed` …
    pub status: String,
    /// How it ended, if it did.
    pub conclusion: Option<String>,
    /// When it ended.
    pub completed: Option<Timestamp>,
}

/// What came of ending a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// GitHub took the call, and ends it in a moment.
    Taken,
    /// There was nothing to end: it is over, or GitHub does not let it be ended now.
    Over,
}

#[derive(Deserialize)]
struct TheirRuns {
    total_count: i64,
    workflow_runs: Vec<TheirRun>,
}

#[derive(Deserialize)]
struct TheirRun {
    id: i64,
    run_attempt: Option<i64>,
    status: Option<String>,
    conclusion: Option<String>,
    display_title: Option<String>,
    head_branch: Option<String>,
    #[serde(default)]
    path: String,
    #[serde(default)]
    event: String,
    triggering_actor: Option<TheirPerson>,
    run_started_at: Option<Timestamp>,
    #[serde(default)]
    html_url: String,
}

#[derive(Deserialize)]
struct TheirJobs {
    total_count: i64,
    jobs: Vec<TheirJob>,
}

#[derive(Deserialize)]
struct TheirJob {
    name: String,
    status: String,
    conclusion: Option<String>,
    completed_at: Option<Timestamp>,
}

impl Client {
    /// The runs that wait for a deployment, of one workflow (by its file's name) or of all.
    ///
    /// # Errors
    /// See [`Error`]. Of more than GitHub lists, half would look like all: an answer that cannot be read.
    pub async fn waiting_runs(
        &self,
        repository: &Repository,
        workflow: Option<&str>,
    ) -> Result<Vec<Run>, Error> {
        let of = workflow.map(|file| format!("workflows/{}/", encoded(file))).unwrap_or_default();
        let path = format!("/repos/{repository}/actions/{of}runs?status=waiting");
        self.pages(&path, PAGE, READS, |list: TheirRuns| {
            (list.total_count, list.workflow_runs.into_iter().map(Run::of).collect())
        })
        .await
    }

    /// A run as it is now.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, repository: &Repository, run: i64) -> Result<Run, Error> {
        let path = format!("/repos/{repository}/actions/runs/{run}");
        let answer: TheirRun =
            self.ask(format!("GET {path}"), READS, async || self.crab.get(&path, None::<&()>).await).await?;
        Ok(Run::of(answer))
    }

    /// The jobs of one attempt of a run.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn jobs(&self, repository: &Repository, run: i64, attempt: i64) -> Result<Vec<Job>, Error> {
        let path = format!("/repos/{repository}/actions/runs/{run}/attempts/{attempt}/jobs");
        self.pages(&path, PAGE, READS, |list: TheirJobs| {
            (list.total_count, list.jobs.into_iter().map(Job::of).collect())
        })
        .await
    }

    /// Ends a run, once.
    ///
    /// # Errors
    /// See [`Error`]. Whether a call that broke off was done, only [`Client::run`] tells.
    pub async fn cancel(&self, repository: &Repository, run: i64) -> Result<Cancelled, Error> {
        let path = format!("/repos/{repository}/actions/runs/{run}/cancel");
        match self.changed_once(&path, "actions: write", Change::<()>::PostNothing).await {
            Ok(()) => Ok(Cancelled::Taken),
            Err(Error { why: Why::Status(409, _), .. }) => Ok(Cancelled::Over),
            Err(error) => Err(error),
        }
    }
}

impl Run {
    fn of(answer: TheirRun) -> Self {
        let text = |text: Option<String>| text.map(|text| plain(&text));
        Self {
            id: answer.id,
            attempt: answer.run_attempt.unwrap_or(1),
            status: text(answer.status).unwrap_or_default(),
            conclusion: text(answer.conclusion),
            title: text(answer.display_title).unwrap_or_default(),
            branch: text(answer.head_branch),
            path: plain(&answer.path),
            event: plain(&answer.event),
            by: answer.triggering_actor.map(Person::from),
            started: answer.run_started_at,
            url: plain(&answer.html_url),
        }
    }
}

impl Job {
    fn of(answer: TheirJob) -> Self {
        Self {
            name: plain(&answer.name),
            status: plain(&answer.status),
            conclusion: answer.conclusion.map(|text| plain(&text)),
            completed: answer.completed_at,
        }
    }
}
