//! The gate: evidence plus policy in, a signed verdict out, which is itself evidence.
//!
//! Everything that a verdict depends on is gathered into a [`case::Case`] first; from there to the
//! verdict statement nothing is read any more (`judge`). So the same case gives the same bytes, here
//! and in a replay years later.

mod approve;
mod case;
mod decide;
mod disk;
mod exact;
mod gather;
mod judge;
mod keys;
mod load;
mod manifest;
mod replay;
mod resume;
mod show;
mod statements;

use policy::{Policy, ResolvedPolicy};
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};

pub use approve::{APPROVE, Consent, approve};

/// Decides about an image.
pub static ACTION: Action = Action {
    name: "gate",
    about: "Decides about an image: policy and evidence in, a signed verdict out",
    inputs: &[
        Input::new("image", Kind::Path, "The image: its image.json"),
        Input::new(
            "policy",
            Kind::Path,
            "The policy; take it from a protected ref, not from what is being built",
        ),
        Input::new("exceptions", Kind::Path, "The exceptions file"),
        Input::new(
            "signers",
            Kind::Lines,
            "Public keys of the policy's signers: name=path of a PEM file, one a line",
        ),
        Input::new("evidence", Kind::Path, "The folder of evidence").default(".hallmark/evidence"),
        Input::new(
            "base-evidence",
            Kind::Path,
            "The folder of evidence of the image that this one was built on",
        ),
        Input::new("verifier-id", Kind::Text, "The URI that the verification summary names as verifier")
            .default("https://hallmark.dev/gate"),
        Input::new(
            "signing-key",
            Kind::Secret,
            "The private key that signs the evidence: PEM, or the path of its file; without it the evidence is unsigned",
        ),
        Input::new("resume", Kind::Path, "An approval file that clears a `review` verdict; not on a runner"),
        Input::new(
            "replay",
            Kind::Path,
            "A replay manifest: recompute its verdict and compare; nothing else is needed",
        ),
        Input::new("bundle", Kind::Path, "The folder where everything that a replay needs is kept")
            .default(".hallmark/replay"),
        Input::new("page", Kind::Path, "The decision as a page; by default .hallmark/report/NAME.html"),
        Input::new("brief", Kind::Path, "The decision as Markdown; by default .hallmark/report/NAME.md"),
    ],
    outputs: &[
        Output { name: "verdict", help: "`pass`, `review` or `fail`" },
        Output { name: "reasons", help: "The reasons, as JSON" },
        Output { name: "waived", help: "How many reasons an approval cleared" },
        Output { name: "suppressed", help: "How many findings exceptions suppress" },
        Output { name: "policy-digest", help: "The SHA-256 of the resolved policy" },
        Output {
            name: "verdict-digest",
            help: "The SHA-256 of the verdict statement: what an approval names",
        },
        Output { name: "evidence", help: "The statement with the verdict" },
        Output { name: "vsa", help: "The statement with the verification summary (SLSA VSA)" },
        Output { name: "replay", help: "The replay manifest" },
        Output { name: "page", help: "The page" },
        Output { name: "brief", help: "The brief" },
    ],
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

/// The policy as it is written: its signers' keys may still be missing.
///
/// # Errors
/// It cannot be read, or has mistakes, each of which is told at its place.
pub fn policy(ctx: &mut Context) -> Result<Policy> {
    load::written(ctx)
}

/// Everything that can be known to be wrong before there is evidence: policy, signers, exceptions, key.
/// Gives back the policy, with nothing left to look up.
///
/// # Errors
/// What is wrong.
pub fn check(ctx: &mut Context) -> Result<ResolvedPolicy> {
    decide::check(ctx)
}

async fn run(ctx: &mut Context) -> Result<Outcome> {
    match ctx.opt_path("replay")? {
        Some(manifest) => replay::run(ctx, &manifest),
        None => decide::run(ctx),
    }
}
