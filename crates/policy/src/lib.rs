//! The decision, pure: policy, exceptions, evidence and the clock in; verdict and reasons out.
//!
//! Nothing here reads a file, a clock or a signature. The gate verifies evidence, translates it into
//! [`Evidence`], and asks [`decide`]. Files read once into checked types ([`Policy`],
//! [`Exceptions`]), every mistake in them with its place and how to mend it.

mod approval;
mod code;
mod decide;
mod demands;
mod evidence;
mod exceptions;
mod fields;
mod findings;
mod kind;
mod newest;
mod policy;
mod problem;
mod span;
pub mod yaml;

pub use approval::{Approval, Prior};
pub use code::{Code, SetBy};
pub use decide::{Decision, Waived, decide};
pub use evidence::{Evidence, Facts, Image, Objection, Signed, Statement, TestOutcome};
pub use exceptions::{Exception, ExceptionState, ExceptionUse, Exceptions};
pub use findings::Judged;
pub use kind::{EvidenceKind, Seen};
pub use policy::{ExceptionLimits, Key, Policy, ResolvedPolicy, Rule, UncheckedPolicy};
pub use problem::{At, Problem, Problems, nearest};
