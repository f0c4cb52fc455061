//! A policy: parsed once into a checked type, after which nothing re-validates.

mod check;
mod explain;
mod layers;
mod merge;
mod overrides;
mod paths;
mod resolved;
mod rule;
pub(crate) mod sections;
mod shipped;
mod signer;
mod unchecked;

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use model::{Class, Severity, Weight};

pub use check::identity_rule;
pub(crate) use check::{AUTO_APPROVE_KEYS, LIMITS, WAIVE, WEIGHTS, evidence_keys, requirements, rule_keys};
pub use overrides::Scope;
pub(crate) use overrides::fits;
pub use resolved::ResolvedPolicy;
pub use rule::{Rule, Score};
pub use shipped::SHIPPED;
pub use signer::{Credential, Identity, ResolvedSigner, Root};
pub use unchecked::UncheckedPolicy;

use crate::click::CommentDemand;
use crate::code::Code;
use crate::kind::{EvidenceKind, Seen};
use crate::problem::{At, Files, Problems};
use crate::rego::Module;
use crate::yaml::Node;
use signer::Signer;

/// A policy whose meaning is checked. Its signers' keys and trusted roots may still be missing:
/// [`Policy::resolve`] brings them in.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(crate) origin: Origin,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) signers: BTreeMap<String, Signer>,
    pub(crate) evidence: BTreeMap<EvidenceKind, Requirement>,
    /// The rules about each class; a class that is not named has none.
    pub(crate) rules: BTreeMap<Class, Vec<Rule>>,
    pub(crate) feeds: FeedAges,
    pub(crate) reasons: BTreeMap<Code, Weight>,
    pub(crate) exceptions: ExceptionLimits,
    pub(crate) approval_timeout: SignedDuration,
    pub(crate) comment: CommentDemand,
    pub(crate) auto_approve: Vec<AutoApproval>,
    /// The Rego module.
    pub(crate) rego: Option<Module>,
    /// Decide and record, and hold nothing up.
    pub(crate) report_only: bool,
    /// What it is in force for: what passes for one environment has not passed for another, whatever the rules.
    pub(crate) environment: Option<String>,
}

/// Where a policy's parts come from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// The files, by the numbers that places bear.
    pub(crate) files: Files,
    /// What all of them together say, every value with its place.
    pub(crate) tree: Node,
    /// By the place of a value: what it took the place of.
    pub(crate) was: BTreeMap<At, Node>,
    /// The sections that do without what they held before.
    pub(crate) anew: Vec<merge::Anew>,
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

/// How old the feeds may be; a feed without a limit may be of any age.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct FeedAges {
    pub(crate) epss: Option<SignedDuration>,
    pub(crate) kev: Option<SignedDuration>,
}

/// Which reasons for review nobody has to be asked about. Every part that is there must hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AutoApproval {
    pub(crate) reasons: BTreeSet<Code>,
    /// The environments it is for; empty: every one, and none named.
    pub(crate) environments: Vec<String>,
    /// The image families it is for, `*` at the end allowed; empty: every family.
    pub(crate) images: Vec<String>,
    /// Every finding behind the reason has one of these severities; empty: any.
    pub(crate) severity: Vec<Severity>,
    /// Every finding behind the reason was in the previous image.
    pub(crate) unchanged: bool,
}

/// What a policy asks of exceptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExceptionLimits {
    /// The longest time from `created` to `expires`.
    pub max_lifetime: SignedDuration,
    /// How long before its end an exception is reported.
    pub warn_before: SignedDuration,
    /// Whether an exception may name no id: it hides every vulnerability that its package will ever have.
    pub package_level: bool,
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

    /// Each signer's name, and by what the policy itself knows it.
    pub fn signers(&self) -> impl Iterator<Item = (&str, Option<&Credential>)> {
        self.signers.iter().map(|(name, signer)| (name.as_str(), signer.known_by.as_ref()))
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

    /// What it asks of the comment of an approval in GitHub.
    #[must_use]
    pub const fn comment_demand(&self) -> CommentDemand {
        self.comment
    }

    /// Whether it decides and holds nothing up.
    #[must_use]
    pub const fn report_only(&self) -> bool {
        self.report_only
    }

    /// The rules about a class.
    #[must_use]
    pub fn rules(&self, class: Class) -> &[Rule] {
        self.rules.get(&class).map_or(&[], Vec::as_slice)
    }

    /// The weight of a code under this policy.
    pub(crate) fn weight(&self, code: Code) -> Weight {
        self.reasons.get(&code).copied().unwrap_or_else(|| code.usual_weight())
    }
}

#[cfg(test)]
mod tests;
