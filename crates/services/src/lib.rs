//! What is asked of others to sign and to verify.

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
    let key = PrivateKey::from_pem(secret.expose()).context("input `signing-key`")?;
    Ok(Some(Box::new(key)))
}
