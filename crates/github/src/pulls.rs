//! A change proposed: a branch, a file on it, and the pull request that asks for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::Change;
use crate::commit::BadCommit;
use crate::error::{Why, plain};
use crate::repository::encoded;
use crate::{Client, Commit, Error, Repository};

const READS: &str = "contents: read";
const WRITES: &str = "contents: write";
const PULLS: &str = "pull-requests: read";
const OPENS: &str = "pull-requests: write";

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// Its number.
    pub number: i64,
    /// Its page.
    pub url: String,
    /// Whether it waits: it may be merged or closed by now.
    pub open: bool,
}

#[derive(Deserialize)]
struct TheirRef {
    object: TheirObject,
}

#[derive(Deserialize)]
struct TheirObject {
    sha: String,
}

#[derive(Deserialize)]
struct TheirPull {
    number: i64,
    #[serde(default)]
    html_url: String,
    #[serde(default)]
    state: String,
}

impl Client {
    /// The commit that a branch points at; none where there is no such branch.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn branch_head(&self, repository: &Repository, branch: &str) -> Result<Option<Commit>, Error> {
        let path = format!("/repos/{repository}/git/ref/{}", encoded(&format!("heads/{branch}")));
        let asked = format!("GET {path}");
        let answer: Result<TheirRef, Error> =
            self.ask(asked.clone(), READS, async || self.crab.get(&path, None::<&()>).await).await;
        match answer {
            Ok(found) => found.object.sha.parse().map(Some).map_err(|error: BadCommit| Error {
                asked,
                needs: READS,
                why: Why::Malformed(plain(&error.to_string())),
            }),
            Err(Error { why: Why::NotFound, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a branch at a commit. One that is there is an error (422).
    ///
    /// # Errors
    /// See [`Error`]. Whether a call that broke off was done, only [`Client::branch_head`] tells.
    pub async fn add_branch(
        &self,
        repository: &Repository,
        branch: &str,
        commit: &Commit,
    ) -> Result<(), Error> {
        let body = json!({"ref": format!("refs/heads/{branch}"), "sha": commit.as_str()});
        self.changed_once(&format!("/repos/{repository}/git/refs"), WRITES, Change::Post(&body)).await
    }

    /// Commits a file to a branch: in the place of what is there (`replaces`, as [`Client::file`] tells it), or new.
    ///
    /// # Errors
    /// See [`Error`]. What is there by now and is another is told by 409.
    pub async fn commit_file(
        &self,
        repository: &Repository,
        branch: &str,
        path: &str,
        message: &str,
        bytes: &[u8],
        replaces: Option<&str>,
    ) -> Result<(), Error> {
        let mut body = json!({"message": message, "content": STANDARD.encode(bytes), "branch": branch});
        if let (Some(members), Some(sha)) = (body.as_object_mut(), replaces) {
            members.insert("sha".to_owned(), Value::from(sha));
        }
        let path = format!("/repos/{repository}/contents/{}", encoded(path));
        self.changed_once(&path, WRITES, Change::Put(&body)).await
    }

    /// The pull requests from a branch of the repository, whatever has become of them, newest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn pull_requests_from(
        &self,
        repository: &Repository,
        branch: &str,
    ) -> Result<Vec<Proposed>, Error> {
        let head = format!("{}:{}", repository.owner(), branch);
        let path = format!("/repos/{repository}/pulls?state=all&per_page=100&head={}", encoded(&head));
        let found: Vec<TheirPull> =
            self.ask(format!("GET {path}"), PULLS, async || self.crab.get(&path, None::<&()>).await).await?;
        Ok(found.into_iter().map(Proposed::of).collect())
    }

    /// Opens a pull request from a branch to another.
    ///
    /// # Errors
    /// See [`Error`]. Whether a call that broke off was done, only [`Client::pull_requests_from`] tells.
    pub async fn open_pull_request(
        &self,
        repository: &Repository,
        from: &str,
        to: &str,
        title: &str,
        body: &str,
    ) -> Result<Proposed, Error> {
        let body = json!({"title": title, "body": body, "head": from, "base": to});
        let path = format!("/repos/{repository}/pulls");
        let made: TheirPull = self.made_once(&path, OPENS, Change::Post(&body)).await?;
        Ok(Proposed::of(made))
    }
}

impl Proposed {
    fn of(answer: TheirPull) -> Self {
        Self { number: answer.number, url: plain(&answer.html_url), open: answer.state == "open" }
    }
}
