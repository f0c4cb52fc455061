//! What a provider cannot do, each with a stable code and the place.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use model::ContentDigest;

use crate::{ChannelName, ImageId, NameError};

/// An error from another crate.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a provider did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name that is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The system says so.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// What came of it.
        source: io::Error,
    },
    /// A record in the store does not read.
    #[error("{} does not read: {why}. The store was changed by something else than this program", path.display())]
    Malformed {
        /// The record.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A folder that holds something else.
    #[error("{} is not an image store: {why}. Give an empty or a new folder", path.display())]
    NotAStore {
        /// The folder.
        path: PathBuf,
        /// What speaks against it.
        why: String,
    },
    /// Somebody else is publishing.
    #[error("{} is held by another publisher; gave up after {waited:?}. Run again when it is done", path.display())]
    Locked {
        /// The lock.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
    /// A disk could not be hashed.
    #[error("cannot hash the disk {}: {source}", path.display())]
    Digest {
        /// The disk.
        path: PathBuf,
        /// What the hashing said.
        source: BoxError,
    },
    /// A disk that was handed over is not what its manifest says.
    #[error("the disk {device} holds {found} and not {expected}: it was changed after it was hashed")]
    ContentDiffers {
        /// The device in the manifest.
        device: String,
        /// What the manifest says.
        expected: ContentDigest,
        /// What was stored.
        found: ContentDigest,
    },
    /// A disk of the manifest was not handed over.
    #[error("no file was given for the disk {0}")]
    NoDisk(String),
    /// A stored image is no longer what it is stored as.
    #[error(
        "the stored image {image} is damaged: {why}. Find out who changed it, then delete it and publish again"
    )]
    Damaged {
        /// The image.
        image: ImageId,
        /// What is wrong with it.
        why: String,
    },
    /// The same content is stored as another machine.
    #[error(
        "the image {image} is stored with another {what}: the same disk cannot be published as two kinds of machine"
    )]
    Conflict {
        /// The image.
        image: ImageId,
        /// What differs.
        what: &'static str,
    },
    /// No such image.
    #[error("there is no image {0}")]
    NoImage(ImageId),
    /// An image that must not be launched any more.
    #[error("the image {0} is disabled")]
    Disabled(ImageId),
    /// An image that a channel needs.
    #[error(
        "the image {image} is shown by {channel}, or one rollback away from it: repoint the channel first"
    )]
    InUse {
        /// The image.
        image: ImageId,
        /// The channel.
        channel: ChannelName,
    },
    /// No such channel.
    #[error("there is no channel {0}")]
    NoChannel(ChannelName),
    /// A channel that has shown one image only.
    #[error("the channel {0} has no prior image to go back to")]
    NoPrior(ChannelName),
    /// The image to go back to cannot be shown.
    #[error("the channel {channel} cannot go back to {image}: {why}")]
    PriorUnavailable {
        /// The channel.
        channel: ChannelName,
        /// The image that it showed before.
        image: ImageId,
        /// Why not.
        why: String,
    },
    /// The channel was repointed by somebody else in between.
    #[error("the channel {channel} no longer shows the release that was to be rolled back; it shows {shows}")]
    Superseded {
        /// The channel.
        channel: ChannelName,
        /// The image that it shows now.
        shows: ImageId,
    },
    /// A service did not do what it was asked.
    #[error(transparent)]
    Remote(BoxError),
    /// Somebody else is publishing.
    #[error(
        "{by} is publishing this image family, and has until {until} for its next step; gave up after {waited:?}. Run again when it is done"
    )]
    Held {
        /// Who.
        by: String,
        /// Until when that counts, unless it goes on.
        until: Timestamp,
        /// How long was waited.
        waited: Duration,
    },
    /// Somebody else went on while this publisher stood still.
    #[error("{what} was changed by another publisher meanwhile. Run again: what was begun is taken up")]
    Lost {
        /// The record.
        what: String,
    },
    /// What has to hold before anything is changed does not.
    #[error("nothing was changed: {}", .0.join("; "))]
    NotReady(Vec<String>),
    /// An image that cannot be published as it is.
    #[error("the image {image} cannot be published: {why}")]
    Unfit {
        /// The image.
        image: ImageId,
        /// Why not.
        why: String,
    },
    /// Something refers to an image.
    #[error("the image {image} is referred to: {}", by.join("; "))]
    Referred {
        /// The image.
        image: ImageId,
        /// What refers to it, and where.
        by: Vec<String>,
    },
    /// An image that is protected from being deleted, for some time yet.
    #[error(
        "the image {image} is protected from being deregistered until {until}: that was taken away, and AWS holds to its cooldown of 24 h. Nothing else was changed. Run again after that"
    )]
    Protected {
        /// The image.
        image: ImageId,
        /// Until when.
        until: Timestamp,
    },
    /// What was asked for did not come in time.
    #[error("{what} after {waited:?}. Run again: what was begun is taken up")]
    TimedOut {
        /// What was waited for, and how it stands.
        what: String,
        /// How long.
        waited: Duration,
    },
    /// The provider cannot do this.
    #[error("the provider {provider} cannot {what}")]
    Unsupported {
        /// The provider.
        provider: &'static str,
        /// What.
        what: &'static str,
    },
}

impl Error {
    /// A stable name for reasons and tests.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "name-refused",
            Self::Io { .. } => "io",
            Self::Malformed { .. } => "store-malformed",
            Self::NotAStore { .. } => "not-a-store",
            Self::Locked { .. } => "store-locked",
            Self::Digest { .. } => "not-hashed",
            Self::ContentDiffers { .. } => "content-changed",
            Self::NoDisk(_) => "disk-missing",
            Self::Damaged { .. } => "stored-image-damaged",
            Self::Conflict { .. } => "manifest-conflict",
            Self::NoImage(_) => "no-such-image",
            Self::Disabled(_) => "image-disabled",
            Self::InUse { .. } => "image-in-use",
            Self::NoChannel(_) => "no-such-channel",
            Self::NoPrior(_) => "no-prior-image",
            Self::PriorUnavailable { .. } => "prior-image-unavailable",
            Self::Superseded { .. } => "channel-superseded",
            Self::Remote(_) => "provider-failed",
            Self::Held { .. } => "publisher-busy",
            Self::Lost { .. } => "lease-lost",
            Self::NotReady(_) => "not-ready",
            Self::Unfit { .. } => "image-unfit",
            Self::Referred { .. } => "image-referred",
            Self::Protected { .. } => "image-protected",
            Self::TimedOut { .. } => "timed-out",
            Self::Unsupported { .. } => "unsupported",
        }
    }
}
