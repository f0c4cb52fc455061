//! An environment's rules as GitHub tells them, to one question and to the list: of the answer, what decides. octocrab's
//! own type wants addresses and dates too, and one that is not as it expects would be no answer at all.

use serde::Deserialize;

use crate::error::plain;

/// From which branches and tags a job in an environment may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BranchMode {
    /// From any.
    Any,
    /// From protected branches, and no tags.
    Protected,
    /// From those whose names match the environment's patterns; without a pattern, from none.
    Named,
}

/// The answer. `Id` is `i64` where nobody counts without a number, and `Option<i64>` where names do.
#[derive(Deserialize)]
pub(crate) struct Answer<Id> {
    pub(crate) id: Option<i64>,
    pub(crate) name: String,
    pub(crate) can_admins_bypass: Option<bool>,
    protection_rules: Option<Vec<TheirRule<Id>>>,
    deployment_branch_policy: Option<TheirBranches>,
}

#[derive(Deserialize)]
struct TheirRule<Id> {
    #[serde(rename = "type")]
    kind: String,
    wait_timer: Option<i64>,
    prevent_self_review: Option<bool>,
    reviewers: Option<Vec<TheirReviewer<Id>>>,
}

/// Somebody who may agree.
#[derive(Deserialize)]
pub(crate) struct TheirReviewer<Id> {
    #[serde(rename = "type")]
    kind: Option<String>,
    reviewer: Option<TheirName<Id>>,
}

#[derive(Deserialize)]
struct TheirName<Id> {
    id: Id,
    login: Option<String>,
    slug: Option<String>,
}

#[derive(Deserialize)]
struct TheirBranches {
    protected_branches: bool,
}

/// What the rules come to.
pub(crate) struct Rules<Id> {
    pub(crate) reviewers: Vec<TheirReviewer<Id>>,
    pub(crate) prevents_self_review: bool,
    pub(crate) wait_minutes: u32,
    pub(crate) branches: BranchMode,
    /// The kinds of rules that this program does not know.
    pub(crate) others: Vec<String>,
}

impl<Id> Answer<Id> {
    /// Takes the rules out of the answer.
    pub(crate) fn rules(&mut self) -> Rules<Id> {
        let mut rules = Rules {
            reviewers: Vec::new(),
            prevents_self_review: false,
            wait_minutes: 0,
            branches: match &self.deployment_branch_policy {
                None => BranchMode::Any,
                Some(policy) if policy.protected_branches => BranchMode::Protected,
                Some(_) => BranchMode::Named,
            },
            others: Vec::new(),
        };
        for rule in self.protection_rules.take().unwrap_or_default() {
            match rule.kind.as_str() {
                "required_reviewers" => {
                    rules.prevents_self_review = rule.prevent_self_review == Some(true);
                    rules.reviewers.extend(rule.reviewers.unwrap_or_default());
                }
                "wait_timer" => rules.wait_minutes = minutes(rule.wait_timer),
                // Said by `branches`.
                "branch_policy" => {}
                other => rules.others.push(plain(other)),
            }
        }
        rules
    }
}

fn minutes(wait: Option<i64>) -> u32 {
    u32::try_from(wait.unwrap_or(0).max(0)).unwrap_or(u32::MAX)
}

/// Who a reviewer is. An account that is gone has neither number nor name.
pub(crate) struct Named<Id> {
    pub(crate) is_team: bool,
    pub(crate) id: Option<Id>,
    /// The login, or the team's slug.
    pub(crate) name: Option<String>,
}

impl<Id> TheirReviewer<Id> {
    pub(crate) fn named(self) -> Named<Id> {
        let is_team = self.kind.as_deref() == Some("Team");
        let Some(TheirName { id, login, slug }) = self.reviewer else {
            return Named { is_team, id: None, name: None };
        };
        let name = if is_team { slug } else { login };
        Named { is_team, id: Some(id), name: name.map(|name| plain(&name)) }
    }
}
