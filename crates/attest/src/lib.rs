//! Evidence: what a statement says, who signed it, and where it is kept.
//!
//! A producer makes a [`Statement`] of one [`Kind`], and [`EvidenceDir::write`] signs it with a
//! signer into a Sigstore bundle. A consumer lists the directory and calls [`verify`] with the [`Trust`] that it
//! has: what comes back is exactly what was signed, and by whom. [`verify_file`] does the same for files.
//!
//! Verification is fail-closed. Whatever a bundle carries (certificates, log entries, timestamps) is verified or makes
//! it refused, never ignored.

mod bundle;
mod evidence;
mod files;
mod json;
mod kind;
pub mod predicate;
mod proof;
mod statement;
mod trust;

pub use bundle::{
    BUNDLE_MEDIA_TYPE, Bundle, MAX_BUNDLE, SignStatementError, Under, Verified, VerifyError, sign, sign_file,
    verify,
};
pub use evidence::{
    EvidenceDir, EvidenceError, EvidenceFile, Form, Listing, MAX_REPORT, REPORTS, Stray, StrayReason,
};
pub use json::JsonError;
pub use kind::{Kind, UnknownKind};
pub use predicate::Predicate;
pub use proof::{Proof, ProofError, verify_each, verify_file};
/// Keys and identities stand in every signature here.
pub use signers::{
    Algorithm, Identity, IdentityRule, KeyError, KeyId, KeyPem, PrivateKey, PublicKey, RuleText, Sign,
    SignError, SignatureMismatch, Signer, detached,
};
pub use statement::{
    MAX_STATEMENT, PAYLOAD_TYPE, STATEMENT_TYPE, Statement, StatementError, Unsigned, read_unsigned,
};
pub use trust::{GITHUB, MAX_TRUST_ROOT, PUBLIC_GOOD, Trust, TrustRoot, TrustRootError, TrustedIdentity};
