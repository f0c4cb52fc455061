//! Reading a case from the disk: the last place before a verdict where anything is read.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use attest::{EvidenceDir, Kind, Sign, StrayReason};
use model::{ImageManifest, Sha256};
use runner::Context;

use crate::case::{Case, Gate, Item};
use crate::click::Question;
use crate::keys::Keys;
use crate::source::Reader;
use crate::{compared, disk, exact, gather, resume, written};

/// More than any image.json has.
pub(crate) const MAX_MANIFEST: u64 = 1 << 20;

/// FIRST's scores are 10 MB of CSV, CISA's catalog is 2 MB of JSON.
const MAX_FEED: u64 = 64 << 20;

/// Reads everything that the inputs name.
pub(crate) async fn case(ctx: &mut Context, signer: Option<&dyn Sign>) -> Result<Case> {
    let question = Question::of(ctx, signer.is_some())?;
    let (image, parsed) = image(ctx)?;
    let mut reader = Reader::new(ctx)?;
    let (policy, roots) = written::resolved(ctx, &mut reader, Some(&parsed.family)).await?;
    let keys = Keys::of(&policy, &roots, ctx.now())?;
    let exceptions = written::exceptions(ctx, &mut reader, &policy).await?;
    let dir = EvidenceDir::new(ctx.path("evidence")?);
    let listing = dir.list()?;
    let evidence: Vec<Item> = listing.files.into_iter().map(Item::from).collect();
    let strays = listing
        .strays
        .into_iter()
        // What an interrupted writer left was never a statement, and the step writes it again.
        .filter(|stray| stray.reason != StrayReason::Partial)
        .map(|stray| {
            (
                stray.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                stray.reason.to_string(),
            )
        })
        .collect();
    let mut reports = BTreeMap::new();
    compared::reports(&dir, &evidence, &keys, &mut reports)?;
    let base = compared::base(ctx, &parsed, &keys, &mut reports)?;
    let previous = compared::previous(ctx, &keys, &mut reports)?;
    let (approval, prior) = match resumed(ctx)? {
        // Nothing has signed for what GitHub says yet.
        Some(verdict) if question.is_some() => (None, Some(verdict)),
        approval => {
            let prior = prior(approval.as_ref(), &evidence, &keys);
            (approval, prior)
        }
    };
    let click = match &question {
        Some(question) => Some(question.ask().await?),
        None => None,
    };
    let gate = Gate {
        verifier_id: ctx.text("verifier-id")?,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sha256: own_digest()?,
        signer: signer.map(|signer| signer.signer().clone()),
    };
    // Results of earlier decisions are no inputs of this one, except the verdict that was approved.
    let is_result = |item: &Item| {
        exact::read(item, &keys).is_ok_and(|one| gather::is_result(&one, &parsed, policy.policy()))
    };
    let evidence = evidence.into_iter().filter(|item| !is_result(item)).collect();
    Ok(Case {
        now: ctx.now(),
        gate,
        policy: policy.bytes().to_vec(),
        roots,
        exceptions,
        sources: reader.sources().clone(),
        environment: ctx.opt_text("environment")?,
        epss: feed(ctx, "epss")?,
        kev: feed(ctx, "kev")?,
        image,
        evidence,
        strays,
        base,
        previous,
        reports,
        click,
        approval,
        prior,
    })
}

/// The image's manifest, as it is and as it reads.
pub(crate) fn image(ctx: &Context) -> Result<(Vec<u8>, ImageManifest)> {
    let path = ctx.path("image")?;
    let image = disk::read(&path, MAX_MANIFEST).context("input `image`")?;
    let parsed =
        ImageManifest::parse(&image).with_context(|| format!("input `image`: {}", path.display()))?;
    Ok((image, parsed))
}

/// A feed as it was downloaded.
fn feed(ctx: &Context, input: &str) -> Result<Option<Vec<u8>>> {
    let Some(path) = ctx.opt_path(input)? else { return Ok(None) };
    disk::read(&path, MAX_FEED).map(Some).with_context(|| format!("input `{input}`"))
}

/// The file that `resume` names: an approval, or on a runner the verdict that was approved.
fn resumed(ctx: &Context) -> Result<Option<Item>> {
    let Some(path) = ctx.opt_path("resume")? else { return Ok(None) };
    item(&path).map(Some).context("input `resume`")
}

/// A statement's file.
pub(crate) fn item(path: &Path) -> Result<Item> {
    let bytes = disk::read(path, attest::MAX_BUNDLE as u64)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Item { name, bytes })
}

/// The verdict that an approval names, by its payload.
fn prior(approval: Option<&Item>, evidence: &[Item], keys: &Keys) -> Option<Item> {
    let approval = exact::read(approval?, keys).ok()?;
    let named = approval.statement.predicate::<attest::predicate::approval::Predicate>().ok()?.verdict.sha256;
    let is_named = |item: &&Item| {
        exact::read(item, keys).is_ok_and(|one| {
            one.kind == Kind::Verdict && one.payload == named && resume::brief_of(&one).is_some()
        })
    };
    evidence.iter().find(is_named).cloned()
}

/// The SHA-256 of the program that runs: of the file that it was started from, whatever lies in that
/// place by now.
pub(crate) fn own_digest() -> Result<Sha256> {
    let running = Path::new("/proc/self/exe");
    let mut hasher = model::Sha256Hasher::new();
    let mut read = || std::io::copy(&mut std::fs::File::open(running)?, &mut hasher);
    read().with_context(|| format!("cannot read this program's own file, {}", running.display()))?;
    Ok(hasher.finish())
}
