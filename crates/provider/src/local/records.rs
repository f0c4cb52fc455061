//! The JSON records of the store, and where they lie.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use model::{Architecture, ContentDigest, Sha256};
use serde::{Deserialize, Serialize};

use crate::{ChannelName, Distribution, ImageId, Intent, Name, Operation, ReleaseId, State};

/// The schema of every record.
pub(super) const SCHEMA: u32 = 1;

/// `store.json`: what makes a folder a store.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Marker {
    pub(super) schema: u32,
    pub(super) kind: String,
}

/// `images/<id>/tags.json`: what can change about an image.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Tags {
    pub(super) schema: u32,
    pub(super) state: State,
    pub(super) state_since: Timestamp,
    pub(super) created_on: Timestamp,
}

/// `releases/<release id>.json`: an image, published under a name.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReleaseRecord {
    pub(super) schema: u32,
    pub(super) release_id: ReleaseId,
    pub(super) image_id: ImageId,
    pub(super) name: Name,
    pub(super) architecture: Architecture,
    pub(super) content_digest: ContentDigest,
    pub(super) distribution: Distribution,
    /// The SHA-256 of the manifest that was published: kept under `manifests/` with the image.
    pub(super) manifest: Sha256,
    pub(super) published_on: Timestamp,
}

/// `journal/change.json`: the one change that is being made to the store.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "change", deny_unknown_fields)]
pub(super) enum Change {
    /// An image is copied in and released.
    Create {
        /// The image.
        image: ImageId,
    },
    /// An image's tags are replaced.
    Tag {
        /// The image.
        image: ImageId,
    },
    /// A channel is repointed.
    Repoint {
        /// The channel.
        channel: ChannelName,
    },
    /// An image is removed: begun, it is always completed.
    Delete {
        /// The image.
        image: ImageId,
    },
}

/// Where things lie in a store.
pub(super) struct Layout {
    pub(super) root: PathBuf,
}

impl Layout {
    /// The names that a store's folder may hold; anything else means that it is not one.
    pub(super) const NAMES: [&str; 7] =
        ["store.json", "lock", "images", "releases", "channels", "journal", "staging"];

    pub(super) fn marker(&self) -> PathBuf {
        self.root.join("store.json")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(super) fn folders(&self) -> [PathBuf; 6] {
        let [.., images, releases, channels, journal, staging] = Self::NAMES;
        [images, releases, channels, journal, "journal/intents", staging].map(|name| self.root.join(name))
    }

    pub(super) fn images(&self) -> PathBuf {
        self.root.join("images")
    }

    pub(super) fn image(&self, id: &Sha256) -> PathBuf {
        self.images().join(id.to_string())
    }

    pub(super) fn releases(&self) -> PathBuf {
        self.root.join("releases")
    }

    pub(super) fn release(&self, id: &ReleaseId) -> PathBuf {
        self.releases().join(format!("{id}.json"))
    }

    pub(super) fn channels(&self) -> PathBuf {
        self.root.join("channels")
    }

    pub(super) fn channel(&self, channel: &ChannelName) -> PathBuf {
        // No part of a family ends in `.json`, so a channel's file never stands where a family's folder should.
        self.channels().join(channel.family()).join(format!("{}.json", channel.name()))
    }

    pub(super) fn change(&self) -> PathBuf {
        self.root.join("journal").join("change.json")
    }

    pub(super) fn intent(&self, intent: &Intent) -> PathBuf {
        let channel = intent.channel.as_ref().map(ToString::to_string).unwrap_or_default();
        let name = match intent.operation {
            Operation::Publish => {
                format!("publish.{}.{}.json", intent.release_id, Sha256::of(channel.as_bytes()).short())
            }
            Operation::Rollback => format!("rollback.{}.json", Sha256::of(channel.as_bytes())),
        };
        self.root.join("journal").join("intents").join(name)
    }

    pub(super) fn staging(&self, name: &str) -> PathBuf {
        self.root.join("staging").join(name)
    }
}

/// The files of an image beside its disks: no disk may have one of these names.
pub(super) const RESERVED: [&str; 3] = [MANIFEST, TAGS, MANIFESTS];
/// The image's manifest.
pub(super) const MANIFEST: &str = "image.json";
/// The image's tags.
pub(super) const TAGS: &str = "tags.json";
/// Every manifest that was published with this content, by SHA-256.
pub(super) const MANIFESTS: &str = "manifests";

/// A manifest's place with its image.
pub(super) fn manifest_file(image: &Path, digest: &Sha256) -> PathBuf {
    image.join(MANIFESTS).join(format!("{digest}.json"))
}
