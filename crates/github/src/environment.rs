//! A deployment environment and its rules: who has to agree before a job in it begins.

use crate::error::plain;
use crate::repository::encoded;
use crate::rules::{Answer, Named};
use crate::{BranchMode, Client, Error, Repository};

/// An environment's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its number; none where the server does not say.
    pub id: Option<i64>,
    /// Its name.
    pub name: String,
    /// Who may agree; any one of them is enough. Nobody: every job begins by itself.
    pub reviewers: Vec<Reviewer>,
    /// Whether who started the run may not agree to it.
    pub prevents_self_review: bool,
    /// How long every job waits.
    pub wait_minutes: u32,
    /// From which branches and tags a job may begin.
    pub branches: BranchMode,
    /// Whether an administrator may pass the rules by; `None` where the server does not say.
    pub admins_bypass: Option<bool>,
    /// The kinds of rules that this program does not know: those of GitHub Apps.
    pub other_rules: Vec<String>,
}

/// Somebody who may agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reviewer {
    /// A person, by login.
    User(String),
    /// A team, by slug.
    Team(String),
}

impl Client {
    /// An environment's rules. That it is not there is [`crate::Why::NotFound`].
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn environment(&self, repository: &Repository, name: &str) -> Result<Environment, Error> {
        let path = format!("/repos/{repository}/environments/{}", encoded(name));
        let answer = self
            .ask(format!("GET {path}"), "actions: read", async || self.crab.get(&path, None::<&()>).await)
            .await?;
        Ok(Environment::of(answer))
    }
}

impl Environment {
    fn of(mut answer: Answer<Option<i64>>) -> Self {
        let rules = answer.rules();
        Self {
            id: answer.id,
            name: plain(&answer.name),
            // Whoever it is, somebody is asked.
            reviewers: rules.reviewers.into_iter().map(|one| Reviewer::of(one.named(), "?")).collect(),
            prevents_self_review: rules.prevents_self_review,
            wait_minutes: rules.wait_minutes,
            branches: rules.branches,
            admins_bypass: answer.can_admins_bypass,
            other_rules: rules.others,
        }
    }
}

impl Reviewer {
    /// With this name where there is none.
    fn of<Id>(named: Named<Id>, unnamed: &str) -> Self {
        let name = named.name.unwrap_or_else(|| unnamed.to_owned());
        if named.is_team { Self::Team(name) } else { Self::User(name) }
    }

    /// A reviewer without a name cannot be told to anybody.
    pub(crate) fn known<Id>(named: Named<Id>) -> Option<Self> {
        named.name.is_some().then(|| Self::of(named, ""))
    }
}
