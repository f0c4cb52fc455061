//! The end of a published image, and the mark of one that is never to be published. No verdict is asked for: nothing
//! becomes usable by this.

use anyhow::Context as _;
use provider::{ImageId, Provider};
use runner::{Context, Result};

use crate::place::Heard;
use crate::refusal::{Decision, Report, refused};
use crate::request::{Request, Stage};

/// Ends an image's life as far as the request says.
pub(crate) async fn retire(
    ctx: &mut Context,
    request: &Request,
    provider: &dyn Provider,
    heard: &Heard,
) -> Result<Decision> {
    let image = image(request)?;
    let at = ctx.now();
    let known = provider.describe(&image, false);
    let known = match refused(heard.while_at(ctx, known).await)? {
        Ok(known) => known,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (done, deed) = match request.stage {
        Stage::Deprecate => (provider.deprecate(&image, at), "deprecated: it should not be chosen any more"),
        Stage::Disable => (provider.disable(&image, at), "disabled: it cannot be launched any more"),
        Stage::Delete => {
            let deleted = heard.while_at(ctx, provider.delete(&image, at)).await;
            return Ok(match refused(deleted)? {
                Ok(_) => Ok(report(&known, format!("{image} is deleted, with its disks, everywhere"))),
                Err(refusal) => Err(refusal),
            });
        }
    };
    Ok(match refused(heard.while_at(ctx, done).await)? {
        Ok(image) => Ok(report(&image, format!("{} is {deed}", image.id))),
        Err(refusal) => Err(refusal),
    })
}

/// Marks an image that is not to be published.
pub(crate) async fn reject(
    ctx: &mut Context,
    request: &Request,
    provider: &dyn Provider,
    heard: &Heard,
) -> Result<Decision> {
    let image = image(request)?;
    let why =
        request.reason.as_deref().context("input `reason` is required to reject: why it is not published")?;
    Ok(match refused(heard.while_at(ctx, provider.reject(&image, why)).await)? {
        Ok(()) => Ok(Report {
            headline: format!("{image} is rejected, and kept: {why}"),
            image_id: image.to_string(),
            ..Report::default()
        }),
        Err(refusal) => Err(refusal),
    })
}

fn image(request: &Request) -> Result<ImageId> {
    let id = request.image_id.as_deref();
    Ok(ImageId::new(id.context("input `image-id` is required: which image")?))
}

fn report(image: &provider::Image, headline: String) -> Report {
    let release = image.releases.first();
    Report {
        headline,
        name: image.manifest.name.clone(),
        image_id: image.id.to_string(),
        release_id: release.map(|release| release.id.to_string()).unwrap_or_default(),
        content_digest: image.content_digest.to_string(),
        location: image.location.clone(),
        adopted: true,
        ..Report::default()
    }
}
