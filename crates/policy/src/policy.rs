//! A policy: parsed once into a checked type, after which nothing re-validates.

mod check;
mod resolved;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use model::{Severity, Weight};

pub use resolved::ResolvedPolicy;

use crate::code::Code;
use crate::kind::{EvidenceKind, Seen};
use crate::problem::{At, Problems};
use crate::yaml::{self, Node};

/// A policy file that is YAML, and whose meaning has not been looked at yet.
#[derive(Debug, Clone)]
pub struct UncheckedPolicy {
    file: String,
    tree: Node,
}

impl UncheckedPolicy {
    /// Reads YAML. `file` is only for messages.
    ///
    /// # Errors
    /// What is no YAML, with its place.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        Ok(Self { file: file.to_owned(), tree: yaml::read(file, text)? })
    }

    /// Checks what it says.
    ///
    /// # Errors
    /// Every mistake, each with its place and how to mend it.
    pub fn check(self) -> Result<Policy, Problems> {
        check::check(&self.file, &self.tree)
    }
}

/// A policy whose meaning is checked. Its signers' keys may still be missing:
/// [`Policy::resolve`] brings them in.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) signers: BTreeMap<String, Signer>,
    pub(crate) evidence: BTreeMap<EvidenceKind, Requirement>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) reasons: BTreeMap<Code, Weight>,
    pub(crate) exceptions: ExceptionLimits,
    pub(crate) approval_timeout: SignedDuration,
}

/// Someone who signs evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signer {
    pub(crate) at: At,
    pub(crate) key: Option<Key>,
}

/// A signer's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A file, relative to the policy's own.
    Path(String),
    /// The key itself, in PEM.
    Pem(String),
}

/// What a policy asks of one kind of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requirement {
    pub(crate) signed_by: Vec<String>,
    pub(crate) required: bool,
    pub(crate) allow_unsigned: bool,
    /// Each of these ways of seeing is required, not one of them.
    pub(crate) seen: Vec<Seen>,
    pub(crate) max_age: Option<SignedDuration>,
    pub(crate) min_tests: u64,
    pub(crate) database_max_age: Option<SignedDuration>,
    pub(crate) min_packages: u64,
    /// A base image has to have reached one of these; none named, any passing one will do.
    pub(crate) levels: Vec<String>,
}

/// A threshold: the heaviest rule that matches a finding decides about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// The severities it is for.
    pub severity: Vec<Severity>,
    /// Only findings with a fix, only those without, or both.
    pub fixable: Option<bool>,
    /// What a matching finding leads to.
    pub then: Weight,
}

/// What a policy asks of exceptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExceptionLimits {
    /// The longest time from `created` to `expires`.
    pub max_lifetime: SignedDuration,
    /// How long before its end an exception is reported.
    pub warn_before: SignedDuration,
}

impl Policy {
    /// Reads and checks.
    ///
    /// # Errors
    /// Every mistake, each with its place and how to mend it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        UncheckedPolicy::parse(file, text)?.check()
    }

    /// The policy's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Each signer's name, and the key the policy itself gives for it.
    pub fn signers(&self) -> impl Iterator<Item = (&str, Option<&Key>)> {
        self.signers.iter().map(|(name, signer)| (name.as_str(), signer.key.as_ref()))
    }

    /// The names of those who may sign a kind; empty where the kind is not mapped.
    #[must_use]
    pub fn signers_of(&self, kind: EvidenceKind) -> &[String] {
        self.evidence.get(&kind).map_or(&[], |requirement| requirement.signed_by.as_slice())
    }

    /// What it asks of exceptions.
    #[must_use]
    pub const fn exception_limits(&self) -> ExceptionLimits {
        self.exceptions
    }

    /// How long an approval holds at most.
    #[must_use]
    pub const fn approval_timeout(&self) -> SignedDuration {
        self.approval_timeout
    }

    /// The weight of a code under this policy.
    pub(crate) fn weight(&self, code: Code) -> Weight {
        self.reasons.get(&code).copied().unwrap_or_else(|| code.usual_weight())
    }
}

impl Rule {
    /// Whether the rule is about such a finding. A severity nobody has set is covered by every rule
    /// for `unknown`, for what it ranks with, and for `low`: it never slips below.
    #[must_use]
    pub fn matches(&self, severity: Severity, fixable: bool) -> bool {
        let covers = |listed: &Severity| {
            *listed == severity
                || (severity == Severity::Unknown
                    && (listed.rank_for_decision() == severity.rank_for_decision()
                        || *listed == Severity::Low))
        };
        self.severity.iter().any(covers) && self.fixable.is_none_or(|wanted| wanted == fixable)
    }
}

#[cfg(test)]
mod tests;
