//! Comments of a pull request, and whose token it is that writes them.

use serde::Deserialize;
use serde_json::json;

use crate::call::Change;
use crate::error::plain;
use crate::person::TheirPerson;
use crate::{Client, Error, Person, Repository, Why};

const READS: &str = "pull-requests: read` or `issues: read";
const WRITES: &str = "pull-requests: write` or `issues: write";

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its number.
    pub id: i64,
    /// Who wrote it; none where the account is gone.
    pub by: Option<Author>,
    /// Its words as they are: hostile text, of any number of lines.
    pub body: String,
    /// Its page.
    pub url: String,
}

/// Who wrote a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// By number and name.
    pub account: Person,
    /// Whether it is an app's account. No person's name ends in `[bot]`, so that the name of an app's account is
    /// its own.
    pub is_bot: bool,
}

#[derive(Deserialize)]
struct Theirs {
    id: i64,
    user: Option<TheirAuthor>,
    body: Option<String>,
    #[serde(default)]
    html_url: String,
}

#[derive(Deserialize)]
struct TheirAuthor {
    #[serde(flatten)]
    account: TheirPerson,
    #[serde(rename = "type", default)]
    kind: String,
}

impl Client {
    /// Every comment of a pull request (or of an issue), oldest first. Those on lines of its change are not among them.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn comments(&self, repository: &Repository, number: i64) -> Result<Vec<Comment>, Error> {
        let path = format!("/repos/{repository}/issues/{number}/comments");
        let all: Vec<Theirs> = self.pages_until_short(&path, READS).await?;
        Ok(all.into_iter().map(Comment::of).collect())
    }

    /// Writes a comment, once.
    ///
    /// # Errors
    /// See [`Error`]. Whether a call that broke off was done, only [`Client::comments`] tells.
    pub async fn add_comment(
        &self,
        repository: &Repository,
        number: i64,
        body: &str,
    ) -> Result<Comment, Error> {
        let path = format!("/repos/{repository}/issues/{number}/comments");
        self.made_once(&path, WRITES, Change::Post(&json!({"body": body}))).await.map(Comment::of)
    }

    /// Writes a comment anew, once.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn change_comment(
        &self,
        repository: &Repository,
        comment: i64,
        body: &str,
    ) -> Result<Comment, Error> {
        let path = format!("/repos/{repository}/issues/comments/{comment}");
        self.made_once(&path, WRITES, Change::Patch(&json!({"body": body}))).await.map(Comment::of)
    }

    /// Whose token it is; none where it is an app's, as a job's own is: GitHub does not tell an app who it is.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn own_account(&self) -> Result<Option<Person>, Error> {
        let asked = "GET /user".to_owned();
        let answer: Result<TheirPerson, Error> =
            self.ask(asked, "a user's own", async || self.crab.get("/user", None::<&()>).await).await;
        match answer {
            Ok(person) => Ok(Some(person.into())),
            Err(Error { why: Why::Forbidden(_) | Why::NotFound, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Comment {
    fn of(answer: Theirs) -> Self {
        let author = |by: TheirAuthor| Author { is_bot: by.kind == "Bot", account: by.account.into() };
        Self {
            id: answer.id,
            by: answer.user.map(author),
            body: answer.body.unwrap_or_default(),
            url: plain(&answer.html_url),
        }
    }
}
