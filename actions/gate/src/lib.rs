//! The gate: evidence plus policy in, a signed verdict out, which is itself evidence.
//!
//! Everything that a verdict depends on is gathered into a [`case::Case`] first; from there to the
//! verdict statement nothing is read any more (`judge`). So the same case gives the same bytes, here
//! and in a replay years later.

mod again;
mod approve;
mod case;
mod click;
mod compared;
mod decide;
mod disk;
mod exact;
mod explain;
mod gather;
mod inputs;
mod judge;
mod keys;
mod load;
mod manifest;
mod replay;
mod resume;
mod roots;
mod sarif;
mod show;
mod source;
mod statements;
mod stored;
mod written;

use policy::{Policy, ResolvedPolicy};
use runner::{Action, Context, Outcome, Result};

pub use again::{Again, Consented, Published, Rescan, Rescans, again};
pub use approve::{APPROVE, Consent, approve};
pub use click::about;
pub use keys::Keys;
pub use sarif::SarifFolder;
pub use stored::{Foreseen, Stored};

/// Decides about an image.
pub static ACTION: Action = Action {
    name: "gate",
    about: "Decides about an image: policy and evidence in, a signed verdict out",
    inputs: &inputs::INPUTS,
    outputs: &inputs::OUTPUTS,
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

/// The policy as it is written: its signers' keys may still be missing.
///
/// # Errors
/// It cannot be read, or has mistakes, each of which is told at its place.
pub async fn policy(ctx: &mut Context) -> Result<Policy> {
    written::policy(ctx).await
}

/// A policy that holds what can be known before there is evidence.
pub struct Checked {
    /// The policy as it is for images of a family, with nothing left to look up.
    pub policy: ResolvedPolicy,
    /// Its signers.
    pub signers: Keys,
}

/// Everything that can be known to be wrong before there is evidence: policy, signers, exceptions, key.
///
/// # Errors
/// What is wrong.
pub async fn check(ctx: &mut Context, family: Option<&str>) -> Result<Checked> {
    decide::check(ctx, family).await
}

async fn run(ctx: &mut Context) -> Result<Outcome> {
    match ctx.opt_path("replay")? {
        Some(manifest) => replay::run(ctx, &manifest),
        None if ctx.flag("explain-policy")? => explain::run(ctx).await,
        None => decide::run(ctx).await,
    }
}
