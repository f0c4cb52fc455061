//! What a run's jobs handed over: the list, and the archive of one.

use std::fs::File;

use serde::Deserialize;

use crate::call::PAGE;
use crate::error::plain;
use crate::{Client, Error, Repository, Why};

/// What these questions need.
const NEEDS: &str = "actions: read";

/// An artifact of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its number.
    pub id: i64,
    /// Its name. The workflow's own words.
    pub name: String,
    /// How long its archive is, by GitHub's word.
    pub bytes: u64,
    /// Whether it is gone already.
    pub expired: bool,
    /// The archive's SHA-256, in hexadecimal digits, where GitHub says it.
    pub sha256: Option<String>,
    /// The run that it is of; none where GitHub does not say.
    pub run: Option<i64>,
}

#[derive(Deserialize)]
struct TheirList {
    total_count: i64,
    artifacts: Vec<Theirs>,
}

#[derive(Deserialize)]
struct Theirs {
    id: i64,
    name: String,
    size_in_bytes: u64,
    expired: bool,
    digest: Option<String>,
    workflow_run: Option<TheirRun>,
}

#[derive(Deserialize)]
struct TheirRun {
    id: Option<i64>,
}

impl Client {
    /// The artifacts of a run, of all its attempts.
    ///
    /// # Errors
    /// See [`Error`]. One of another run is an answer that cannot be read.
    pub async fn artifacts(&self, repository: &Repository, run: i64) -> Result<Vec<Artifact>, Error> {
        let path = format!("/repos/{repository}/actions/runs/{run}/artifacts");
        let all = self
            .pages(&path, PAGE, NEEDS, |list: TheirList| {
                (list.total_count, list.artifacts.into_iter().map(Artifact::of).collect())
            })
            .await?;
        match all.iter().find(|one| one.run.is_some_and(|of| of != run)) {
            None => Ok(all),
            Some(other) => {
                let of = other.run.unwrap_or_default();
                let why = Why::Malformed(format!("the artifact `{}` is of run {of}", other.name));
                Err(Error { asked: format!("GET {path}"), needs: NEEDS, why })
            }
        }
    }

    /// Writes an artifact's archive into a file, and tells how long it is. It lies elsewhere: this token is not sent there.
    ///
    /// # Errors
    /// See [`Error`]. One that is gone is told by 410; one longer than `limit` is an answer that cannot be read.
    pub async fn download_artifact(
        &self,
        repository: &Repository,
        artifact: i64,
        limit: u64,
        to: File,
    ) -> Result<u64, Error> {
        let path = format!("/repos/{repository}/actions/artifacts/{artifact}/zip");
        let asked = format!("GET {path}");
        let done = self.transport().clone().download(path, limit, to).await;
        done.map_err(|why| Error { asked, needs: NEEDS, why })
    }
}

impl Artifact {
    fn of(answer: Theirs) -> Self {
        let digits = answer.digest.as_deref().and_then(|text| text.strip_prefix("sha256:"));
        Self {
            id: answer.id,
            name: plain(&answer.name),
            bytes: answer.size_in_bytes,
            expired: answer.expired,
            sha256: digits.map(plain),
            run: answer.workflow_run.and_then(|run| run.id),
        }
    }
}
