//! One channel's image: brought back from the archive, and decided about again.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use archive::{Archive, Channel};
use gate::{Again, Rescans};
use jiff::SignedDuration;
use model::{ContentDigest, ImageManifest};
use runner::Context;

use super::found::Found;
use super::{rescan, table};

/// Decides about what a channel shows. Nothing of the archive is believed: the gate verifies the evidence as ever.
pub(super) async fn look(ctx: &mut Context, archive: &Archive, channel: &Channel) -> Result<(Found, Again)> {
    let folder = tempfile::Builder::new()
        .prefix("hallmark-regate-")
        .tempdir_in(ctx.temp())
        .context("cannot make a folder for what the archive has")?;
    let entry = archive.entry(&channel.content_digest, &channel.entry).await?;
    let restored = archive.restore(&entry, &folder.path().join("image")).await?;
    // An entry may have none, and then the decision says so.
    fs::create_dir_all(&restored.evidence).context("cannot make the folder of evidence")?;
    let bytes = fs::read(&restored.image).context("cannot read image.json")?;
    let manifest = ImageManifest::parse(&bytes).context("image.json")?;
    let mut with = table::with(ctx)?;
    with.text("image", restored.image.to_string_lossy())
        .text("evidence", restored.evidence.to_string_lossy());
    if let Some(base) = &manifest.base {
        let evidence = folder.path().join("base");
        if base_evidence(archive, &base.content_digest, folder.path(), &evidence).await? {
            with.text("base-evidence", evidence.to_string_lossy());
        }
    }
    let holds = SignedDuration::try_from(ctx.duration(table::HOLDS)?)
        .with_context(|| format!("input `{}` is too long", table::HOLDS))?;
    let rescans = ctx.flag(table::RESCAN)?;
    ctx.group(&format!("{}/{}: {}", channel.family, channel.channel, entry.image.name));
    let ran =
        ctx.inside(&gate::ACTION, &with, async |ctx| gate::again(ctx, holds, &Rescans::new()).await).await;
    ctx.end_group();
    let mut again = ran.result?;
    // Only what somebody signed for is looked at again.
    if let Some(report) = again.report.filter(|_| rescans) {
        let rescan = rescan::rescan(ctx, &restored.evidence, &report, folder.path()).await?;
        let rescans = Rescans::from([(report, rescan)]);
        again = ctx
            .inside(&gate::ACTION, &with, async |ctx| gate::again(ctx, holds, &rescans).await)
            .await
            .result?;
    }
    Ok((Found::of(&channel.family, &channel.channel, &again, ctx.now()), again))
}

/// All evidence about the base image that the archive has, in one folder: an older entry may lack what a newer has.
async fn base_evidence(
    archive: &Archive,
    base: &ContentDigest,
    folder: &Path,
    evidence: &Path,
) -> Result<bool> {
    let entries = archive.entries_of(base).await.context("the evidence of the base image")?;
    for entry in &entries {
        let at = folder.join(entry.id.to_string());
        let restored = archive.restore(entry, &at).await.context("the evidence of the base image")?;
        for part in ["", "reports"] {
            bring(&restored.evidence.join(part), &evidence.join(part))?;
        }
    }
    Ok(!entries.is_empty())
}

/// Moves files together. Names are by digest: what has the same one is the same.
fn bring(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for file in fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))? {
        let file = file.with_context(|| format!("cannot list {}", from.display()))?;
        let target = to.join(file.file_name());
        if file.path().is_file() && !target.exists() {
            fs::rename(file.path(), &target).with_context(|| format!("cannot write {}", target.display()))?;
        }
    }
    Ok(())
}
