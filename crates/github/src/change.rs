//! Who wrote a change: the commit's author and committer, and those of the pull requests that it came with.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Why, plain};
use crate::person::{TheirAccount, TheirPerson, known};
use crate::{Client, Commit, Error, Person, Repository};

/// As many as GitHub gives at once.
const PAGE: usize = 100;

/// GitHub lists this many commits of a pull request and no more, so that a longer one cannot be known whole.
const MOST_COMMITS: usize = 250;

/// Who wrote something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Writers {
    /// The accounts, by number, each once.
    pub known: Vec<Person>,
    /// How many authors and committers are of no account: they cannot be compared with anybody.
    pub unknown: usize,
}

/// A pull request that a commit belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: i64,
    /// Whether it is open.
    pub is_open: bool,
    /// The commit that it would bring, as GitHub writes it; empty where GitHub does not say.
    pub head: String,
}

/// Of GitHub's answers, what is asked for here.
#[derive(Deserialize)]
struct TheirCommit {
    author: Option<TheirAccount>,
    committer: Option<TheirAccount>,
}

#[derive(Deserialize)]
struct TheirPull {
    number: i64,
    user: Option<TheirPerson>,
    #[serde(default)]
    state: String,
    head: Option<TheirHead>,
}

#[derive(Deserialize)]
struct TheirHead {
    #[serde(default)]
    sha: String,
}

impl Client {
    /// Who wrote what a commit brings: its own author and committer, and those of each pull request that it
    /// belongs to, and of that one's commits.
    ///
    /// # Errors
    /// See [`Error`]. More pull requests or commits than GitHub lists are an answer that cannot be read.
    pub async fn writers(&self, repository: &Repository, commit: &Commit) -> Result<Writers, Error> {
        let mut writers = Writers::default();
        let path = format!("/repos/{repository}/commits/{commit}");
        let answer: TheirCommit = self
            .ask(format!("GET {path}"), "contents: read", async || self.crab.get(&path, None::<&()>).await)
            .await?;
        writers.add(answer);
        for pull in self.pulls(repository, commit).await? {
            writers.add_one(pull.user.map(Person::from));
            for commit in self.pull_commits(repository, pull.number).await? {
                writers.add(commit);
            }
        }
        writers.known.sort();
        writers.known.dedup_by_key(|person| person.id);
        Ok(writers)
    }

    /// The pull requests that a commit belongs to.
    ///
    /// # Errors
    /// See [`Error`]. More than GitHub lists are an answer that cannot be read.
    pub async fn pull_requests(
        &self,
        repository: &Repository,
        commit: &Commit,
    ) -> Result<Vec<PullRequest>, Error> {
        let pulls = self.pulls(repository, commit).await?;
        let pull = |one: TheirPull| PullRequest {
            number: one.number,
            is_open: one.state == "open",
            head: one.head.map(|head| plain(&head.sha)).unwrap_or_default(),
        };
        Ok(pulls.into_iter().map(pull).collect())
    }

    async fn pulls(&self, repository: &Repository, commit: &Commit) -> Result<Vec<TheirPull>, Error> {
        let path = format!("/repos/{repository}/commits/{commit}/pulls?per_page={PAGE}");
        let pulls: Vec<TheirPull> = self.of_pulls(&path).await?;
        if pulls.len() >= PAGE {
            return Err(too_many(&path, "pull requests"));
        }
        Ok(pulls)
    }

    async fn pull_commits(&self, repository: &Repository, pull: i64) -> Result<Vec<TheirCommit>, Error> {
        let mut commits = Vec::new();
        for page in 1..=MOST_COMMITS.div_ceil(PAGE) {
            let path = format!("/repos/{repository}/pulls/{pull}/commits?per_page={PAGE}&page={page}");
            let more: Vec<TheirCommit> = self.of_pulls(&path).await?;
            let full = more.len() >= PAGE;
            commits.extend(more);
            if commits.len() >= MOST_COMMITS {
                return Err(too_many(&path, "commits"));
            }
            if !full {
                break;
            }
        }
        Ok(commits)
    }

    async fn of_pulls<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.ask(format!("GET {path}"), "pull-requests: read", async || {
            self.crab.get(path, None::<&()>).await
        })
        .await
    }
}

impl Writers {
    fn add(&mut self, commit: TheirCommit) {
        self.add_one(known(commit.author));
        self.add_one(known(commit.committer));
    }

    fn add_one(&mut self, person: Option<Person>) {
        match person {
            Some(person) => self.known.push(person),
            None => self.unknown += 1,
        }
    }
}

fn too_many(path: &str, what: &str) -> Error {
    Error {
        asked: format!("GET {path}"),
        needs: "pull-requests: read",
        why: Why::Malformed(format!(
            "there are more {what} than GitHub lists, so who wrote them is not known"
        )),
    }
}
