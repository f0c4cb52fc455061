//! Issues: found by their label, written, changed, spoken to and closed.
//!
//! Whoever may write issues can write anything into one, so who wrote it is told by number with each.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::Change;
use crate::error::{Why, plain};
use crate::person::{TheirAccount, TheirPerson, known};
use crate::repository::encoded;
use crate::{Client, Error, Person, Repository};

/// As many as GitHub gives at once.
const PAGE: usize = 100;

/// More pages than one label's open issues fill; a server that never ends is not followed for ever.
const MOST_PAGES: usize = 20;

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
    pub async fn own_account(&self, of_an_app: &str) -> Result<Person, Error> {
        match self.account("/user").await {
            Err(Error { why: Why::Forbidden(_), .. }) => {
                self.account(&format!("/users/{}", encoded(of_an_app))).await
            }
            other => other,
        }
    }

    async fn account(&self, path: &str) -> Result<Person, Error> {
        let answer: TheirPerson = self
            .ask(format!("GET {path}"), "metadata: read", async || self.crab.get(path, None::<&()>).await)
            .await?;
        Ok(answer.into())
    }

    /// The open issues with a label, oldest first, and no pull requests.
    ///
    /// # Errors
    /// See [`Error`]. Issues that are turned off are 410. More than 2,000 are an answer that cannot be read.
    pub async fn open_issues(&self, repository: &Repository, label: &str) -> Result<Vec<Issue>, Error> {
        let path = format!("/repos/{repository}/issues");
        let query =
            format!("labels={}&state=open&sort=created&direction=asc&per_page={PAGE}", encoded(label));
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let path = format!("{path}?{query}&page={page}");
            let answer: Vec<Theirs> = self
                .ask(format!("GET {path}"), READ, async || self.crab.get(&path, None::<&()>).await)
                .await?;
            let is_last = answer.len() < PAGE;
            all.extend(answer.into_iter().filter(|one| one.pull_request.is_none()).map(Issue::of));
            if is_last {
                return Ok(all);
            }
        }
        // One that is not seen would be written a second time.
        let why = Why::Malformed(format!("there are more than {} open issues with the label", all.len()));
        Err(Error { asked: format!("GET {path}?{query}"), needs: READ, why })
    }

    /// Writes an issue. Not repeated: one call too many is a second issue.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_issue(&self, repository: &Repository, draft: &Draft) -> Result<Issue, Error> {
        let path = format!("/repos/{repository}/issues");
        let body = json!({"title": draft.title, "body": draft.body, "labels": draft.labels, "assignees": draft.assignees});
        let answer: Theirs = self.changed_to(&path, WRITE, Change::Post(&body)).await?;
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

    /// Adds a comment. Not repeated: one call too many is a second comment.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn comment(&self, repository: &Repository, number: i64, text: &str) -> Result<(), Error> {
        let path = format!("{}/comments", issue(repository, number));
        self.changed_once(&path, WRITE, Change::Post(&json!({"body": text}))).await
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
