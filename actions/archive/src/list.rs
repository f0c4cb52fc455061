//! `list`: what is kept, and what channels show.

use anyhow::bail;
use archive::{Archive, Channel, Entry};
use runner::escape::{plain, shortened};
use runner::{Context, Result};
use serde::Serialize;

use crate::{ask, get};

/// The most rows of the table; the JSON has all.
const MOST_ROWS: usize = 200;

/// The longest text in a cell.
const LONGEST: usize = 120;

/// An entry as it is told.
#[derive(Serialize)]
struct Told<'e> {
    #[serde(flatten)]
    entry: &'e Entry,
    /// The channels that show it, as family/name.
    channels: Vec<String>,
}

pub(crate) async fn run(ctx: &mut Context) -> Result<()> {
    let (image, channel, family) =
        (ctx.opt_text("image")?, ctx.opt_text("channel")?, ctx.opt_text("family")?);
    if [&image, &channel, &family].into_iter().flatten().count() > 1 {
        bail!("`archive list` takes at most one of `image`, `channel` and `family`");
    }
    let archive = ask::open(ctx).await?;
    let entries = match (image, channel) {
        (Some(image), _) => archive.entries_of(&ask::content(ctx, &image)?).await?,
        (_, Some(channel)) => vec![get::shown(&archive, &channel).await?],
        _ => all(&archive, family.as_deref()).await?,
    };
    let channels = archive.channels().await?;
    let told: Vec<Told<'_>> =
        entries.iter().map(|entry| Told { entry, channels: showing(&channels, entry) }).collect();
    tell(ctx, &archive, &told)
}

async fn all(archive: &Archive, family: Option<&str>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for content in archive.images().await? {
        let found = archive.entries_of(&content).await?;
        entries
            .extend(found.into_iter().filter(|one| family.is_none_or(|family| one.image.family == family)));
    }
    entries.sort_by(|a, b| {
        let key = |one: &Entry| {
            (one.image.family.clone(), one.image.name.clone(), one.image.content_digest, one.id)
        };
        key(a).cmp(&key(b))
    });
    Ok(entries)
}

fn showing(channels: &[Channel], entry: &Entry) -> Vec<String> {
    let shows = channels.iter().filter(|one| one.entry == entry.id);
    shows.map(|one| format!("{}/{}", one.family, one.channel)).collect()
}

fn tell(ctx: &mut Context, archive: &Archive, told: &[Told<'_>]) -> Result<()> {
    ctx.output("entries", serde_json::to_string(told)?)?;
    let cell = |text: &str| shortened(&plain(text).replace(['\n', '\t'], " "), LONGEST);
    let row = |one: &Told<'_>| {
        let (entry, image) = (one.entry, &one.entry.image);
        let run = entry.run.as_ref();
        vec![
            cell(&image.name),
            image.architecture.as_str().to_owned(),
            image.content_digest.short(),
            ask::shown(&entry.id),
            cell(
                &run.map(|run| format!("{} {}/{}", run.repository, run.id, run.attempt)).unwrap_or_default(),
            ),
            entry.files.len().to_string(),
            cell(&one.channels.join(", ")),
        ]
    };
    let rows: Vec<_> = told.iter().take(MOST_ROWS).map(row).collect();
    let summary = ctx.summary().heading(2, &format!("Archive {}", archive.location()));
    match told.len() {
        0 => summary.paragraph("Nothing of what was asked for is kept."),
        _ => summary.table(&["Image", "Architecture", "Content", "Entry", "Run", "Files", "Channels"], &rows),
    };
    if told.len() > MOST_ROWS {
        summary.paragraph(&format!("{} more are in the output `entries`.", told.len() - MOST_ROWS));
    }
    Ok(())
}
