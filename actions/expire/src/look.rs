//! Since when a run waits, and for what.

use std::collections::BTreeSet;

use github::{Client, Error, Repository, Run};
use jiff::{SignedDuration, Timestamp};

/// What is measured against.
pub(crate) struct Limit {
    pub(crate) now: Timestamp,
    pub(crate) timeout: SignedDuration,
    /// In lower case; empty for any. GitHub's environments do not differ by case.
    pub(crate) environments: BTreeSet<String>,
}

/// A run, and what is known of it.
pub(crate) struct Looked {
    /// None for a workflow whose runs could not be read.
    pub(crate) run: Option<i64>,
    pub(crate) name: String,
    pub(crate) waits_for: Vec<String>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) standing: Standing,
}

/// What becomes of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It waits, and may.
    Waits,
    /// It waits for another environment than was named.
    OfOthers,
    /// It waits too long.
    Over,
    /// It was ended.
    Ended,
    /// It went on, or ended, by itself.
    GoneOn,
    /// What it does is not known, or it could not be ended.
    Unknown(String),
}

impl Looked {
    pub(crate) fn unreadable(name: String, error: &Error) -> Self {
        let standing = Standing::Unknown(error.to_string());
        Self { run: None, name, waits_for: Vec::new(), since: None, standing }
    }
}

/// Looks at a run. What cannot be read is said, and is no reason to end it.
pub(crate) async fn look(client: &Client, repository: &Repository, limit: &Limit, run: &Run) -> Looked {
    let name = if run.title.is_empty() { run.id.to_string() } else { format!("{} {}", run.id, run.title) };
    let mut looked =
        Looked { run: Some(run.id), name, waits_for: Vec::new(), since: None, standing: Standing::Waits };
    looked.standing = match standing(client, repository, limit, run, &mut looked).await {
        Ok(standing) => standing,
        Err(error) => Standing::Unknown(error.to_string()),
    };
    looked
}

async fn standing(
    client: &Client,
    repository: &Repository,
    limit: &Limit,
    run: &Run,
    looked: &mut Looked,
) -> Result<Standing, Error> {
    let pending = client.pending_deployments(repository, run.id).await?;
    looked.waits_for = pending.into_iter().map(|one| one.environment.name).collect();
    if looked.waits_for.is_empty() {
        return Ok(Standing::GoneOn);
    }
    let named = |name: &String| limit.environments.contains(&name.to_ascii_lowercase());
    if !limit.environments.is_empty() && !looked.waits_for.iter().any(named) {
        return Ok(Standing::OfOthers);
    }
    // A run waits once every job before has ended: then the brief was out. Without such a job, since it began.
    let jobs = client.jobs(repository, run.id, run.attempt).await?;
    looked.since = jobs.iter().filter_map(|job| job.completed).max().or(run.started);
    Ok(match looked.since {
        None => Standing::Unknown("GitHub does not say since when it waits".to_owned()),
        Some(since) if limit.now.duration_since(since) > limit.timeout => Standing::Over,
        Some(_) => Standing::Waits,
    })
}
