//! Check runs: what somebody sees at a commit.

use serde::Deserialize;
use serde_json::json;

use crate::call::Change;
use crate::error::plain;
use crate::{Client, Commit, Error, Repository};

/// The most characters of a check run's summary that GitHub takes.
pub const MAX_CHECK_SUMMARY: usize = 65_535;

/// How a check run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Nothing speaks against it.
    Success,
    /// Something does.
    Failure,
    /// It is only told.
    Neutral,
    /// Somebody has to do something.
    ActionRequired,
}

impl Conclusion {
    /// As GitHub writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Neutral => "neutral",
            Self::ActionRequired => "action_required",
        }
    }
}

/// A check run that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What it is called at the commit.
    pub name: String,
    /// The commit.
    pub commit: Commit,
    /// How it ended.
    pub conclusion: Conclusion,
    /// One line.
    pub title: String,
    /// Markdown, at most [`MAX_CHECK_SUMMARY`] characters.
    pub summary: String,
    /// What it is to whoever made it.
    pub external_id: String,
    /// The page that *Details* opens; the check run's own where there is none.
    pub details_url: Option<String>,
}

#[derive(Deserialize)]
struct Theirs {
    html_url: Option<String>,
}

impl Client {
    /// Writes a check run, once, and tells its page. Of several with one name, GitHub shows the newest.
    ///
    /// # Errors
    /// See [`Error`]. Only an app's token may, as a job's own is one.
    pub async fn add_check(&self, repository: &Repository, check: &Check) -> Result<String, Error> {
        let path = format!("/repos/{repository}/check-runs");
        let mut body = json!({
            "name": check.name,
            "head_sha": check.commit.as_str(),
            "status": "completed",
            "conclusion": check.conclusion.as_str(),
            "external_id": check.external_id,
            "output": {"title": check.title, "summary": check.summary},
        });
        if let Some(url) = &check.details_url {
            body["details_url"] = json!(url);
        }
        let made: Theirs = self.made_once(&path, "checks: write", Change::Post(&body)).await?;
        Ok(made.html_url.map(|url| plain(&url)).unwrap_or_default())
    }
}
