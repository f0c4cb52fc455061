//! `hallmark regate`: what the channels show, decided about again: by today's policy, exceptions and feeds. An issue for
//! each channel whose image no longer passes, kept up to date, and closed when it passes again.
//!
//! Deciding is the gate's ([`gate::again`]): nothing here publishes, signs, or writes evidence.

mod alerts;
mod found;
mod issue;
mod look;
mod rescan;
mod table;
mod tell;
mod track;

use anyhow::{Context as _, bail};
use archive::{Archive, Channel};
use aws::Caller;
use github::{Client, Repository};
use jiff::tz::TimeZone;
use runner::{Action, Annotation, Context, Outcome, Result};

use found::Standing;
use tell::Row;
use track::{Tracker, Wishes};

/// See the module.
pub(crate) static ACTION: Action = Action {
    name: "regate",
    about: "Decides again about what the channels show, and keeps an issue for each that no longer passes",
    inputs: &table::INPUTS,
    outputs: &table::OUTPUTS,
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

async fn run(ctx: &mut Context) -> Result<Outcome> {
    let mut alerts = alerts::Writer::begin(ctx)?;
    let wishes = wishes(ctx)?;
    let (location, caller) = Caller::of_archive(ctx, ACTION.name)?;
    let archive = caller.archive(&location).await?;
    let channels = chosen(ctx, &archive).await?;
    let mut rows = Vec::new();
    for channel in &channels {
        let looked = look::look(ctx, &archive, channel).await;
        let found = looked.map(|(found, again)| {
            if let Some(alerts) = &mut alerts {
                alerts.add(&found, again);
            }
            found
        });
        if let (Some(alerts), Err(_)) = (&mut alerts, &found) {
            alerts.leave_open(&channel.family, &name(channel), "it could not be decided about");
        }
        rows.push(Row { channel: name(channel), found, issue: None, untold: None });
    }
    if let Some((client, repository, wishes)) = wishes {
        keep_issues(ctx, &client, &repository, &wishes, &mut rows).await;
    }
    tell::tell(ctx, &rows)?;
    match &mut alerts {
        Some(alerts) => {
            alerts.write()?;
            alerts.told(ctx)?;
        }
        None => ctx.output("sarif", "")?,
    }
    outcome(&rows)
}

/// What the issues are to be like, and where they are; none for a dry run. Looked at before anything else: bad input
/// is refused before an hour of deciding.
fn wishes(ctx: &Context) -> Result<Option<(Client, Repository, Wishes)>> {
    if !ctx.flag("issues")? {
        return Ok(None);
    }
    let wanted = "a token with `issues: write`, or `issues: false` to write none";
    let (client, repository) = github::inputs::open_by(ctx, wanted)?;
    let wishes = Wishes {
        label: ctx.text("label")?,
        assignees: ctx.list("assignees")?,
        account: ctx.text("account")?,
        closes: ctx.flag("close-when-passing")?,
    };
    wishes.check()?;
    Ok(Some((client, repository, wishes)))
}

/// The channels that are looked at: those that are named, or all.
async fn chosen(ctx: &mut Context, archive: &Archive) -> Result<Vec<Channel>> {
    let named = ctx.list("channels")?;
    if named.is_empty() {
        let all = archive.channels().await?;
        if all.is_empty() {
            bail!(
                "{} has no channel: nothing was looked at. Evidence with a release into a channel makes one, when it is put",
                archive.location()
            );
        }
        return Ok(all);
    }
    let mut channels: Vec<Channel> = Vec::new();
    for one in named {
        let (family, name) = one
            .rsplit_once('/')
            .with_context(|| format!("input `channels` has `{one}`: family/name is wanted"))?;
        let found = archive.channel(family, name).await.context("input `channels`")?;
        let found = found.with_context(|| format!("{} has no channel {one}", archive.location()))?;
        if channels.contains(&found) {
            bail!("input `channels` names {one} twice");
        }
        channels.push(found);
    }
    Ok(channels)
}

fn name(channel: &Channel) -> String {
    format!("{}/{}", channel.family, channel.channel)
}

/// Brings the issues up to date. What cannot be done for one channel keeps no other from being told.
async fn keep_issues(
    ctx: &mut Context,
    client: &Client,
    repository: &Repository,
    wishes: &Wishes,
    rows: &mut [Row],
) {
    let mut tracker = match Tracker::begin(client, repository, wishes).await {
        Ok(tracker) => tracker,
        Err(error) => {
            for row in rows.iter_mut() {
                row.untold = Some(format!("{error:#}"));
            }
            return ctx.error(Annotation::new(format!("{error:#}")).title("No issue could be kept"));
        }
    };
    let today = ctx.now().to_zoned(TimeZone::UTC).date();
    for row in rows.iter_mut() {
        // What could not be decided says nothing about the image: its issue stays as it is.
        let Ok(found) = &row.found else { continue };
        match tracker.keep(found, today).await {
            Ok(kept) => row.issue = kept,
            Err(error) => {
                let message = format!("{}: {error:#}", row.channel);
                ctx.error(Annotation::new(message).title("An issue could not be kept"));
                row.untold = Some(format!("{error:#}"));
            }
        }
    }
    let looked_at: Vec<&str> = rows.iter().map(|row| row.channel.as_str()).collect();
    for line in tracker.strangers(&looked_at) {
        ctx.notice(line);
    }
}

fn outcome(rows: &[Row]) -> Result<Outcome> {
    let open = |row: &&Row| row.found.is_err() || row.untold.is_some();
    let undecided: Vec<&str> = rows.iter().filter(open).map(|row| row.channel.as_str()).collect();
    if !undecided.is_empty() {
        bail!(
            "{} of {} channels could not be decided about, or not be told: {}",
            undecided.len(),
            rows.len(),
            undecided.join(", ")
        );
    }
    let fails = |row: &Row| row.found.as_ref().is_ok_and(|found| found.standing != Standing::Passes);
    Ok(if rows.iter().any(fails) { Outcome::Against } else { Outcome::Done })
}
