//! Which image is meant, and what it is: hashed here wherever there is something to hash.

use std::path::{Path, PathBuf};
use std::time::Duration;

use admission::{About, Candidate, reason};
use anyhow::{Context as _, bail, ensure};
use model::{ContentDigest, ImageManifest, Reason, Sha256};
use provider::{BoxError, ChannelName, Error, ImageId, Local, Provider, Settings, State};
use runner::{Context, Result};

/// What helps where a disk is another.
const CLEARS: &str = "Use the image that was tested, scanned and decided on: fetch it again";

/// An image that is asked about.
#[derive(Debug)]
pub(crate) struct Subject {
    /// What it is called, where that is known.
    pub(crate) name: Option<String>,
    /// What the evidence has to be about.
    pub(crate) about: About,
    /// How it was seen.
    pub(crate) seen: String,
    /// What is to be said about it, and speaks neither for nor against it.
    pub(crate) notes: Vec<String>,
}

/// The image, or why it may not be used whatever the evidence says.
pub(crate) async fn read(ctx: &mut Context) -> Result<Result<Subject, Reason>> {
    let image = ctx.opt_text("image")?;
    let (store, channel) = (ctx.opt_path("store")?, ctx.opt_text("channel")?);
    let disks = ctx.lines("disk")?;
    if let Some(id) = image.as_deref().filter(|text| is_cloud_id(text)) {
        bail!(
            "`{}` names a place and no content, and its blocks cannot be read here yet: give the image's content digest \
             (hallmarkBlocks1:…), its image.json or its disk",
            id.escape_debug()
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
        (None, None, None) => bail!("input `image` is required: an image.json, a disk, or a content digest"),
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
    text.strip_prefix("ami-").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn of_digest(content: ContentDigest) -> Subject {
    Subject {
        name: None,
        about: About { content, manifest: None },
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
        seen,
        notes,
    }))
}
