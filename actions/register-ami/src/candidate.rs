//! The image that is to be published: its manifest as read, and its disks as hashed here.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use model::{ContentDigest, ImageManifest, Sha256};
use provider::RawDisk;
use runner::Result;

use crate::refusal::{Decision, Refusal, reason};

/// The longest manifest that is read.
const LONGEST: u64 = 1 << 20;

/// An image whose disks were seen to be what its manifest says.
pub(crate) struct Candidate {
    pub(crate) manifest: ImageManifest,
    /// The SHA-256 of the canonical manifest: the second subject of every statement about the image.
    pub(crate) manifest_digest: Sha256,
    pub(crate) content_digest: ContentDigest,
    pub(crate) disks: Vec<RawDisk>,
}

/// Reads a manifest.
pub(crate) fn manifest(path: &Path) -> Result<ImageManifest> {
    let read = || -> Result<ImageManifest> {
        if std::fs::metadata(path)?.len() > LONGEST {
            bail!("it is larger than any manifest: give image.json, not the disk");
        }
        Ok(ImageManifest::parse(&std::fs::read(path)?)?)
    };
    read().with_context(|| format!("input `image`: cannot read the manifest {}", path.display()))
}

/// Reads the manifest and hashes every disk.
pub(crate) fn read(image: &Path, given: &[String]) -> Result<Decision<Candidate>> {
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
            format!("the disk {} has {} bytes, not {}", disk.device, found.size_bytes, described.size_bytes)
        } else {
            continue;
        };
        let clears = "Publish the disk that was tested, or test, scan and decide on this one";
        return Ok(Err(Refusal::one(reason("content-differs", message, clears))));
    }
    Ok(Ok(Candidate {
        manifest_digest: Sha256::of(&manifest.to_bytes()?),
        content_digest: manifest.content_digest(),
        manifest,
        disks,
    }))
}

/// Where each of the manifest's disks is, in the manifest's order.
fn disks(image: &Path, manifest: &ImageManifest, given: &[String]) -> Result<Vec<RawDisk>> {
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
            RawDisk { device: disk.device.clone(), path }
        })
        .collect())
}
