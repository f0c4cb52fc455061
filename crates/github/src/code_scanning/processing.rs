//! What became of an upload.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::NEEDS;
use crate::error::{Why, plain};
use crate::repository::encoded;
use crate::{Client, Error, Repository};

/// The longest between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Processing {
    /// GitHub is still at it.
    Pending,
    /// The alerts are up to date.
    Complete,
    /// GitHub refused it, for these reasons: its words, cut and made plain. There may be none.
    Failed(Vec<String>),
}

#[derive(Deserialize)]
struct TheirStatus {
    processing_status: Option<String>,
    errors: Option<Vec<String>>,
}

impl Client {
    /// What became of an upload so far.
    ///
    /// # Errors
    /// See [`Error`]; also a word for it that this program does not know.
    pub async fn sarif_status(&self, repository: &Repository, id: &str) -> Result<Processing, Error> {
        let path = format!("/repos/{repository}/code-scanning/sarifs/{}", encoded(id));
        let asked = format!("GET {path}");
        let answer: TheirStatus =
            self.ask(asked.clone(), NEEDS, async || self.crab.get(&path, None::<&()>).await).await?;
        match answer.processing_status.as_deref() {
            Some("pending") => Ok(Processing::Pending),
            Some("complete") => Ok(Processing::Complete),
            Some("failed") => {
                let errors = answer.errors.unwrap_or_default();
                Ok(Processing::Failed(errors.iter().map(|error| plain(error)).collect()))
            }
            other => {
                let why = format!("processing_status is {}", plain(other.unwrap_or("not there")));
                Err(Error { asked, needs: NEEDS, why: Why::Malformed(why) })
            }
        }
    }

    /// As [`Client::sarif_status`], until GitHub is done or the time is up: then still [`Processing::Pending`]. Trouble
    /// that may pass is waited out, and a wish to be asked less often is heard.
    ///
    /// # Errors
    /// As [`Client::sarif_status`]: what does not pass at once, and what has not passed when the time is up; among that an
    /// upload that GitHub does not know by then.
    pub async fn sarif_processed(
        &self,
        repository: &Repository,
        id: &str,
        within: Duration,
    ) -> Result<Processing, Error> {
        let end = Instant::now() + within;
        let mut pause = self.limits().pause;
        loop {
            let status = self.sarif_status(repository, id).await;
            let wait = match &status {
                Ok(Processing::Pending) => pause,
                // An upload is not always to be seen at once.
                Err(Error { why: Why::NotFound | Why::TimedOut(_), .. }) => pause,
                Err(Error { why: Why::RateLimited(wait), .. }) => wait.unwrap_or(LONGEST_PAUSE).max(pause),
                Err(error) if error.why.is_passing() => pause,
                _ => return status,
            };
            if Instant::now() + wait > end {
                return status;
            }
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
