//! Where images go: regions and keys, whom they are shared with, where their channels are. Checked types only; a file
//! is read elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A whole distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// The partition that the account has to be of: `aws`, `aws-us-gov`.
    pub partition: String,
    /// The account that owns the images: 12 digits. Credentials of any other are refused.
    pub account: String,
    /// The region in which images are made.
    pub home: String,
    /// Every region in which an image is to be, the home region among them.
    pub regions: BTreeMap<String, Region>,
    /// Whom images are shared with, exactly: who is not named here loses what they had.
    pub share: Share,
    /// Where channels are kept.
    pub channels: Channels,
    /// How long after its publication an image is called deprecated; never if `None`. AWS allows ten years.
    pub deprecate_after: Option<Duration>,
    /// Whether a published image is protected from being deregistered.
    pub protection: Protection,
    /// More tags for images and snapshots. None begins with `aws:` or `hallmark:`.
    pub tags: BTreeMap<String, String>,
    /// How long to wait for AWS, and how often to look.
    pub wait: Wait,
}

/// One region.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Region {
    /// The KMS key (ARN or `alias/…`) that copies there are encrypted with. Without one, a copy is as its source is. In the
    /// home region nothing is copied: there the image has to be encrypted with it already.
    pub kms_key: Option<String>,
}

/// Whom images are shared with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Share {
    /// Accounts.
    pub accounts: BTreeSet<String>,
    /// ARNs of organisations.
    pub organizations: BTreeSet<String>,
    /// ARNs of organisational units.
    pub organizational_units: BTreeSet<String>,
    /// Whether accounts may also use the snapshots: needed where they copy images or read their blocks to verify them.
    pub snapshots: bool,
    /// Whether accounts are given grants on the keys. Without, the keys' policies have to allow them.
    pub grants: bool,
}

/// Where channels are kept: parameters of the Systems Manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channels {
    /// What every parameter's name begins with: `/hallmark`. No `/` at its end.
    pub prefix: String,
    /// The region whose channel is repointed first, and seen to be, before the others follow.
    pub canary: String,
    /// Other accounts that have the channels as well, with the role that writes them there.
    pub accounts: BTreeMap<String, String>,
}

/// Whether images can be deregistered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Protection {
    /// They can.
    #[default]
    Off,
    /// Not while they are protected.
    On,
    /// Nor for 24 hours after that.
    WithCooldown,
}

/// How long to wait for AWS, and how often to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// For all images of a release to become available.
    pub images: Duration,
    /// For a channel's parameter to show what it was set to.
    pub channel: Duration,
    /// The longest pause between two looks.
    pub poll: Duration,
}

impl Default for Wait {
    fn default() -> Self {
        Self {
            images: Duration::from_secs(4 * 3600),
            channel: Duration::from_secs(300),
            poll: Duration::from_secs(15),
        }
    }
}
