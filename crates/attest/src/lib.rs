//! Evidence: what a statement says, who signed it, and where it is kept.
//!
//! A producer makes a [`Statement`] of one [`Kind`], and [`EvidenceDir::write`] signs it with a
//! [`PrivateKey`] into a Sigstore bundle. A consumer lists the directory and calls [`verify`] with
//! the [`PublicKey`]s it trusts: what comes back is exactly what was signed, and by whom.
//!
//! Verification is fail-closed. Whatever a bundle may carry that is not checked here (certificates,
//! log entries, timestamps) makes it refused, never ignored.

mod bundle;
pub mod detached;
mod evidence;
mod files;
mod json;
mod key;
mod kind;
pub mod predicate;
mod statement;

pub use bundle::{
    BUNDLE_MEDIA_TYPE, Bundle, MAX_BUNDLE, SignStatementError, Verified, VerifyError, sign, verify,
};
pub use evidence::{
    EvidenceDir, EvidenceError, EvidenceFile, Form, Listing, MAX_REPORT, REPORTS, Stray, StrayReason,
};
pub use json::JsonError;
pub use key::{Algorithm, KeyError, KeyId, KeyPem, PrivateKey, PublicKey, SignError, SignatureMismatch};
pub use kind::{Kind, UnknownKind};
pub use predicate::Predicate;
pub use statement::{
    MAX_STATEMENT, PAYLOAD_TYPE, STATEMENT_TYPE, Statement, StatementError, Unsigned, read_unsigned,
};
