//! A deployment environment and its rules: who has to agree before a job in it begins.

use serde::Deserialize;

use crate::error::plain;
use crate::repository::encoded;
use crate::{Client, Error, Repository};

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
    pub branches: Branches,
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

/// From which branches and tags a job in an environment may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branches {
    /// From any.
    Any,
    /// From protected branches.
    Protected,
    /// From those whose names match patterns.
    Named,
}

/// Of GitHub's answer, what decides. octocrab's own type wants addresses and dates too, and one that is
/// not as it expects would be no answer at all.
#[derive(Deserialize)]
struct Theirs {
    id: Option<i64>,
    name: String,
    can_admins_bypass: Option<bool>,
    #[serde(default)]
    protection_rules: Vec<TheirRule>,
    deployment_branch_policy: Option<TheirBranches>,
}

#[derive(Deserialize)]
struct TheirRule {
    #[serde(rename = "type")]
    kind: String,
    wait_timer: Option<i64>,
    prevent_self_review: Option<bool>,
    #[serde(default)]
    reviewers: Vec<TheirReviewer>,
}

#[derive(Deserialize)]
struct TheirReviewer {
    #[serde(rename = "type")]
    kind: Option<String>,
    reviewer: Option<TheirName>,
}

#[derive(Deserialize)]
struct TheirName {
    login: Option<String>,
    slug: Option<String>,
}

#[derive(Deserialize)]
struct TheirBranches {
    protected_branches: bool,
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
    fn of(answer: Theirs) -> Self {
        let branches = match answer.deployment_branch_policy {
            None => Branches::Any,
            Some(policy) if policy.protected_branches => Branches::Protected,
            Some(_) => Branches::Named,
        };
        let mut environment = Self {
            id: answer.id,
            name: plain(&answer.name),
            reviewers: Vec::new(),
            prevents_self_review: false,
            wait_minutes: 0,
            branches,
            admins_bypass: answer.can_admins_bypass,
            other_rules: Vec::new(),
        };
        for rule in answer.protection_rules {
            match rule.kind.as_str() {
                "required_reviewers" => {
                    environment.prevents_self_review = rule.prevent_self_review == Some(true);
                    environment.reviewers.extend(rule.reviewers.into_iter().map(Reviewer::of));
                }
                "wait_timer" => environment.wait_minutes = minutes(rule.wait_timer),
                // Said by `branches`.
                "branch_policy" => {}
                other => environment.other_rules.push(plain(other)),
            }
        }
        environment
    }
}

fn minutes(wait: Option<i64>) -> u32 {
    u32::try_from(wait.unwrap_or(0).max(0)).unwrap_or(u32::MAX)
}

impl Reviewer {
    fn of(answer: TheirReviewer) -> Self {
        let (login, slug) = answer.reviewer.map_or((None, None), |who| (who.login, who.slug));
        let name = |name: Option<String>| plain(name.as_deref().unwrap_or("?"));
        match answer.kind.as_deref() {
            Some("Team") => Self::Team(name(slug)),
            _ => Self::User(name(login)),
        }
    }
}
