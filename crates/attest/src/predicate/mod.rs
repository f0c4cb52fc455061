//! What each kind of evidence claims: one file per kind, spelled as its specification spells it.
//!
//! As in-toto asks, members that a reader does not know are passed over. Where a standard predicate
//! has no place for a fact that Hallmark needs, it stands in an extension member named `hallmark`,
//! so that other tools read the standard part unchanged.

pub mod approval;
pub mod closure;
pub mod provenance;
pub mod release;
pub mod sbom;
mod shared;
pub mod signature_verification;
pub mod spdx;
pub mod test_result;
pub mod verdict;
pub mod vsa;
pub mod vulns;

pub use shared::{FileDigest, ResourceDescriptor, Tool};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Kind;

/// A predicate type as a Rust type. [`crate::Statement::of`] writes one,
/// [`crate::Statement::predicate`] reads it.
pub trait Predicate: Serialize + DeserializeOwned {
    /// The kind of evidence that it is the predicate of.
    const KIND: Kind;
}

macro_rules! predicates {
    ($($kind:ident = $module:ident),* $(,)?) => {
        $(impl Predicate for $module::Predicate {
            const KIND: Kind = Kind::$kind;
        })*
    };
}

predicates! {
    SignatureVerification = signature_verification,
    Provenance = provenance,
    TestResult = test_result,
    Sbom = sbom,
    SpdxSbom = spdx,
    Vulns = vulns,
    Verdict = verdict,
    Vsa = vsa,
    Approval = approval,
    Release = release,
    Closure = closure,
}
