//! Publishing, and saying what publishing would do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use admission::{About, Admitted, Allowed, Candidate, admit, closed, hidden};
use anyhow::{Context as _, bail};
use attest::{EvidenceDir, StrayReason};
use provider::{
    Begun, ChannelName, Created, Error, Image, ImageId, Intent, Name, NewImage, Operation as Journaled,
    Provider, RawDisk, Release, ReleaseId, Repointed, Source, State,
};
use runner::{Context, Result};

use crate::evidence;
use crate::place::{Heard, Where};
use crate::refusal::{Decision, Refusal, Report, refusal, refused};
use crate::request::Request;

/// An image that may be published, and what it would be published as.
struct Cleared {
    candidate: Candidate,
    source: Source,
    admitted: Admitted,
    release: Release,
    release_id: ReleaseId,
    channel: Option<ChannelName>,
    /// The files of evidence.
    files: Vec<PathBuf>,
}

/// Checks everything, then creates or adopts the image, points the channel at it, and writes the evidence.
pub(crate) async fn publish(
    ctx: &mut Context,
    request: &Request,
    provider: &dyn Provider,
    heard: &Heard,
) -> Result<Decision> {
    let cleared = match clear(ctx, request, provider)? {
        Ok(cleared) => cleared,
        Err(refusal) => return Ok(Err(refusal)),
    };
    heard.while_at(ctx, provider.ready()).await?;
    let now = ctx.now();
    let intent = Intent {
        operation: Journaled::Publish,
        release_id: cleared.release_id,
        channel: cleared.channel.clone(),
        begun_on: now,
    };
    if let Begun::Before(before) = provider.begin(&intent).await? {
        ctx.notice(format!(
            "Taking up the publish of this release that was begun at {} and not finished",
            before.begun_on
        ));
    }
    match make(ctx, &cleared, provider, heard, now).await? {
        Ok((created, repointed)) => {
            heard.while_at(ctx, provider.seal(&cleared.release_id)).await?;
            provider.keep(&cleared.release_id, &cleared.files).await?;
            let report = conclude(ctx, request, provider, &cleared, &created, repointed.as_ref()).await?;
            Ok(Ok(Report { intent: Some(intent), ..report }))
        }
        Err(refusal) => {
            provider.finish(&intent).await?;
            Ok(Err(refusal))
        }
    }
}

/// Checks everything and changes nothing.
pub(crate) async fn plan(
    ctx: &mut Context,
    request: &Request,
    provider: &dyn Provider,
    heard: &Heard,
) -> Result<Decision> {
    let cleared = match clear(ctx, request, provider)? {
        Ok(cleared) => cleared,
        Err(refusal) => return Ok(Err(refusal)),
    };
    heard.while_at(ctx, provider.ready()).await?;
    let new = cleared.new_image(ctx.now());
    let changes = provider.changes(&new, cleared.channel.as_ref());
    let changes = match refused(heard.while_at(ctx, changes).await)? {
        Ok(changes) => changes,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let there = match provider.image_id(&cleared.candidate.content_digest) {
        Some(id) => existing(provider, &id).await?,
        None => provider.find(&cleared.release.name, &cleared.release_id).await?,
    };
    if let Some(image) = there.as_ref().filter(|image| image.state == State::Disabled) {
        return Ok(Err(refusal(Error::Disabled(image.id.clone()))?));
    }
    let shown = match &cleared.channel {
        Some(channel) => provider.channel(channel).await?.map(|shown| shown.current),
        None => None,
    };
    let stays = shown.as_ref().is_some_and(|shown| shown.release_id == cleared.release_id);
    let deed = if there.is_some() { "adopt" } else { "create" };
    let channel = match &cleared.channel {
        Some(channel) if stays => format!(", and leave {channel} where it points"),
        Some(channel) => format!(", and point {channel} at it"),
        None => String::new(),
    };
    let image_id = there
        .as_ref()
        .map(|image| image.id.clone())
        .or_else(|| provider.image_id(&cleared.candidate.content_digest));
    Ok(Ok(Report {
        headline: format!("Publishing would {deed} {}{channel}", cleared.release.name),
        image_id: image_id.map(|id| id.to_string()).unwrap_or_default(),
        prior_image: shown.map(|shown| shown.image_id.to_string()),
        adopted: there.is_some(),
        location: there.as_ref().map(|image| image.location.clone()).unwrap_or_default(),
        regions: there.map(|image| image.regions).unwrap_or_default(),
        changes,
        statement: None,
        ..about(&cleared)
    }))
}

/// Everything that has to hold before anything is changed.
fn clear(ctx: &mut Context, request: &Request, provider: &dyn Provider) -> Result<Decision<Cleared>> {
    let image =
        request.image.as_deref().context("input `image` is required to publish: the path of image.json")?;
    let trust = request.trust.as_ref().context("nobody is trusted to decide")?;
    let (candidate, source) = match candidate(ctx, request, image)? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let manifest = &candidate.manifest;
    let name = match &request.name {
        Some(name) => name.clone(),
        None => {
            manifest.name.parse::<Name>().context("the manifest's name; input `name` can give another")?
        }
    };
    let family = request.family.as_deref().unwrap_or(&manifest.family);
    let channel = request.channel.as_deref().map(|channel| ChannelName::new(family, channel)).transpose()?;

    let listing = EvidenceDir::new(&request.evidence).list()?;
    for stray in &listing.strays {
        // What an interrupted writer left will be written again; anything else has no business there.
        if stray.reason != StrayReason::Partial {
            ctx.warning(format!("{} is no evidence: {}", stray.path.display(), stray.reason));
        }
    }
    let about = About { content: candidate.content_digest, manifest: Some(candidate.manifest_digest) };
    let admitted = match admit(&listing.files, &about, trust, ctx.now()) {
        Ok(admitted) => admitted,
        Err(reasons) => return Ok(Err(Refusal::at_once(reasons))),
    };
    let mut reasons = hidden(&listing.strays);
    reasons.extend(closed(&listing.files, &admitted.verdict, &about.content));
    if !reasons.is_empty() {
        return Ok(Err(Refusal::at_once(reasons)));
    }
    let release = Release {
        content_digest: candidate.content_digest,
        name,
        architecture: manifest.architecture,
        distribution: provider.distribution(),
    };
    let release_id = release.id()?;
    let files = listing.files.iter().map(|file| file.path.clone()).collect();
    Ok(Ok(Cleared { candidate, source, admitted, release, release_id, channel, files }))
}

/// The image and what it is made from: its disks, hashed here; or, on AWS, what the build made there, which the provider
/// reads before it changes anything.
fn candidate(ctx: &mut Context, request: &Request, image: &Path) -> Result<Decision<(Candidate, Source)>> {
    if let Some(id) = request.image_id.as_deref() {
        if !matches!(request.to, Where::Aws(_)) {
            bail!(
                "input `image-id` is for `provider: aws`, or to retire or reject an image: publishing takes `image`"
            );
        }
        if !request.disks.is_empty() {
            bail!(
                "inputs `image-id` and `disk` are both given: an AMI that is there is published, or one is made of disks"
            );
        }
        return Ok(Ok((Candidate::kept_elsewhere(image)?, Source::Adopt(ImageId::new(id)))));
    }
    ctx.info(&format!("Hashing the disks of {}", image.display()));
    let clears = "Publish the disk that was tested, or test, scan and decide on this one";
    let read = Candidate::read(image, &request.disks, clears);
    let read = match &request.to {
        Where::Aws(_) => read.context(
            "input `image-id` is not given, so the AMI would be made of the disks of `image`, here or named by `disk`",
        ),
        Where::Local(_) => read,
    };
    match read? {
        Ok(candidate) => {
            let disks = candidate.disks.iter();
            let disks = disks.map(|disk| RawDisk { device: disk.device.clone(), path: disk.path.clone() });
            let source = Source::Raw(disks.collect());
            Ok(Ok((candidate, source)))
        }
        Err(reason) => Ok(Err(Refusal::at_once(vec![reason]))),
    }
}

impl Cleared {
    fn new_image(&self, at: jiff::Timestamp) -> NewImage {
        NewImage {
            release: self.release.clone(),
            manifest: self.candidate.manifest.clone(),
            source: self.source.clone(),
            at,
        }
    }
}

/// The changes: the image and its release, then the channel.
async fn make(
    ctx: &mut Context,
    cleared: &Cleared,
    provider: &dyn Provider,
    heard: &Heard,
    at: jiff::Timestamp,
) -> Result<Decision<(Created, Option<Repointed>)>> {
    let new = cleared.new_image(at);
    let created = match refused(heard.while_at(ctx, provider.create(&new)).await)? {
        Ok(created) => created,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(channel) = &cleared.channel else { return Ok(Ok((created, None))) };
    let repointed = provider.set_channel(channel, &cleared.release_id, at);
    match refused(heard.while_at(ctx, repointed).await)? {
        Ok(repointed) => Ok(Ok((created, Some(repointed)))),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// The evidence, and the report.
async fn conclude(
    ctx: &mut Context,
    request: &Request,
    provider: &dyn Provider,
    cleared: &Cleared,
    created: &Created,
    repointed: Option<&Repointed>,
) -> Result<Report> {
    let prior = repointed.and_then(|repointed| repointed.from.as_ref());
    let released = evidence::Released {
        provider: provider.name(),
        name: &cleared.release.name,
        release_id: cleared.release_id,
        manifest: &cleared.candidate.manifest,
        location: &created.image.location,
        regions: &created.image.regions,
        channel: cleared.channel.as_ref(),
        prior_image: prior.map(|prior| &prior.image_id),
        verdict: Some(&cleared.admitted.verdict),
    };
    let statement = evidence::write(ctx, request, &released)?;
    provider.keep(&cleared.release_id, std::slice::from_ref(&statement)).await?;
    let deed = match (created.adopted, created.released_before) {
        (false, _) => "Published",
        (true, false) => "Published under a new name, from an image that was there (adopted):",
        (true, true) => "Adopted: published before, nothing copied:",
    };
    let channel = match repointed {
        Some(repointed) if repointed.changed => format!("; {} shows it", repointed.channel.channel),
        Some(repointed) => format!("; {} showed it already", repointed.channel.channel),
        None => String::new(),
    };
    Ok(Report {
        headline: format!("{deed} {}{channel}", cleared.release.name),
        image_id: created.image.id.to_string(),
        prior_image: prior.map(|prior| prior.image_id.to_string()),
        adopted: created.adopted,
        location: created.image.location.clone(),
        regions: created.image.regions.clone(),
        statement: Some(statement.display().to_string()),
        ..about(cleared)
    })
}

/// What a report says about an image before anything is known of the provider.
fn about(cleared: &Cleared) -> Report {
    fn row<P>(what: &str, allowed: &Allowed<P>) -> (String, String, jiff::Timestamp) {
        (what.to_owned(), allowed.file.clone(), allowed.on)
    }
    Report {
        headline: String::new(),
        name: cleared.release.name.to_string(),
        image_id: String::new(),
        release_id: cleared.release_id.to_string(),
        content_digest: cleared.candidate.content_digest.to_string(),
        location: String::new(),
        channel: cleared.channel.as_ref().map(ToString::to_string),
        prior_image: None,
        adopted: false,
        regions: BTreeMap::new(),
        changes: Vec::new(),
        rests_on: vec![
            row("verdict", &cleared.admitted.verdict),
            row("verification summary", &cleared.admitted.summary),
        ],
        statement: None,
        intent: None,
    }
}

/// An image by its id, verified, if it is there.
async fn existing(provider: &dyn Provider, id: &provider::ImageId) -> Result<Option<Image>> {
    match provider.describe(id, provider.capabilities().read_blocks).await {
        Ok(image) => Ok(Some(image)),
        Err(Error::NoImage(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
