//! The decision, pure: policy, exceptions, evidence and the clock in; verdict and reasons out.
//!
//! Nothing here reads a file, a clock or a signature. The gate verifies evidence, translates it into
//! [`Evidence`], and asks [`decide`]. Files read once into checked types ([`Policy`],
//! [`Exceptions`]), every mistake in them with its place and how to mend it.

mod again;
mod approval;
mod auto_approve;
mod changes;
pub mod click;
mod code;
mod decide;
mod demands;
mod evidence;
mod exceptions;
mod feeds;
pub mod fields;
mod findings;
pub mod interchange;
mod kind;
mod newest;
mod noun;
mod pattern;
mod policy;
mod problem;
mod reasons;
pub mod rego;
pub mod schema;
mod span;
#[cfg(test)]
mod testing;
pub mod yaml;

pub use again::{Accepted, decide_again};
pub use approval::{Approval, Prior};
pub use auto_approve::AutoApproved;
pub use changes::{Changed, Changes, Previous};
pub use code::{Code, SetBy};
pub use decide::{Decision, Waived, decide, rego_input};
pub use evidence::{Evidence, Facts, Image, Objection, Signed, Statement, TestOutcome};
pub use exceptions::{
    Breadth, Exception, ExceptionState, ExceptionUse, Exceptions, Justification, Paths, Vex, VexStatus,
};
pub use feeds::{Epss, FeedError, Feeds, Kev};
pub use findings::{Judged, Origin, SharedFinding};
pub use kind::{EvidenceKind, Seen};
pub use policy::{
    Credential, ExceptionLimits, Identity, Policy, ResolvedPolicy, ResolvedSigner, Root, Rule, SHIPPED,
    Scope, Score, UncheckedPolicy, identity_rule,
};
pub use problem::{At, Problem, Problems, nearest};
