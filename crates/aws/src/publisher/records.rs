//! What is written down beside AWS: releases with their images by region, channels with what they showed, what was begun.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{ContentDigest, ImageManifest, Sha256};
use provider::{Channel, ChannelName, Entry, Intent, Name, Operation, ReleaseId, Step};
use serde::{Deserialize, Serialize};

/// A release, from the first step on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Release {
    pub(crate) release_id: ReleaseId,
    pub(crate) name: Name,
    /// The family that it was published in. Records of before this was written down have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) family: Option<String>,
    pub(crate) content_digest: ContentDigest,
    pub(crate) manifest: ImageManifest,
    pub(crate) begun_on: Timestamp,
    /// The images by region, the home region's among them.
    pub(crate) images: BTreeMap<String, Copied>,
    /// When all steps had been done for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) published_on: Option<Timestamp>,
    /// When its images were deregistered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retired_on: Option<Timestamp>,
    /// Until when AWS protects its images, though their protection was taken away: it had a cooldown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) protected_until: Option<Timestamp>,
}

impl Release {
    /// Whether it was published, and is not gone.
    pub(crate) const fn is_out(&self) -> bool {
        self.published_on.is_some() && self.retired_on.is_none()
    }
}

/// An image in a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Copied {
    pub(crate) image: String,
    /// How many before it failed or went away: a part of the token, because a token gives the same image for ever.
    pub(crate) generation: u32,
    /// Its blocks were read, and are what was decided about.
    #[serde(default)]
    pub(crate) proven: bool,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Shown {
    /// What it shows everywhere; nothing until the first release is shown everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<Channel>,
    /// A step that was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) moving: Option<Moving>,
}

/// A step of a channel that was begun and is not finished everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Moving {
    pub(crate) to: Entry,
    pub(crate) step: Step,
    /// What each parameter showed before, by account and region (`123456789012/eu-west-1`); `null`: it was not there.
    pub(crate) before: BTreeMap<String, Option<String>>,
}

/// Something that was begun; what is done stays, with its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Begun {
    pub(crate) intent: Intent,
    pub(crate) finished: bool,
}

/// The key of a release.
pub(crate) fn release_key(id: &ReleaseId) -> String {
    format!("{RELEASES}{id}.json")
}

/// Where releases are.
pub(crate) const RELEASES: &str = "releases/";

/// The key of a channel.
pub(crate) fn channel_key(channel: &ChannelName) -> String {
    format!("{CHANNELS}{}/{}.json", channel.family(), channel.name())
}

/// Where channels are.
pub(crate) const CHANNELS: &str = "channels/";

/// The key of what is begun: a publish by its release, a rollback by its channel, as two of the same are one.
pub(crate) fn intent_key(intent: &Intent) -> String {
    let digest = |channel: &ChannelName| Sha256::of(channel.to_string().as_bytes());
    match (intent.operation, &intent.channel) {
        (Operation::Rollback, Some(channel)) => format!("intents/rollback-{}.json", digest(channel)),
        (Operation::Rollback, None) => format!("intents/rollback-{}.json", intent.release_id),
        (Operation::Publish, Some(channel)) => {
            format!("intents/publish-{}-{}.json", intent.release_id, digest(channel))
        }
        (Operation::Publish, None) => format!("intents/publish-{}.json", intent.release_id),
    }
}
