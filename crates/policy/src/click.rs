//! An approval that somebody gave by a click in GitHub: what GitHub says about it, and what of that counts.
//!
//! GitHub keeps an approval by the run alone: no time, no attempt, nothing of what was seen. So it is bound
//! here: to the brief by the comment or by there having been one attempt only, to a person by their number,
//! and to an environment by the rules that made the job wait.

mod bind;
mod comment;

use model::Sha256;
use serde::{Deserialize, Serialize};

pub use bind::{Bound, Counted, bind};
pub use comment::{Bounds, Comment, except, read as read_comment};

use crate::code::Code;

/// What a policy asks of the comment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CommentDemand {
    /// It names the brief, always.
    Required,
    /// In a run's first attempt the click is enough.
    #[default]
    Optional,
}

impl CommentDemand {
    pub(crate) const WORDS: [(&'static str, Self); 2] =
        [("required", Self::Required), ("optional", Self::Optional)];

    /// As policies write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
        }
    }
}

/// What GitHub says about a run that waited for somebody: everything that the rules look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunFacts {
    /// `owner/name`.
    pub repository: String,
    /// The run's number.
    pub run: i64,
    /// Which attempt it is.
    pub attempt: i64,
    /// The commit it is of.
    pub commit: String,
    /// The brief that was shown, by the word of the job that decided.
    pub brief: Sha256,
    /// Who caused the run.
    pub actor: Option<Account>,
    /// Who caused this attempt.
    pub triggering_actor: Option<Account>,
    /// Who wrote the change.
    pub authors: Vec<Account>,
    /// How many more wrote it who have no account.
    pub unknown_authors: u64,
    /// The environments that somebody has to agree to, one after the other.
    pub environments: Vec<Guard>,
    /// What was said to any environment of the run, in any attempt.
    pub said: Vec<Said>,
}

/// An account. Only its number tells it from others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Account {
    /// Its number.
    pub id: i64,
    /// Its name of today. Hostile text.
    pub login: String,
}

/// An environment, and what guards it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Guard {
    /// Its name, as the workflow has it.
    pub name: String,
    /// Its rules; none where there is no such environment.
    pub rules: Option<GuardRules>,
}

/// An environment's rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GuardRules {
    /// Its number.
    pub id: Option<i64>,
    /// How many people and teams may agree.
    pub reviewers: u64,
    /// Whether who started the run may not.
    pub prevents_self_review: bool,
    /// Whether administrators may pass it by; none where GitHub does not say.
    pub admins_bypass: Option<bool>,
    /// Whether only some branches and tags may use it.
    pub restricts_branches: bool,
}

/// What somebody said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Said {
    /// To which environments.
    pub environments: Vec<SaidTo>,
    /// Yes or no.
    pub answer: Answer,
    /// Who; none where the account is gone.
    pub by: Option<Account>,
    /// Their words. Hostile text.
    pub comment: String,
}

/// An environment as an answer names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaidTo {
    /// Its number.
    pub id: Option<i64>,
    /// Its name.
    pub name: String,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Yes.
    Approved,
    /// No.
    Rejected,
    /// Neither.
    Open,
}

/// What speaks against an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The code.
    pub code: Code,
    /// What is wrong, in one sentence.
    pub message: String,
}

impl Account {
    /// For people: the name, and the number that counts.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{} (id {})", self.login, self.id)
    }
}

impl RunFacts {
    /// How an approver names the brief: the first twelve digits of its digest.
    #[must_use]
    pub fn words(&self) -> String {
        format!("approve {}", self.brief.short())
    }
}
