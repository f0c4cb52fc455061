//! The disks of an image as files: sparse, raw, and byte for byte what was hashed.

use std::path::Path;

use super::error::ReadError;
use super::part::Part;
use super::reader::{Reader, SoFar};
use super::{Pace, ReadDisk, readable};
use crate::Place;
use crate::machine_image::{MachineImage, Volume};

/// Disks on their way. They are there, all of them, after [`Fetch::keep`]; dropped before, nothing of them is left.
pub struct Fetch<'p> {
    reader: Reader<'p>,
    parts: Vec<Part>,
}

impl<'p> Fetch<'p> {
    /// Begins with an image that was described.
    ///
    /// # Errors
    /// It is not available, or has no snapshots.
    pub fn begin(place: &'p Place, image: &MachineImage, pace: Pace) -> Result<Self, ReadError> {
        readable(place, image)?;
        Ok(Self { reader: Reader::new(place, pace), parts: Vec::new() })
    }

    /// Reads the snapshot of one volume, in one pass into a file that is going to be `path`, and into the digest. Blocks
    /// of zeros, and those that AWS does not list, stay holes; the file has the size of the volume.
    ///
    /// # Errors
    /// As [`super::content_digest`]; or the file cannot be written, or somebody else writes it.
    pub async fn disk(
        &mut self,
        volume: &Volume,
        path: &Path,
        so_far: &SoFar,
    ) -> Result<ReadDisk, ReadError> {
        let part = Part::new(path)?;
        let contents = self.reader.read(&volume.snapshot, part.sink()?, so_far).await?;
        self.parts.push(part);
        Ok(ReadDisk::of(volume, contents))
    }

    /// Gives every disk its name, in the place of what had it before.
    ///
    /// # Errors
    /// One cannot be put in its place: then none of them is left.
    pub fn keep(self) -> Result<(), ReadError> {
        Part::keep_all(self.parts)
    }
}
