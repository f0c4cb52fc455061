//! Who signs, and who may.
//!
//! A signer is a key ([`PublicKey`], [`PrivateKey`]) or, with keyless signing, what a certificate says of the
//! workload that it was issued to ([`Identity`]). An [`IdentityRule`] says which of the latter are meant.
//! Whoever can sign implements [`Sign`], wherever the private key is kept.

pub mod detached;
mod identity;
#[cfg(feature = "instance")]
pub mod instance;
mod key;
mod roots;
mod rule;
mod sign;

pub use identity::{Claims, Identity, Signer};
pub use key::{Algorithm, KeyError, KeyId, KeyPem, PrivateKey, PublicKey, SignatureMismatch};
pub use roots::{GITHUB, PUBLIC_GOOD, ROOTS};
pub use rule::{FIELDS, GITHUB_ISSUER, IdentityRule, Mismatch, Requirement, RuleError, RuleText};
pub use sign::{Content, Sign, SignError, Signed};
