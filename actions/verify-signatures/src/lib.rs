//! `verify-signatures`: checks files against signatures, bundles and attestations before anything is built from
//! them, and records each file's digest and signers as evidence.
//!
//! A manifest (`signatures.yml`) lists the files and whose signature each needs. Everything listed
//! has to verify: nothing listed, nothing found, or one bad signature is a refusal.

mod check;
mod evidence;
mod folder;
mod given;
mod manifest;
mod outside;
mod path;
mod provenance;
mod reason;
mod show;
mod sums;

use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail, ensure};
use attest::{EvidenceDir, Sign};
use model::Sha256;
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};
use serde_json::json;

use crate::check::{Checked, Given, Good};
use crate::folder::Folder;
use crate::manifest::{MAX_MANIFEST, Manifest};

pub use crate::manifest::schema;
pub use crate::outside::read_outside_bytes;

/// The action.
pub static ACTION: Action = Action {
    name: "verify-signatures",
    about: "Checks files against signatures, bundles and attestations before anything is built from them",
    inputs: &[
        Input::new("manifest", Kind::Path, "The manifest that lists the files and whose signatures they need")
            .default("signatures.yml"),
        given::ROOT,
        services::REFRESH_TRUSTED_ROOT,
        services::TUF_MIRROR,
        Input::new(
            given::OFFLINE,
            Kind::Bool,
            "true: nothing is asked of a network; a manifest or input that needs it (a key in KMS, a refreshed root) is refused before anything is opened",
        )
        .default("false"),
        Input::new("evidence", Kind::Path, "The folder of evidence").default(".hallmark/evidence"),
        services::SIGNING_KEY,
        services::SIGNING_KEY_PASSWORD,
        services::SIGNING_CONFIG,
    ],
    outputs: &[
        Output { name: "verified", help: "How many files were verified; only set when all were" },
        Output {
            name: "files",
            help: "The verified files as JSON: path, sha256, signers (name, keyId or issuer and subject, proof, time) or listedIn",
        },
        Output { name: "evidence", help: "The statement that was written" },
    ],
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

async fn run(ctx: &mut Context) -> Result<Outcome> {
    let path = ctx.path("manifest")?;
    let name = path.strip_prefix(ctx.cwd()).unwrap_or(&path).to_string_lossy().into_owned();
    given::signer_in_reach(ctx)?;
    // Before any work: a key that does not read would make the work be for nothing.
    let key = services::signer(ctx)?;
    let root = given::trusted_root(ctx)?;
    let bytes = read_manifest(&path)?;
    let manifest = parse(ctx, &path, &name, &bytes)?;
    let kms = given::kms_keys(ctx, &manifest);
    let given = Given { kms, root, now: ctx.now() };
    let checked = verify(ctx, &path, &manifest, given)?;
    if show::is_good(&checked) {
        record(ctx, (&name, Sha256::of(&bytes)), &checked, key.as_deref())?;
    }
    show::checked(ctx, &path, &name, &checked);
    if !checked.against.is_empty() {
        return Ok(Outcome::Against);
    }
    if !checked.unreadable.is_empty() {
        bail!("{} of what `{name}` lists could not be read", checked.unreadable.len());
    }
    Ok(Outcome::Done)
}

/// Everything that can be known to be wrong before anything is verified: the key and the manifest.
///
/// # Errors
/// What is wrong.
pub fn check(ctx: &mut Context) -> Result<()> {
    given::signer_in_reach(ctx)?;
    services::signer(ctx)?;
    given::trusted_root(ctx)?;
    let path = ctx.path("manifest")?;
    let name = path.strip_prefix(ctx.cwd()).unwrap_or(&path).to_string_lossy().into_owned();
    let bytes = read_manifest(&path)?;
    parse(ctx, &path, &name, &bytes).map(drop)
}

fn read_manifest(path: &Path) -> Result<Vec<u8>> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(MAX_MANIFEST as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().with_context(|| {
        format!("input `manifest`: {} cannot be read; actions/verify-signatures/README.md shows how one is written", path.display())
    })
}

fn parse(ctx: &mut Context, path: &Path, name: &str, bytes: &[u8]) -> Result<Manifest> {
    let read = match manifest::parse(bytes) {
        Ok(manifest) => match given::connections(ctx, &manifest)? {
            none if none.is_empty() => Ok(manifest),
            mistakes => Err(mistakes),
        },
        Err(mistakes) => Err(mistakes),
    };
    read.map_err(|mistakes| {
        show::mistakes(ctx, path, &mistakes);
        match mistakes.len() {
            1 => anyhow!("`{name}` has a mistake: nothing was verified"),
            many => anyhow!("`{name}` has {many} mistakes: nothing was verified"),
        }
    })
}

fn verify(ctx: &Context, path: &Path, manifest: &Manifest, given: Given) -> Result<Checked> {
    let root = path.parent().unwrap_or(Path::new("."));
    let folder = Folder::open(root).with_context(|| format!("cannot open the folder {}", root.display()))?;
    let progress = ctx.progress("verifying signatures");
    let checked = check::check(manifest, &folder, given, &mut |file| progress.message(file.as_str()));
    progress.finish();
    // A file that went missing on the way, with no reason told, must not be taken for one that verified.
    ensure!(
        !checked.good.is_empty() || !checked.against.is_empty() || !checked.unreadable.is_empty(),
        "nothing was verified, and it is not known why: this is a mistake of the program"
    );
    Ok(checked)
}

fn record(
    ctx: &mut Context,
    manifest: (&str, Sha256),
    checked: &Checked,
    key: Option<&dyn Sign>,
) -> Result<()> {
    let statement = evidence::statement(manifest, checked, ctx.now())?;
    let dir = EvidenceDir::new(ctx.path("evidence")?);
    let file = dir.write(&statement, key).context("the evidence was not written")?;
    if key.is_none() {
        ctx.warning(
            "the evidence is not signed: no `signing-key` was given, so a policy has to allow it by name",
        );
    }
    let files: Vec<_> = checked.good.iter().map(output).collect();
    ctx.output("verified", checked.good.len().to_string())?;
    ctx.output("files", serde_json::Value::from(files).to_string())?;
    ctx.output("evidence", file.display().to_string())
}

/// A file as the output `files` tells it.
fn output(good: &Good) -> serde_json::Value {
    let mut file = json!({"path": good.path.as_str(), "sha256": good.sha256});
    if let Some(list) = &good.listed {
        file["listedIn"] = json!(list.path.as_str());
        return file;
    }
    let signer = |signed: &check::Signed| {
        let mut signer = json!({"name": signed.name, "proof": signed.proof.in_words()});
        match &signed.proof.signer {
            attest::Signer::KeyId(id) => signer["keyId"] = json!(id),
            attest::Signer::Identity(identity) => {
                signer["issuer"] = json!(identity.issuer);
                signer["subject"] = json!(identity.subject);
            }
        }
        if let Some(time) = signed.proof.signed_by() {
            signer["time"] = json!(time);
        }
        signer
    };
    file["signers"] = good.signed.iter().map(signer).collect();
    file
}
