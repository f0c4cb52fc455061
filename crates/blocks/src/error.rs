//! What can keep a disk from being hashed.

use std::io;
use std::path::PathBuf;

/// A disk that could not be hashed. None of these yields a digest.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk could not be opened or looked at.
    #[error("cannot open the disk {path}: {source}")]
    Open {
        /// The disk.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The path names something that has no blocks.
    #[error("{path} is {found}, not a disk: give a raw disk image or a block device")]
    NotADisk {
        /// The path.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// Reading failed part of the way.
    #[error("cannot read the disk {path} at byte {offset}: {source}")]
    Read {
        /// The disk.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The file was written to, truncated or replaced while it was being hashed.
    #[error(
        "the disk {path} changed while it was being hashed ({what}): stop whatever writes to it, then hash it again"
    )]
    Changed {
        /// The disk.
        path: PathBuf,
        /// What was seen to change.
        what: &'static str,
    },
    /// A stream could not be read.
    #[error("cannot read the stream at byte {offset}: {source}")]
    Stream {
        /// How far it was read.
        offset: u64,
        /// What the system said.
        source: io::Error,
    },
    /// A stream was not as long as the caller said.
    #[error("the stream has {found} than the {expected} bytes announced")]
    Length {
        /// The announced size.
        expected: u64,
        /// `more` or `fewer bytes`.
        found: &'static str,
    },
    /// The disk is larger than the format can say.
    #[error("a disk of {size_bytes} bytes is larger than the format allows")]
    TooLarge {
        /// The disk's size.
        size_bytes: u64,
    },
    /// A block was given out of order, twice, or past the end of the disk.
    #[error("block {index} is out of place: expected {next} or a later one, below {end}")]
    OutOfPlace {
        /// The block that was given.
        index: u64,
        /// The first index that could still be given.
        next: u64,
        /// One past the disk's last block.
        end: u64,
    },
}
