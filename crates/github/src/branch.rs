//! A branch, and the rules that hold on it: whether what it says about policy can be changed by one
//! person alone.

use serde::Deserialize;

use crate::commit::BadCommit;
use crate::error::{Why, plain};
use crate::repository::encoded;
use crate::{Client, Commit, Error, Repository, RepositoryFacts};

/// A branch and its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its name.
    pub name: String,
    /// The commit that it points at.
    pub commit: Commit,
    /// Whether a branch protection or a ruleset holds on it.
    pub protected: bool,
    /// The kinds of the rulesets' rules that hold: `pull_request`, `non_fast_forward` …
    pub rules: Vec<String>,
}

impl Branch {
    /// Whether a change of it takes more than one person's push.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.protected || self.rules.iter().any(|rule| rule == "pull_request")
    }
}

/// Of GitHub's answers, what is asked for here. octocrab's own types for these take a hundred fields more,
/// and one of them that is not as expected would be no answer at all.
#[derive(Deserialize)]
struct TheirRepository {
    default_branch: Option<String>,
    #[serde(default = "yes")]
    private: bool,
    #[serde(default)]
    archived: bool,
}

#[derive(Deserialize)]
struct TheirBranch {
    name: String,
    commit: TheirCommit,
    protected: bool,
}

#[derive(Deserialize)]
struct TheirCommit {
    sha: String,
}

#[derive(Deserialize)]
struct TheirRule {
    #[serde(rename = "type")]
    kind: String,
}

/// What is not said to be public is taken for private.
const fn yes() -> bool {
    true
}

impl Client {
    /// The repository as a whole: the first question, which tells whether the others make sense.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn repository(&self, repository: &Repository) -> Result<RepositoryFacts, Error> {
        let answer: TheirRepository = self
            .ask(format!("GET /repos/{repository}"), "metadata: read", async || {
                self.crab.get(format!("/repos/{repository}"), None::<&()>).await
            })
            .await?;
        Ok(RepositoryFacts {
            default_branch: answer.default_branch.map(|name| plain(&name)),
            private: answer.private,
            archived: answer.archived,
        })
    }

    /// A branch and its rules: two questions.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn branch(&self, repository: &Repository, name: &str) -> Result<Branch, Error> {
        let branch = encoded(name);
        let path = format!("/repos/{repository}/branches/{branch}");
        let answer: TheirBranch = self
            .ask(format!("GET {path}"), "contents: read", async || self.crab.get(&path, None::<&()>).await)
            .await?;
        let commit = answer.commit.sha.parse().map_err(|error: BadCommit| Error {
            asked: format!("GET {path}"),
            needs: "contents: read",
            why: Why::Malformed(plain(&error.to_string())),
        })?;
        let path = format!("/repos/{repository}/rules/branches/{branch}?per_page=100");
        let rules: Vec<TheirRule> = self
            .ask(format!("GET {path}"), "metadata: read", async || self.crab.get(&path, None::<&()>).await)
            .await?;
        let mut rules: Vec<String> = rules.iter().map(|rule| plain(&rule.kind)).collect();
        rules.sort_unstable();
        rules.dedup();
        Ok(Branch { name: plain(&answer.name), commit, protected: answer.protected, rules })
    }
}
