//! The patterns of branches and tags from which a job in an environment may begin.

use serde::Deserialize;
use serde_json::json;

use super::settings::ADMINISTRATION;
use crate::call::Change;
use crate::repository::encoded;
use crate::{Client, Error, Repository, Why};

/// What a pattern is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ref {
    /// Branches.
    Branch,
    /// Tags.
    Tag,
}

impl Ref {
    /// As GitHub writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Tag => "tag",
        }
    }
}

/// The number of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternId(pub i64);

/// A pattern that an environment has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// By number.
    pub id: PatternId,
    /// Of what.
    pub of: Ref,
    /// In Ruby's `File.fnmatch` letters, as GitHub takes it.
    pub name: String,
}

#[derive(Deserialize)]
struct TheirList {
    total_count: i64,
    branch_policies: Vec<Theirs>,
}

#[derive(Deserialize)]
struct Theirs {
    id: i64,
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Client {
    /// Every pattern of an environment. One without a name or a number would be an answer that cannot be read.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn patterns(&self, repository: &Repository, environment: &str) -> Result<Vec<Pattern>, Error> {
        let path = policies(repository, environment);
        self.pages(&path, 100, "actions: read", |list: TheirList| {
            (list.total_count, list.branch_policies.into_iter().map(Pattern::of).collect())
        })
        .await
    }

    /// Adds a pattern that is not there.
    ///
    /// # Errors
    /// See [`Error`]. 404 where the environment has not [`crate::BranchMode::Named`].
    pub async fn add_pattern(
        &self,
        repository: &Repository,
        environment: &str,
        of: Ref,
        name: &str,
    ) -> Result<(), Error> {
        let body = json!({"name": name, "type": of.as_str()});
        let path = policies(repository, environment);
        self.changed_once(&path, ADMINISTRATION, Change::Post(&body)).await
    }

    /// Takes a pattern away. That it is gone already is all right.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn remove_pattern(
        &self,
        repository: &Repository,
        environment: &str,
        id: PatternId,
    ) -> Result<(), Error> {
        let path = format!("{}/{}", policies(repository, environment), id.0);
        match self.changed_once(&path, ADMINISTRATION, Change::<()>::Delete).await {
            Err(Error { why: Why::NotFound, .. }) => Ok(()),
            other => other,
        }
    }
}

fn policies(repository: &Repository, environment: &str) -> String {
    format!("/repos/{repository}/environments/{}/deployment-branch-policies", encoded(environment))
}

impl Pattern {
    fn of(answer: Theirs) -> Self {
        // Servers that know no patterns for tags have only those for branches.
        let of = if answer.kind.as_deref() == Some("tag") { Ref::Tag } else { Ref::Branch };
        Self { id: PatternId(answer.id), of, name: answer.name }
    }
}
