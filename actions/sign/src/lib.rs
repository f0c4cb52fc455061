//! `sign`: signs files, each into a Sigstore bundle beside it.
//!
//! What is wrong with any of the files is told before the first is signed. Each bundle is verified, as whoever is given
//! it will do, before it is written.

mod one;
mod select;
mod show;
mod tree;

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use attest::{Sign, Trust, TrustRoot};
use runner::{Action, Context, Input, Kind, Outcome, Output};
use serde_json::json;

use crate::one::{Job, Plan};
use crate::tree::Tree;

/// The action.
pub static ACTION: Action = Action {
    name: "sign",
    about: "Signs files, each into a Sigstore bundle beside it",
    inputs: &[
        Input::new(
            "files",
            Kind::Lines,
            "The files to sign: paths and patterns (*, **, ?, [a-z], {a,b}) in the working folder, one a line",
        )
        .required(),
        Input {
            help: "Who signs: a private key (PEM, or the path of its file; cosign's encrypted ones too), awskms:///alias/NAME for a \
                   key in AWS KMS, or keyless (the job's OIDC token, which needs `id-token: write`)",
            ..services::SIGNING_KEY
        }
        .required(),
        services::SIGNING_KEY_PASSWORD,
        services::SIGNING_CONFIG,
        services::TRUSTED_ROOT,
        services::REFRESH_TRUSTED_ROOT,
        services::TUF_MIRROR,
        Input::new(
            "detached",
            Kind::Bool,
            "Also write the signature alone, in base64, as FILE.sig; for keys only",
        )
        .default("false"),
        Input::new(
            "overwrite",
            Kind::Bool,
            "Replace a FILE.sigstore.json or FILE.sig that is not this signer's over this file",
        )
        .default("false"),
    ],
    outputs: &[
        Output { name: "bundles", help: "The signed files as JSON: path, sha256, bundle, signature (where `detached`), kept" },
        Output { name: "signed", help: "How many files were signed now" },
        Output { name: "kept", help: "How many had this signer's bundle already" },
        Output { name: "signer", help: "Who signed: the key's id, or the identity" },
    ],
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

async fn run(ctx: &mut Context) -> Result<Outcome> {
    let signer = services::signer(ctx)?.context("input `signing-key` was not given")?;
    let own = own(ctx, &*signer)?;
    let detached = ctx.flag("detached")?;
    if detached && signer.public_key().is_none() {
        bail!(
            "input `detached`: a signature alone says nothing without the certificate that is in the bundle"
        );
    }
    let tree = Tree::open(ctx.cwd())?;
    let files = select::files(&tree, &ctx.lines("files")?)?;
    let job = Job { tree: &tree, signer: &*signer, own: &own, detached, overwrite: ctx.flag("overwrite")? };
    let plans = files.into_iter().map(|path| job.look(path)).collect::<Result<Vec<Plan>>>()?;

    let progress = ctx.progress("signing");
    let mut done = Vec::new();
    for plan in plans {
        progress.message(plan.path.as_str());
        done.push(job.sign(plan)?);
    }
    progress.finish();

    let bundles: Vec<_> = done
        .iter()
        .map(|done| {
            let mut told = json!({
                "path": done.path, "sha256": done.sha256, "bundle": done.bundle, "kept": done.kept,
            });
            if let Some(signature) = &done.signature {
                told["signature"] = json!(signature);
            }
            told
        })
        .collect();
    let kept = done.iter().filter(|done| done.kept).count();
    ctx.output("bundles", serde_json::Value::from(bundles).to_string())?;
    ctx.output("signed", (done.len() - kept).to_string())?;
    ctx.output("kept", kept.to_string())?;
    ctx.output("signer", show::signer(signer.signer()))?;
    show::done(ctx, signer.signer(), &done);
    Ok(Outcome::Done)
}

/// What this signer's signatures are verified by: its key, or its identity under the trusted root.
fn own(ctx: &Context, signer: &dyn Sign) -> Result<Trust> {
    if signer.public_key().is_some() {
        return Ok(Trust::own(signer, None));
    }
    let found = services::trust_root(ctx, false)?;
    let root = TrustRoot::parse(&found.name, &found.bytes).context("input `trusted-root`")?;
    Ok(Trust::own(signer, Some(&Arc::new(root))))
}
