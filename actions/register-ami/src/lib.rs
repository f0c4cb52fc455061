//! `register-ami`: publishes an image, and points a channel at it or back.
//!
//! Nothing is published on anybody's word. The disk is hashed here; the verdict and its summary must be signed by the
//! given key or identity, about exactly this content and this manifest, by exactly the given policy, and say `pass`.

#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;
pub mod distribution;
mod evidence;
#[cfg(test)]
mod killed;
mod place;
mod publish;
mod refusal;
mod render;
mod request;
mod retire;
mod rollback;

use admission::{TRUSTED_ROOT, VERDICT_IDENTITY, VERDICT_SIGNER};
use anyhow::Context as _;
use provider::{ChannelName, Provider};
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};

use place::Heard;
use request::{Operation, Request};

/// The action's table.
pub static ACTION: Action = Action {
    name: "register-ami",
    about: "Publishes an image that a signed verdict allows, and points a channel at it or back",
    inputs: &[
        Input::new("operation", Kind::Choice(&["publish", "rollback", "plan", "retire", "reject"]), "What to do: publish, point the channel back (rollback), only say what publish would change (plan), end an image's life (retire), or mark one that is never to be published (reject)").default("publish"),
        Input::new("provider", Kind::Choice(&["local", "aws"]), "Where to publish").default("local"),
        Input::new("store", Kind::Path, "The folder of the local image store").default(".hallmark/store"),
        Input::new("distribution", Kind::Path, "The file that says to which regions of AWS, for whom, and where channels are (distribution.yml)"),
        aws::ROLE,
        Input::new("journal", Kind::Text, "Where publishing on AWS writes down what it does: s3://BUCKET/PREFIX"),
        Input::new("journal-kms-key", Kind::Text, "The KMS key that the journal is encrypted with"),
        Input::new("image-id", Kind::Text, "The provider's image: the AMI that the build made, to publish it (without it, one is made of the disks of `image`); or the image to retire or to reject"),
        Input::new("stage", Kind::Choice(&["deprecate", "disable", "delete"]), "How far to retire an image: each stage includes those before it").default("deprecate"),
        Input::new("reason", Kind::Text, "Why an image is rejected"),
        Input::new("image", Kind::Path, "The image: its image.json; the disks lie beside it"),
        Input::new("disk", Kind::Lines, "Where the disks are, if not beside the manifest: a path, or device=path by line"),
        Input::new("name", Kind::Text, "The name to publish under; the manifest's by default"),
        Input::new("channel", Kind::Text, "The channel to point at the image, such as stable; none by default"),
        Input::new("family", Kind::Text, "The image family that the channel is of; the manifest's by default"),
        Input::new("evidence", Kind::Path, "The folder of evidence").default(".hallmark/evidence"),
        VERDICT_SIGNER,
        VERDICT_IDENTITY,
        TRUSTED_ROOT,
        Input::new("verifier-id", Kind::Text, "The verifier that the verification summary must name; required to publish, no default"),
        Input::new("policy-digest", Kind::Text, "The SHA-256 of the resolved policy that must have decided; required to publish, no default"),
        Input::new("max-verdict-age", Kind::Duration, "How old the verdict may be").default("24h"),
        services::SIGNING_KEY,
        services::SIGNING_KEY_PASSWORD,
        services::SIGNING_CONFIG,
        Input::new("lock-timeout", Kind::Duration, "How long to wait for another publisher").default("2m"),
    ],
    outputs: &[
        Output { name: "image-id", help: "The provider's id of the image" },
        Output { name: "release-id", help: "The digest over content, name, architecture and distribution" },
        Output { name: "content-digest", help: "What the image is: hallmarkBlocks1:…" },
        Output { name: "channel", help: "The channel, family/name" },
        Output { name: "prior-image", help: "The image that the channel showed before" },
        Output { name: "adopted", help: "`true` if the provider had the image already" },
        Output { name: "location", help: "Where the provider keeps the image" },
        Output { name: "regions", help: "The image's id in each region, as a JSON object; empty for `local`" },
        Output { name: "changes", help: "How many changes a plan lists" },
        Output { name: "evidence", help: "The statement that was written" },
    ],
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

/// Everything that can be known to be wrong before there is a verdict: key, names, whom to trust.
///
/// # Errors
/// What is wrong.
pub fn check(ctx: &mut Context) -> Result<()> {
    let request = Request::read(ctx)?;
    // Whatever the family will be: an image's own is no name that a person has given here.
    let family = request.family.as_deref().unwrap_or("family");
    if let Some(channel) = &request.channel {
        ChannelName::new(family, channel).context("input `channel`")?;
    }
    Ok(())
}

async fn run(ctx: &mut Context) -> Result<Outcome> {
    let request = Request::read(ctx)?;
    let (provider, heard) = place::open(ctx, &request).await?;
    let decided = decide(ctx, &request, &*provider, &heard).await;
    // Whatever came of it, others can go on; what went wrong before counts more than that they cannot yet.
    let closed = provider.close().await;
    let outcome = decided?;
    closed?;
    Ok(outcome)
}

/// Does what was asked for, at any provider.
async fn decide(
    ctx: &mut Context,
    request: &Request,
    provider: &dyn Provider,
    heard: &Heard,
) -> Result<Outcome> {
    let decision = match request.operation {
        Operation::Publish => publish::publish(ctx, request, provider, heard).await?,
        Operation::Plan => publish::plan(ctx, request, provider, heard).await?,
        Operation::Rollback => rollback::rollback(ctx, request, provider, heard).await?,
        Operation::Retire => retire::retire(ctx, request, provider, heard).await?,
        Operation::Reject => retire::reject(ctx, request, provider, heard).await?,
    };
    match decision {
        Ok(report) => {
            render::report(ctx, &report)?;
            // The very last step: whatever was killed before this is taken up again, and told again.
            if let Some(intent) = &report.intent {
                provider.finish(intent).await?;
            }
            Ok(Outcome::Done)
        }
        Err(refusal) => {
            render::refusal(ctx, request.operation, &refusal);
            Ok(Outcome::Against)
        }
    }
}
