//! What is asked, checked before anything is opened.

use anyhow::{Context as _, bail, ensure};
use archive::{Archive, Entry, Keeping, Lock, LockMode};
use caller::Caller;
use jiff::{SignedDuration, Timestamp};
use model::{ContentDigest, ImageManifest};
use runner::{Context, Result};

use crate::ACTION;

/// Which inputs have a meaning for which operation only. Those with a default are never in the way.
const ONLY: &[(&str, &[&str])] = &[
    ("channel", &["get", "list"]),
    ("family", &["list"]),
    ("entry", &["get"]),
    ("output", &["get"]),
    ("reports", &["put"]),
    ("report", &["put"]),
    ("replay", &["put"]),
    ("kms-key", &["put"]),
    ("lock-mode", &["put"]),
    ("lock-for", &["put"]),
];

/// The longest lock: more is a slip of the pen that nobody could take back.
const LONGEST_LOCK: SignedDuration = SignedDuration::from_hours(24 * 366 * 30);

/// The fewest digits that name an entry.
const FEWEST: usize = 12;

/// The longest image.json that is read to know an image.
const MAX_MANIFEST: u64 = 16 << 20;

/// Refuses inputs that have no meaning for the operation.
pub(crate) fn only(ctx: &Context, operation: &str) -> Result<()> {
    for (input, operations) in ONLY {
        ensure!(
            operations.contains(&operation) || ctx.opt_text(input)?.is_none(),
            "input `{input}` has no meaning for `archive {operation}`: leave it out"
        );
    }
    Ok(())
}

/// Opens it to read.
pub(crate) async fn open(ctx: &mut Context) -> Result<Archive> {
    let (location, caller) = Caller::of_archive(ctx, ACTION.name)?;
    let archive = caller.archive(&location).await?;
    ctx.output("location", archive.location())?;
    Ok(archive)
}

/// How new objects are kept.
pub(crate) fn keeping(ctx: &Context) -> Result<Keeping> {
    let lock = match (ctx.opt_text("lock-mode")?, ctx.opt_duration("lock-for")?) {
        (None, None) => None,
        (Some(mode), Some(length)) => {
            let mode = if mode == "compliance" { LockMode::Compliance } else { LockMode::Governance };
            Some(Lock { mode, until: until(ctx.now(), length.try_into()?)? })
        }
        (Some(_), None) => bail!("input `lock-mode` is given: say by `lock-for` how long, such as 365d"),
        (None, Some(_)) => bail!("input `lock-for` is given: say by `lock-mode` who may lift the lock"),
    };
    Ok(Keeping { kms_key: ctx.opt_text("kms-key")?, lock })
}

fn until(now: Timestamp, length: SignedDuration) -> Result<Timestamp> {
    ensure!(
        length > SignedDuration::ZERO && length <= LONGEST_LOCK,
        "input `lock-for`: a lock is of more than nothing and of at most 30 years"
    );
    Ok(now.checked_add(length)?)
}

/// The content that is meant by a digest or an image.json.
pub(crate) fn content(ctx: &Context, text: &str) -> Result<ContentDigest> {
    if text.contains("hallmarkBlocks1:") {
        return text.parse().context("input `image`");
    }
    let mut path = ctx.cwd().join(text);
    if path.is_dir() {
        path = path.join("image.json");
    }
    let shown = path.display().to_string();
    let read = || -> Result<ContentDigest> {
        ensure!(std::fs::metadata(&path)?.len() <= MAX_MANIFEST, "it is longer than any image.json");
        Ok(ImageManifest::parse(&std::fs::read(&path)?)?.content_digest())
    };
    read().with_context(|| format!("input `image`: {shown} is neither a content digest nor an image.json"))
}

/// A channel's family and name.
pub(crate) fn channel(text: &str) -> Result<(&str, &str)> {
    text.rsplit_once('/')
        .with_context(|| format!("input `channel` is `{}`: family/name is wanted", text.escape_debug()))
}

/// The one entry that is meant among those of an image.
pub(crate) fn one(entries: Vec<Entry>, wanted: Option<&str>) -> Result<Entry> {
    let known = || entries.iter().map(named).collect::<Vec<_>>().join(", ");
    let Some(wanted) = wanted else {
        return match <[Entry; 1]>::try_from(entries) {
            Ok([one]) => Ok(one),
            Err(entries) if entries.is_empty() => bail!("nothing is kept of this image"),
            Err(entries) => bail!(
                "{} entries of this image are kept: say by `entry` which one is meant: {}",
                entries.len(),
                entries.iter().map(named).collect::<Vec<_>>().join(", ")
            ),
        };
    };
    ensure!(
        (FEWEST..=64).contains(&wanted.len())
            && wanted.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
        "input `entry` is `{}`: at least the first {FEWEST} digits of an entry's id are wanted",
        wanted.escape_debug()
    );
    let mut fitting = entries.iter().filter(|entry| entry.id.to_string().starts_with(wanted));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one.clone()),
        (None, _) => bail!("no entry of this image begins with {wanted}; there are: {}", known()),
        _ => bail!("several entries begin with {wanted}: give more digits"),
    }
}

/// An entry in a sentence.
fn named(entry: &Entry) -> String {
    let run = entry.run.as_ref();
    let run = run.map(|run| format!(" ({}, run {}, attempt {})", run.repository, run.id, run.attempt));
    format!("{}{}", entry.id.short(), run.unwrap_or_default())
}

/// The output `entries`. On a terminal it would bury what is said.
pub(crate) fn tell_entries(ctx: &mut Context, entries: &impl serde::Serialize) -> Result<()> {
    match ctx.env("GITHUB_OUTPUT").is_some() {
        true => ctx.output("entries", serde_json::to_string(entries)?),
        false => Ok(()),
    }
}
