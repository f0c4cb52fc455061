//! The rules of an environment, whole: read with the reviewers' ids, and set all at once.

use serde::Deserialize;
use serde_json::{Value, json};

use super::people::{Person, PersonId};
use crate::call::Change;
use crate::repository::encoded;
use crate::rules::{Answer, Named};
use crate::{BranchMode, Client, Error, Repository};

/// What a call that changes an environment needs.
pub(super) const ADMINISTRATION: &str = "administration: write";

/// An environment and its rules, as GitHub tells them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its name, in GitHub's letters.
    pub name: String,
    /// Who may agree; any one of them is enough. Nobody: every job begins by itself.
    pub reviewers: Vec<Person>,
    /// Whether who started the run may not agree. Only said where there are reviewers.
    pub prevents_self_review: bool,
    /// How long every job waits.
    pub wait_minutes: u32,
    /// From which branches and tags a job may begin.
    pub branches: BranchMode,
    /// Whether an administrator may pass the rules by; `None` where the server does not say.
    pub admins_bypass: Option<bool>,
}

/// The rules that one call sets. What is not named in it, GitHub would take away, so all of them are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// See [`Settings::reviewers`].
    pub reviewers: Vec<PersonId>,
    /// See [`Settings::prevents_self_review`].
    pub prevent_self_review: bool,
    /// See [`Settings::wait_minutes`].
    pub wait_minutes: u32,
    /// See [`Settings::branches`].
    pub branches: BranchMode,
    /// Whether an administrator may pass the rules by. GitHub's description of this call does not have it, and
    /// GitHub takes it: whether it was taken, only a question tells.
    pub admins_bypass: bool,
}

#[derive(Deserialize)]
struct TheirList {
    total_count: i64,
    environments: Vec<Answer<i64>>,
}

impl Client {
    /// Every environment of a repository.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn environments(&self, repository: &Repository) -> Result<Vec<Settings>, Error> {
        let path = format!("/repos/{repository}/environments");
        self.pages(&path, 100, "actions: read", |list: TheirList| {
            (list.total_count, list.environments.into_iter().map(Settings::of).collect())
        })
        .await
    }

    /// Sets all rules of an environment, and makes it where it is not there.
    ///
    /// # Errors
    /// See [`Error`]. 422 where the subscription does not have one of the rules.
    pub async fn set_environment(
        &self,
        repository: &Repository,
        name: &str,
        protection: &Protection,
    ) -> Result<(), Error> {
        let path = format!("/repos/{repository}/environments/{}", encoded(name));
        self.changed_once(&path, ADMINISTRATION, Change::Put(&protection.body())).await
    }
}

impl Protection {
    fn body(&self) -> Value {
        let reviewer = |id: &PersonId| match id {
            PersonId::User(id) => json!({"type": "User", "id": id}),
            PersonId::Team(id) => json!({"type": "Team", "id": id}),
        };
        let reviewers: Vec<_> = self.reviewers.iter().map(reviewer).collect();
        let policy =
            |protected: bool| json!({"protected_branches": protected, "custom_branch_policies": !protected});
        let mut body = json!({
            "wait_timer": self.wait_minutes,
            "prevent_self_review": self.prevent_self_review,
            // GitHub's own word for nobody.
            "reviewers": if reviewers.is_empty() { Value::Null } else { Value::from(reviewers) },
            "deployment_branch_policy": match self.branches {
                BranchMode::Any => Value::Null,
                BranchMode::Protected => policy(true),
                BranchMode::Named => policy(false),
            },
        });
        // What is not said means that they may.
        if !self.admins_bypass {
            body["can_admins_bypass"] = json!(false);
        }
        body
    }
}

impl Settings {
    fn of(mut answer: Answer<i64>) -> Self {
        let rules = answer.rules();
        Self {
            name: answer.name,
            reviewers: rules.reviewers.into_iter().filter_map(|one| person(one.named())).collect(),
            prevents_self_review: rules.prevents_self_review,
            wait_minutes: rules.wait_minutes,
            branches: rules.branches,
            admins_bypass: answer.can_admins_bypass,
        }
    }
}

/// An account that is gone is nobody who could agree.
fn person(named: Named<i64>) -> Option<Person> {
    let id = if named.is_team { PersonId::Team(named.id?) } else { PersonId::User(named.id?) };
    Some(Person { id, name: named.name.unwrap_or_else(|| "?".to_owned()) })
}
