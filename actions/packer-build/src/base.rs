//! The image that this one is built on.

use anyhow::{Context as _, Result, ensure};
use blocks::digest_file;
use model::{Architecture, BaseImage, ImageManifest, Layer};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A base image whose disk has been hashed here and now.
pub(crate) struct Base {
    pub(crate) manifest: ImageManifest,
    pub(crate) disk: PathBuf,
}

/// Reads `image.json`, and whether an image of this architecture can be built on what it describes.
pub(crate) fn manifest(path: &Path, architecture: Architecture) -> Result<ImageManifest> {
    let bytes =
        fs::read(path).with_context(|| format!("input `base-image`: cannot read {}", path.display()))?;
    let manifest = ImageManifest::parse(&bytes)
        .with_context(|| format!("input `base-image`: {} is not the manifest of an image", path.display()))?;
    ensure!(
        manifest.architecture == architecture,
        "the base image {} is for {}, and this image is to be for {}",
        path.display(),
        manifest.architecture.as_str(),
        architecture.as_str()
    );
    ensure!(
        manifest.disks.len() == 1,
        "the base image {} has {} disks: a template is passed one",
        path.display(),
        manifest.disks.len()
    );
    Ok(manifest)
}

impl Base {
    /// Reads `image.json` and hashes what lies beside it: what is built on is recorded, not believed.
    pub(crate) fn open(path: &Path, architecture: Architecture) -> Result<Self> {
        let manifest = manifest(path, architecture)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let recorded = &manifest.disks[0];
        let disk = folder.join(&recorded.file);
        let disk = disk
            .canonicalize()
            .with_context(|| format!("the base image's disk {} is not there", disk.display()))?;
        let found = digest_file(&disk, &blocks::Options::default())
            .with_context(|| format!("cannot hash the base image's disk {}", disk.display()))?;
        ensure!(
            found.content_digest == recorded.content_digest && found.size_bytes == recorded.size_bytes,
            "the base image's disk {} was changed after it was recorded: it has {}, and its manifest says {}",
            disk.display(),
            found.content_digest,
            recorded.content_digest
        );
        Ok(Self { manifest, disk })
    }

    /// As the manifest of what is built on it names it.
    pub(crate) fn reference(&self) -> BaseImage {
        BaseImage { name: self.manifest.name.clone(), content_digest: self.manifest.content_digest() }
    }

    /// The layers below.
    pub(crate) fn layers(&self) -> Vec<Layer> {
        self.manifest.layers.clone()
    }
}
