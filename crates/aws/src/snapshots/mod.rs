//! The content of images, read block by block through EBS direct: no instance, no volume, no mount.
//!
//! A list of blocks and their checksums are AWS's word. What is hashed is what arrives; the word only tells when
//! bytes were damaged on their way. One [`Reader`] serves both: hashing alone ([`content_digest`]), and writing to files
//! what is hashed in the same pass ([`Fetch`]). The disks of an image that is hashed are read beside each other.

mod block;
mod error;
mod fetch;
mod manifest;
mod part;
mod reader;
mod sink;

use blocks::Digested;

use crate::machine_image::{ImageError, MachineImage, Volume};
use crate::{BlockMap, Described, Place, while_told};

pub use crate::limiter::Pace;
pub use error::ReadError;
pub use fetch::Fetch;
pub use manifest::{Difference, disk_differs, disk_file, image_differs, manifest};
pub use reader::{Reader, SoFar};

/// An image with what is on its disks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The image.
    pub image: MachineImage,
    /// What is on each volume, in the order of [`MachineImage::volumes`], by device.
    pub disks: Vec<ReadDisk>,
}

/// What is on one disk of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadDisk {
    /// The device that it appears as.
    pub device: String,
    /// The snapshot that was read.
    pub snapshot: String,
    /// Its content digest and size.
    pub digested: Digested,
    /// Its blocks; none if they are too many for a map.
    pub map: Option<BlockMap>,
}

impl ReadDisk {
    fn of(volume: &Volume, Contents { digested, map }: Contents) -> Self {
        Self { device: volume.device.clone(), snapshot: volume.snapshot.clone(), digested, map }
    }
}

/// What is in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Its content digest and size: that of the volume it was made of.
    pub digested: Digested,
    /// Its blocks; none if they are too many for a map.
    pub map: Option<BlockMap>,
}

/// Describes an image and hashes every disk of it, and says how far it is meanwhile: it takes minutes to hours.
///
/// # Errors
/// A call fails, the image is not available or has no snapshots, its blocks may not be read, or one is not as it has
/// to be. None of these yields a digest.
pub async fn content_digest(
    place: &Place,
    image: &str,
    mut say: impl FnMut(&str),
) -> Result<Read, ReadError> {
    say(&format!("{}: reading the blocks of {image}", place.region));
    let (reader, so_far) = (Reader::new(place, Pace::default()), SoFar::default());
    while_told(reader.content_digest(image, &so_far), async || {
        say(&read_said(place, image, &so_far));
        Ok(())
    })
    .await
}

/// How far the reading of an image or a snapshot is.
pub(crate) fn read_said(place: &Place, what: &str, so_far: &SoFar) -> String {
    format!("{}: {} MiB of {what} are read", place.region, so_far.get() >> 20)
}

/// Hashes every disk of an image that was described.
///
/// # Errors
/// As [`content_digest`].
pub async fn digest(place: &Place, image: MachineImage, pace: Pace) -> Result<Read, ReadError> {
    Reader::new(place, pace).digest(image, &SoFar::default()).await
}

/// Hashes one snapshot.
///
/// # Errors
/// As [`content_digest`].
pub async fn read_snapshot(place: &Place, snapshot: &str, pace: Pace) -> Result<Contents, ReadError> {
    Reader::new(place, pace).snapshot(snapshot, &SoFar::default()).await
}

/// Whether an image is one whose blocks can be read: available, and made of snapshots.
///
/// # Errors
/// It is not, with AWS's reason where there is one.
pub fn readable(place: &Place, image: &MachineImage) -> Described<()> {
    let unusable = |why: String| Err(ImageError::unusable(place, &image.id, why));
    if !image.is_available() {
        let reason = image.state_reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        return unusable(format!("is {}, not available{reason}", image.state));
    }
    if image.volumes.is_empty() {
        return unusable("has no snapshots, so there is nothing to read".to_owned());
    }
    Ok(())
}
