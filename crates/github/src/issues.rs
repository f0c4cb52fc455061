//! Issues: found by their label, written, changed, spoken to and closed.
//!
//! Whoever may write issues can write anything into one, so who wrote it is told by number with each.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::Change;
use crate::error::plain;
use crate::person::{TheirAccount, TheirPerson, known};
use crate::repository::encoded;
use crate::{Client, Error, Person, Repository};

const READ: &str = "issues: read";
const WRITE: &str = "issues: write";

/// An issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Its number in the repository.
    pub number: i64,
    /// Who wrote it; none where the account is gone.
    pub author: Option<Person>,
    /// Its title. Hostile text.
    pub title: String,
    /// Its body, byte for byte as it was written. Hostile text.
    pub body: String,
    /// Where people see it.
    pub url: String,
}

/// An issue that is still to be written, or what one is to say from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// At most 256 characters.
    pub title: String,
    /// Markdown, at most 65,536 characters.
    pub body: String,
    /// GitHub makes those that are not there.
    pub labels: Vec<String>,
    /// Logins. GitHub leaves out, without a word, whoever cannot be assigned.
    pub assignees: Vec<String>,
}

/// Why an issue is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// What it asks for is done.
    Completed,
    /// Nobody is going to do it: a duplicate, or nothing to do any more.
    NotPlanned,
}

impl CloseReason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::NotPlanned => "not_planned",
        }
    }
}

#[derive(Deserialize)]
struct Theirs {
    number: i64,
    user: Option<TheirAccount>,
    title: String,
    body: Option<String>,
    #[serde(default)]
    html_url: String,
    /// GitHub lists pull requests among issues.
    pull_request: Option<Value>,
}

impl Issue {
    fn of(answer: Theirs) -> Self {
        Self {
            number: answer.number,
            author: known(answer.user),
            title: answer.title,
            body: answer.body.unwrap_or_default(),
            url: plain(&answer.html_url),
        }
    }
}

impl Client {
    /// The account that the token is of. The token of a job or of an app may not ask that: then it is the account
    /// with this name (`github-actions[bot]`), by its number.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn own_account_or(&self, of_an_app: &str) -> Result<Person, Error> {
        if let Some(person) = self.own_account().await? {
            return Ok(person);
        }
        let path = format!("/users/{}", encoded(of_an_app));
        let answer: TheirPerson = self
            .ask(format!("GET {path}"), "metadata: read", async || self.crab.get(&path, None::<&()>).await)
            .await?;
        Ok(answer.into())
    }

    /// The open issues with a label, oldest first, and no pull requests.
    ///
    /// # Errors
    /// See [`Error`]. Issues that are turned off are 410. More than 5,000 are an answer that cannot be read: one that is not seen would be written a second time.
    pub async fn open_issues(&self, repository: &Repository, label: &str) -> Result<Vec<Issue>, Error> {
        let path = format!(
            "/repos/{repository}/issues?labels={}&state=open&sort=created&direction=asc",
            encoded(label)
        );
        let all: Vec<Theirs> = self.pages_until_short(&path, READ).await?;
        Ok(all.into_iter().filter(|one| one.pull_request.is_none()).map(Issue::of).collect())
    }

    /// Writes an issue. Not repeated: one call too many is a second issue.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_issue(&self, repository: &Repository, draft: &Draft) -> Result<Issue, Error> {
        let path = format!("/repos/{repository}/issues");
        let body = json!({"title": draft.title, "body": draft.body, "labels": draft.labels, "assignees": draft.assignees});
        let answer: Theirs = self.made_once(&path, WRITE, Change::Post(&body)).await?;
        Ok(Issue::of(answer))
    }

    /// Gives an issue another title and body; its labels and assignees stay as people have set them.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn rewrite_issue(
        &self,
        repository: &Repository,
        number: i64,
        title: &str,
        body: &str,
    ) -> Result<(), Error> {
        let body = json!({"title": title, "body": body});
        self.changed_once(&issue(repository, number), WRITE, Change::Patch(&body)).await
    }

    /// Closes an issue.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn close_issue(
        &self,
        repository: &Repository,
        number: i64,
        reason: CloseReason,
    ) -> Result<(), Error> {
        let body = json!({"state": "closed", "state_reason": reason.as_str()});
        self.changed_once(&issue(repository, number), WRITE, Change::Patch(&body)).await
    }
}

fn issue(repository: &Repository, number: i64) -> String {
    format!("/repos/{repository}/issues/{number}")
}
