//! What is asked of others to sign and to verify: KMS, Fulcio, Rekor, timestamp authorities, TUF.
//!
//! [`signer`] opens whoever signs for a step, [`trust_root`] finds the root that vouches for certificates, both by inputs
//! that every action which has them shares. [`kms::public_key`] is a key to verify with.

mod background;
mod cosign;
mod files;
mod http;
mod inputs;
mod keyless;
pub mod kms;
mod signer;
mod trust_root;

pub use inputs::{
    REFRESH_TRUSTED_ROOT, SIGNING_CONFIG, SIGNING_KEY, SIGNING_KEY_NAMES, SIGNING_KEY_PASSWORD, TRUSTED_ROOT,
    TUF_MIRROR,
};
pub use keyless::AwsTokens;
pub use signer::{open, signer, takes_password};

/// What `signing-key` is for signing by the job's own identity.
pub const KEYLESS: &str = keyless::WORD;
pub use trust_root::{TrustRootFile, trust_root};
