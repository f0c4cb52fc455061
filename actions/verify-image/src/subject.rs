//! Which image is meant, and what it is: hashed here wherever there is something to hash.

use std::path::{Path, PathBuf};
use std::time::Duration;

use admission::{About, Candidate, reason};
use anyhow::{Context as _, bail, ensure};
use aws::{Caller, REGION, ROLE};
use model::{ContentDigest, ImageManifest, Reason, Sha256};
use provider::{BoxError, ChannelName, Error, ImageId, Local, Provider, Settings, State};
use runner::{Context, Result};

use crate::ami;
use crate::evidence::Place;

/// What helps where a disk is another.
pub(crate) const CLEARS: &str = "Use the image that was tested, scanned and decided on: fetch it again";

/// An image that is asked about.
#[derive(Debug)]
pub(crate) struct Subject {
    /// What it is called, where that is known.
    pub(crate) name: Option<String>,
    /// What the evidence has to be about.
    pub(crate) about: About,
    /// Where one image.json could be as good as another: those that the evidence may be about. Empty if `about` says it.
    pub(crate) manifests: Vec<Sha256>,
    /// How it was seen.
    pub(crate) seen: String,
    /// What is to be said about it, and speaks neither for nor against it.
    pub(crate) notes: Vec<String>,
}

/// The image, or why it may not be used whatever the evidence says.
pub(crate) async fn read(
    ctx: &mut Context,
    evidence: &Place,
    caller: &Caller,
) -> Result<Result<Subject, Reason>> {
    let image = ctx.opt_text("image")?;
    let (store, channel) = (ctx.opt_path("store")?, ctx.opt_text("channel")?);
    let disks = ctx.lines("disk")?;
    if let Some(id) = image.as_deref().filter(|text| is_cloud_id(text)) {
        ensure!(
            store.is_none() && channel.is_none() && disks.is_empty(),
            "`store`, `channel` and `disk` are for images here, and {id} is in AWS: leave them out"
        );
        return ami::read(ctx, id, evidence, caller).await;
    }
    for input in ["manifest", REGION.name, ROLE.name] {
        // Whoever reads an archive in S3 is somebody there too.
        let meant = input != "manifest" && evidence.is_in_s3();
        ensure!(
            meant || ctx.opt_text(input)?.is_none(),
            "input `{input}` is for an AMI, and `image` is none: leave it out"
        );
    }
    match (store, channel, image) {
        (Some(store), Some(channel), None) => {
            let provider = local(&store);
            let channel = channel_name(&channel)?;
            let shown = provider.channel(&channel).await?;
            let shown =
                shown.with_context(|| format!("the store {} has no channel {channel}", store.display()))?;
            let seen = format!("as the channel {channel} shows it");
            stored(&provider, &shown.current.image_id, Some(shown.current.name.to_string()), seen).await
        }
        (Some(store), None, Some(image)) => {
            let provider = local(&store);
            let id = match image.parse::<ContentDigest>() {
                Ok(digest) => provider.image_id(&digest).context("the store has no ids")?,
                Err(_) => ImageId::new(image),
            };
            let seen = format!("in the store {}", store.display());
            stored(&provider, &id, None, seen).await
        }
        (Some(_), _, _) => {
            bail!("with `store`, one of `image` and `channel` is wanted: which image is meant")
        }
        (None, Some(_), _) => bail!("`channel` is one of a `store`: give the store's folder too"),
        (None, None, None) => {
            bail!("input `image` is required: an image.json, a disk, an AMI, or a content digest")
        }
        (None, None, Some(image)) => {
            if image.contains("hallmarkBlocks1:") {
                ensure!(
                    disks.is_empty(),
                    "`disk` is for an image.json: here the content is given by its digest"
                );
                let content = image.parse().context("input `image`")?;
                return Ok(Ok(of_digest(content)));
            }
            let path = ctx.cwd().join(image);
            ctx.info(&format!("Hashing {}", path.display()));
            of_file(&path, &disks)
        }
    }
}

/// An id of EC2's; others will come with their providers.
fn is_cloud_id(text: &str) -> bool {
    text.strip_prefix("ami-")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn of_digest(content: ContentDigest) -> Subject {
    Subject {
        name: None,
        about: About { content, manifest: None },
        manifests: Vec::new(),
        seen: "by its digest alone".into(),
        notes: vec![
            "no disk was hashed: the answer is about whatever has this digest, so compare it with what is launched"
                .into(),
        ],
    }
}

fn of_file(path: &Path, disks: &[String]) -> Result<Result<Subject, Reason>> {
    let manifest = match path {
        folder if folder.is_dir() => Some(folder.join("image.json")),
        file if file.extension().is_some_and(|ending| ending == "json") => Some(file.to_owned()),
        _ => None,
    };
    if let Some(manifest) = manifest {
        return Ok(Candidate::read(&manifest, disks, CLEARS)?.map(|candidate| Subject {
            name: Some(candidate.manifest.name),
            about: About { content: candidate.content_digest, manifest: Some(candidate.manifest_digest) },
            manifests: Vec::new(),
            seen: format!("its disks, beside {}", manifest.display()),
            notes: Vec::new(),
        }));
    }
    ensure!(disks.is_empty(), "`disk` is for an image.json: here `image` is a disk itself");
    let found = blocks::digest_file(path, &blocks::Options::default())
        .with_context(|| format!("input `image`: cannot read the disk {}", path.display()))?;
    Ok(Ok(Subject {
        name: None,
        about: About { content: found.content_digest, manifest: None },
        manifests: Vec::new(),
        seen: format!("the disk {}", path.display()),
        notes: vec![
            "a disk alone does not say how it is booted: give image.json, and its boot mode and devices are compared too"
                .into(),
        ],
    }))
}

fn channel_name(text: &str) -> Result<ChannelName> {
    let (family, name) = text
        .rsplit_once('/')
        .with_context(|| format!("input `channel` is `{}`: family/name is wanted", text.escape_debug()))?;
    ChannelName::new(family, name).context("input `channel`")
}

fn local(store: &PathBuf) -> Local {
    let digest = |disk: &Path| {
        blocks::digest_file(disk, &blocks::Options::default())
            .map(|digested| digested.content_digest)
            .map_err(BoxError::from)
    };
    // Nothing is changed, so nobody is waited for.
    Local::new(store, Settings { lock_timeout: Duration::ZERO }, digest)
}

/// An image of a store, its disks hashed.
async fn stored(
    provider: &Local,
    id: &ImageId,
    name: Option<String>,
    seen: String,
) -> Result<Result<Subject, Reason>> {
    let image = match provider.describe(id, true).await {
        Ok(image) => image,
        Err(error @ Error::Damaged { .. }) => {
            return Ok(Err(reason(error.code(), error.to_string(), CLEARS)));
        }
        Err(error) => return Err(error.into()),
    };
    let mut notes = Vec::new();
    match image.state {
        State::Available => {}
        State::Deprecated => notes.push("the store says that it is deprecated: there is a newer one".into()),
        State::Disabled => {
            let message = format!("the store says that the image {id} must not be used");
            return Ok(Err(reason("image-disabled", message, "Use another image")));
        }
    }
    let manifest: &ImageManifest = &image.manifest;
    Ok(Ok(Subject {
        name: name.or_else(|| Some(manifest.name.clone())),
        about: About { content: image.content_digest, manifest: Some(Sha256::of(&manifest.to_bytes()?)) },
        manifests: Vec::new(),
        seen,
        notes,
    }))
}
