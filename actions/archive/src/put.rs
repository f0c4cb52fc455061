//! `put`: looks at everything, then keeps it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use archive::{Archive, Draft, Moved, Run, Stored};
use caller::Caller;
use runner::{Context, Result};

use crate::{ACTION, ask, evidence, replay, report};

pub(crate) async fn run(ctx: &mut Context) -> Result<()> {
    let ((location, caller), keeping) = (Caller::of_archive(ctx, ACTION.name)?, ask::keeping(ctx)?);
    let draft = draft(ctx)?;
    let archive = caller.archive_to_put(&location, keeping).await?;
    ctx.output("location", archive.location())?;
    let stored = archive.put(&draft).await?;
    tell(ctx, &archive, &stored)
}

/// Everything that belongs to the image, looked at.
fn draft(ctx: &mut Context) -> Result<Draft> {
    let image =
        ctx.opt_text("image")?.context("input `image` is required for `archive put`: an image.json")?;
    let mut image = ctx.cwd().join(image);
    if image.is_dir() {
        image = image.join("image.json");
    }
    let mut draft = Draft::new(&image, ran(ctx)).context("input `image`")?;
    let folder = ctx.path("evidence")?;
    let statements = evidence::statements(&mut draft, &folder).context("input `evidence`")?;
    ensure!(
        statements > 0,
        "input `evidence`: {} holds no evidence, and without any nothing is worth keeping",
        folder.display()
    );
    let given = ctx.opt_path("reports")?;
    let reports = given.clone().unwrap_or_else(|| folder.join(attest::REPORTS));
    if given.is_some() || is_there(&reports) {
        evidence::reports(&mut draft, &reports).context("input `reports`")?;
    }
    if let Some(folder) = folder_of(ctx, "report", ".hallmark/report")? {
        let left = report::files(&mut draft, &folder, ctx.opt_path("report")?.is_some())
            .context("input `report`")?;
        told(ctx, &folder, left);
    }
    if let Some(folder) = folder_of(ctx, "replay", ".hallmark/replay")? {
        let left = replay::files(&mut draft, &folder, ctx.opt_path("replay")?.is_some())
            .context("input `replay`")?;
        told(ctx, &folder, left);
    }
    Ok(draft)
}

/// A folder that was given, or the usual one where it is there.
fn folder_of(ctx: &Context, input: &str, usual: &str) -> Result<Option<PathBuf>> {
    Ok(match ctx.opt_path(input)? {
        Some(given) => {
            ensure!(given.is_dir(), "input `{input}`: {} is no folder", given.display());
            Some(given)
        }
        None => Some(ctx.cwd().join(usual)).filter(|usual| is_there(usual)),
    })
}

/// Whatever it is: what is no folder is told when it is read.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Says what was left out because it belongs to other images.
fn told(ctx: &mut Context, folder: &Path, left: usize) {
    if left > 0 {
        ctx.info(&format!(
            "Left out of {}: what belongs to {left} other images or decisions",
            folder.display()
        ));
    }
}

/// The run that this is, where it is one.
fn ran(ctx: &Context) -> Option<Run> {
    let github = ctx.github();
    Some(Run {
        repository: github.repository.clone()?,
        id: github.run_id.clone()?,
        attempt: github.run_attempt.clone()?,
    })
}

fn tell(ctx: &mut Context, archive: &Archive, stored: &Stored) -> Result<()> {
    let entry = &stored.entry;
    ctx.output("entry", entry.id.to_string())?;
    ctx.output("stored", stored.objects.to_string())?;
    ctx.output("uploaded", stored.uploaded.to_string())?;
    ask::tell_entries(ctx, &[entry])?;
    for pointed in &stored.channels {
        let channel = format!("{}/{}", pointed.family, pointed.channel);
        match pointed.moved {
            Moved::Moved => ctx.info(&format!("The channel {channel} shows this entry now")),
            Moved::Already => ctx.info(&format!("The channel {channel} shows this entry already")),
            Moved::Later => ctx.notice(format!(
                "the channel {channel} showed this entry before, and shows a later one now: it was left alone"
            )),
        }
    }
    let row = |what: &str, value: String| vec![what.to_owned(), value];
    let rows = [
        row("Image", entry.image.name.clone()),
        row("Content", entry.image.content_digest.to_string()),
        row("Archive", archive.location().to_owned()),
        row("Entry", entry.id.to_string()),
        row("Files", format!("{}, {} bytes", entry.files.len(), entry.bytes())),
        row("New objects", format!("{} of {}", stored.uploaded, stored.objects)),
    ];
    let title = match stored.entry_is_new {
        true => format!("Kept: {}", entry.image.name),
        false => format!("Kept already: {}", entry.image.name),
    };
    ctx.summary().heading(2, &title).table(&["", ""], &rows);
    Ok(())
}
