//! What is asked of others to sign and to verify: KMS, Fulcio, Rekor, timestamp authorities, TUF.
//!
//! [`signer`] opens whoever signs for a step, by inputs that every action which signs shares. [`kms::public_key`] is a
//! key to verify with.

mod background;
pub mod kms;

use anyhow::{Context as _, Result};
use runner::{Context, Input, Kind};
use signers::{PrivateKey, Sign};

/// The input that says who signs, the same in every action that writes evidence.
pub const SIGNING_KEY: Input = Input::new(
    "signing-key",
    Kind::Secret,
    "The private key that signs the evidence: PEM, or the path of its file; without it the evidence is unsigned",
);

/// Whoever signs for this step; nobody where `signing-key` is not given.
///
/// # Errors
/// The key is not one that is taken.
pub fn signer(ctx: &Context) -> Result<Option<Box<dyn Sign>>> {
    let Some(secret) = ctx.secret(SIGNING_KEY.name)? else { return Ok(None) };
    if secret.expose().starts_with(kms::SCHEME) {
        let env = |name: &str| ctx.env(name).map(str::to_owned);
        return Ok(Some(Box::new(kms::KmsKey::open(secret.expose(), &env).context("input `signing-key`")?)));
    }
    let key = PrivateKey::from_pem(secret.expose()).context("input `signing-key`")?;
    Ok(Some(Box::new(key)))
}
