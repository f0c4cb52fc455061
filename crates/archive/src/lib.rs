//! The archive: what a decision rests on, kept so that anybody can look at it years later.
//!
//! Bytes are kept by their SHA-256, and an [`Entry`] lists all that belongs to one decision about one image: evidence,
//! full reports, brief, page, JSON, what a replay needs, image.json. Entries are found by the image's content; a
//! [`Channel`] says which one a channel shows. `LAYOUT.md` has every key. An archive is in a folder or in S3, and
//! nothing above that seam (`objects`) knows which.
//!
//! An archive proves nothing: bytes that were changed are told, but whoever may write can put anything. What an
//! image may be used for is decided by the signatures of the evidence that comes back.

mod archive;
mod channel;
mod entry;
mod error;
mod folder;
mod keeping;
mod layout;
mod location;
mod objects;
mod plain;
mod put;
mod records;
mod restore;
mod s3;

pub use archive::Archive;
pub use aws_client::Env;
pub use channel::{Channel, Moved};
pub use entry::{Entry, File, Image, Role, Run};
pub use error::Error;
pub use keeping::{Keeping, Lock, LockMode};
pub use layout::{MARKER, MAX_FILE, MAX_FILES};
pub use location::{Location, SCHEME};
pub use put::{Draft, Pointed, Stored};
pub use records::{Record, Records};
pub use restore::Restored;

#[cfg(test)]
mod tests;
