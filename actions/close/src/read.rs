//! The verdict that people were asked about: by whom it has to be, and about this image.

use std::path::Path;

use admission::{Whom, dated};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use attest::Kind;
use attest::predicate::verdict;
use jiff::Timestamp;
use model::{ImageManifest, Sha256, Verdict};
use runner::Context;

/// A verdict by somebody who is trusted, about the image.
pub(crate) struct Decided {
    pub(crate) image: ImageManifest,
    pub(crate) payload: Sha256,
    pub(crate) brief: Sha256,
    /// Whether somebody had to approve.
    pub(crate) asks: bool,
    pub(crate) on: Timestamp,
}

impl Decided {
    pub(crate) fn read(ctx: &Context, whom: &Whom) -> Result<Self> {
        let image = admission::manifest(&ctx.path("image")?)?;
        let path = ctx.path("verdict")?;
        let shown = path.display();
        let verified = attest::verify(&bytes(&path)?, &whom.trust)
            .with_context(|| format!("input `verdict`: {shown} is not signed by {}", whom.name))?;
        if verified.kind != Kind::Verdict {
            bail!("input `verdict`: {shown} is a {} and no verdict", verified.kind);
        }
        let statement = &verified.statement;
        let manifest = Sha256::of(&image.to_bytes()?);
        ensure!(
            statement.is_about(&image.content_digest())
                && statement.subject.iter().any(|one| one.sha256() == Some(manifest)),
            "input `verdict`: {shown} is about another image than image.json is of"
        );
        let read: verdict::Predicate =
            statement.predicate().with_context(|| format!("input `verdict`: {shown}"))?;
        let brief = statement
            .predicate
            .get("brief")
            .and_then(|brief| brief.get("sha256")?.as_str()?.parse::<Sha256>().ok());
        let brief = brief.with_context(|| format!("input `verdict`: {shown} names no brief"))?;
        let given: Sha256 = ctx
            .text("brief-digest")?
            .trim_start_matches("sha256:")
            .parse()
            .context("input `brief-digest`")?;
        ensure!(
            given == brief,
            "input `brief-digest` is {given}, and the verdict names the brief {brief}: it is not the verdict that was shown"
        );
        let on = dated(Some(read.decided_on), verified.signed_by)
            .map_err(|misdated| anyhow!("input `verdict`: {misdated}"))?;
        Ok(Self {
            image,
            payload: verified.payload_digest,
            brief,
            asks: read.verdict == Verdict::Review,
            on: on.unwrap_or(read.decided_on),
        })
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    let shown = path.display();
    let length =
        std::fs::metadata(path).with_context(|| format!("input `verdict`: cannot read {shown}"))?.len();
    ensure!(length <= attest::MAX_BUNDLE as u64, "input `verdict`: {shown} is longer than any statement");
    std::fs::read(path).with_context(|| format!("input `verdict`: cannot read {shown}"))
}
