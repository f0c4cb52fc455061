//! Pointing a channel back at what it showed before. No verdict is asked for: that image had one when it was published.
//! The provider looks before the channel moves: in a store the disks are hashed again, AWS is asked what the images are.

use anyhow::Context as _;
use provider::{Begun, ChannelName, Error, Intent, Operation, Provider, ReleaseId, Repointed};
use runner::{Context, Result};

use crate::evidence::{self, Released};
use crate::place::Heard;
use crate::refusal::{Decision, Report, refusal, refused};
use crate::request::Request;

/// Goes back one step, or finishes the rollback that was begun before and killed.
pub(crate) async fn rollback(
    ctx: &mut Context,
    request: &Request,
    provider: &dyn Provider,
    heard: &Heard,
) -> Result<Decision> {
    let channel = channel(request)?;
    let Some(shown) = provider.channel(&channel).await? else {
        return Ok(Err(refusal(Error::NoChannel(channel))?));
    };
    let (intent, repointed) = match restore(ctx, provider, heard, &channel, shown.current.release_id).await? {
        Ok(restored) => restored,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let current = &repointed.channel.current;
    let image = provider.describe(&current.image_id, false).await?;
    let prior = repointed.from.as_ref().map(|from| &from.image_id);
    let released = Released {
        provider: provider.name(),
        name: &current.name,
        release_id: current.release_id,
        manifest: &image.manifest,
        location: &image.location,
        channel: Some(&channel),
        regions: &image.regions,
        prior_image: prior,
        verdict: None,
    };
    let statement = evidence::write(ctx, request, &released)?;
    provider.keep(&current.release_id, std::slice::from_ref(&statement)).await?;
    Ok(Ok(Report {
        headline: format!("Rolled back: {channel} shows {} again", current.name),
        name: current.name.to_string(),
        image_id: current.image_id.to_string(),
        release_id: current.release_id.to_string(),
        content_digest: current.content_digest.to_string(),
        location: image.location,
        channel: Some(channel.to_string()),
        prior_image: prior.map(ToString::to_string),
        adopted: true,
        rests_on: Vec::new(),
        statement: Some(statement.display().to_string()),
        regions: image.regions,
        changes: Vec::new(),
        intent: Some(intent),
    }))
}

/// Writes down which release is left and leaves it. A rollback that was begun before is finished first and is then the
/// whole of this one: otherwise a killed rollback, run again, would go back two steps.
async fn restore(
    ctx: &mut Context,
    provider: &dyn Provider,
    heard: &Heard,
    channel: &ChannelName,
    shown: ReleaseId,
) -> Result<Decision<(Intent, Repointed)>> {
    let at = ctx.now();
    let fresh = Intent {
        operation: Operation::Rollback,
        release_id: shown,
        channel: Some(channel.clone()),
        begun_on: at,
    };
    let mut intent = fresh.clone();
    if let Begun::Before(before) = provider.begin(&fresh).await? {
        ctx.notice(format!(
            "Taking up the rollback of {channel} that was begun at {} and not finished",
            before.begun_on
        ));
        intent = before;
    }
    let mut answer = heard.while_at(ctx, provider.restore_channel(channel, &intent.release_id, at)).await;
    if matches!(answer, Err(Error::Superseded { .. })) && intent.release_id != shown {
        // Somebody has published since that rollback was begun: what it was to leave has been left.
        provider.finish(&intent).await?;
        provider.begin(&fresh).await?;
        intent = fresh;
        answer = heard.while_at(ctx, provider.restore_channel(channel, &shown, at)).await;
    }
    match refused(answer)? {
        Ok(repointed) => Ok(Ok((intent, repointed))),
        Err(refusal) => {
            provider.finish(&intent).await?;
            Ok(Err(refusal))
        }
    }
}

/// The channel: its family from the input, or from the manifest of any image of that family.
fn channel(request: &Request) -> Result<ChannelName> {
    let name = request.channel.as_deref().context("input `channel` is required to roll back")?;
    Ok(ChannelName::new(&request.family()?, name)?)
}
