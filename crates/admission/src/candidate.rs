//! An image as somebody has it: its manifest as read, and its disks as hashed here.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use model::{ContentDigest, ImageManifest, Reason, Sha256};

use crate::reason;

/// The longest manifest that is read.
const LONGEST: u64 = 1 << 20;

/// One of an image's disks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskAt {
    /// What the image calls it.
    pub device: String,
    /// Where it is.
    pub path: PathBuf,
}

/// An image whose disks were seen to be what its manifest says.
#[derive(Debug)]
pub struct Candidate {
    /// Its manifest.
    pub manifest: ImageManifest,
    /// The SHA-256 of the canonical manifest: the second subject of every statement about the image.
    pub manifest_digest: Sha256,
    /// What it is.
    pub content_digest: ContentDigest,
    /// Its disks, in the manifest's order.
    pub disks: Vec<DiskAt>,
}

/// Reads a manifest.
///
/// # Errors
/// It is not there, or is none.
pub fn manifest(path: &Path) -> Result<ImageManifest> {
    let read = || -> Result<ImageManifest> {
        if std::fs::metadata(path)?.len() > LONGEST {
            bail!("it is larger than any manifest: give image.json, not the disk");
        }
        Ok(ImageManifest::parse(&std::fs::read(path)?)?)
    };
    read().with_context(|| format!("input `image`: cannot read the manifest {}", path.display()))
}

impl Candidate {
    /// Reads the manifest alone, of an image whose disks only the provider has: it compares them before it changes anything.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn kept_elsewhere(image: &Path) -> Result<Self> {
        let manifest = manifest(image)?;
        Ok(Self {
            manifest_digest: Sha256::of(&manifest.to_bytes()?),
            content_digest: manifest.content_digest(),
            manifest,
            disks: Vec::new(),
        })
    }

    /// Reads the manifest and hashes every disk; a disk that is another than the manifest says is a reason against
    /// the image. `given` says where disks are that do not lie beside the manifest, and `clears` what helps.
    ///
    /// # Errors
    /// Something cannot be read.
    pub fn read(image: &Path, given: &[String], clears: &str) -> Result<Result<Self, Reason>> {
        let manifest = manifest(image)?;
        let disks = disks(image, &manifest, given)?;
        for (described, disk) in manifest.disks.iter().zip(&disks) {
            let found = blocks::digest_file(&disk.path, &blocks::Options::default())?;
            let message = if found.content_digest != described.content_digest {
                format!(
                    "the disk {} holds {}, not {}",
                    disk.device, found.content_digest, described.content_digest
                )
            } else if found.size_bytes != described.size_bytes {
                format!(
                    "the disk {} has {} bytes, not {}",
                    disk.device, found.size_bytes, described.size_bytes
                )
            } else {
                continue;
            };
            return Ok(Err(reason("content-differs", message, clears)));
        }
        Ok(Ok(Self {
            manifest_digest: Sha256::of(&manifest.to_bytes()?),
            content_digest: manifest.content_digest(),
            manifest,
            disks,
        }))
    }
}

/// Where each of the manifest's disks is, in the manifest's order.
fn disks(image: &Path, manifest: &ImageManifest, given: &[String]) -> Result<Vec<DiskAt>> {
    let beside = image.parent().unwrap_or(Path::new("."));
    let mut places: Vec<(&str, PathBuf)> = Vec::new();
    for line in given {
        let (device, path) = match (line.split_once('='), manifest.disks.as_slice()) {
            (Some((device, path)), disks) if disks.iter().any(|disk| disk.device == device) => (device, path),
            (_, [only]) => (only.device.as_str(), line.as_str()),
            _ => bail!(
                "input `disk` has the line {line:?}, but the image has {} disks: device=path is wanted, with one of its devices",
                manifest.disks.len()
            ),
        };
        if places.iter().any(|(other, _)| *other == device) {
            bail!("input `disk` gives the disk {device} twice");
        }
        places.push((device, PathBuf::from(path)));
    }
    Ok(manifest
        .disks
        .iter()
        .map(|disk| {
            let place = places.iter().find(|(device, _)| *device == disk.device);
            let path = place.map_or_else(|| beside.join(&disk.file), |(_, path)| path.clone());
            DiskAt { device: disk.device.clone(), path }
        })
        .collect())
}
