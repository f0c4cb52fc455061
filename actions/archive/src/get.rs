//! `get`: brings back what an entry names.

use anyhow::{Context as _, bail};
use archive::{Archive, Entry};
use runner::{Context, Result};

use crate::ask;

pub(crate) async fn run(ctx: &mut Context) -> Result<()> {
    let output = ctx.opt_path("output")?.context("input `output` is required for `archive get`: a folder")?;
    let (image, channel) = (ctx.opt_text("image")?, ctx.opt_text("channel")?);
    let archive = ask::open(ctx).await?;
    let entry = match (image, channel) {
        (Some(image), None) => {
            let content = ask::content(ctx, &image)?;
            let wanted = ctx.opt_text("entry")?;
            ask::one(archive.entries_of(&content).await?, wanted.as_deref())?
        }
        (None, Some(channel)) => {
            if ctx.opt_text("entry")?.is_some() {
                bail!("input `entry` has no meaning with `channel`, which shows one: leave it out");
            }
            shown(&archive, &channel).await?
        }
        _ => bail!("`archive get` wants one of `image` and `channel`: whose evidence is meant"),
    };
    let restored = archive.restore(&entry, &output).await?;
    ctx.output("entry", entry.id.to_string())?;
    ctx.output("entries", serde_json::to_string(&[&entry])?)?;
    let row = |what: &str, value: String| vec![what.to_owned(), value];
    let rows = [
        row("Content", entry.image.content_digest.to_string()),
        row("Archive", archive.location().to_owned()),
        row("Entry", entry.id.to_string()),
        row("Files", restored.files.to_string()),
        row("Folder", restored.folder.display().to_string()),
    ];
    ctx.summary().heading(2, &format!("Brought back: {}", entry.image.name)).table(&["", ""], &rows);
    Ok(())
}

/// The entry that a channel shows.
pub(crate) async fn shown(archive: &Archive, channel: &str) -> Result<Entry> {
    let (family, name) = ask::channel(channel)?;
    let pointer = archive.channel(family, name).await?;
    let pointer =
        pointer.with_context(|| format!("{} knows no channel {family}/{name}", archive.location()))?;
    Ok(archive.entry(&pointer.content_digest, &pointer.entry).await?)
}
