//! The seam: what every provider can be asked, and the types that its answers are made of.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::Read;
use std::path::PathBuf;
use std::pin::Pin;

use jiff::Timestamp;
use model::{ContentDigest, ImageManifest};
use serde::{Deserialize, Serialize};

use crate::{ChannelName, Distribution, Error, ImageId, Name, Release, ReleaseId};

/// What a provider gives back, in its own time.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + 'a>>;

/// A disk that can be read from front to back.
pub type Reader = Box<dyn Read + Send>;

/// A place where images are kept and published.
///
/// Every operation that changes something can be repeated: it first looks whether it has been done. `at` is the
/// caller's clock; a provider has none of its own.
pub trait Provider {
    /// Its name: `local`, `aws`.
    fn name(&self) -> &'static str;

    /// What it can do beyond what every provider can.
    fn capabilities(&self) -> Capabilities;

    /// Where it would publish to: a part of the release id.
    fn distribution(&self) -> Distribution;

    /// The id that an image of this content would have here, where that is known before it is created.
    fn image_id(&self, content: &ContentDigest) -> Option<ImageId>;

    /// Looks whether everything is there that publishing needs, before anything is changed. All that is wrong is told at once.
    fn ready(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// What publishing would change beyond what [`Created`] and [`Repointed`] tell, in order. Nothing is changed.
    fn changes<'a>(&'a self, new: &'a NewImage, channel: Option<&'a ChannelName>) -> Answer<'a, Vec<Change>> {
        let _ = (new, channel);
        Box::pin(async { Ok(Vec::new()) })
    }

    /// The published image with this name and release id.
    fn find<'a>(&'a self, name: &'a Name, release: &'a ReleaseId) -> Answer<'a, Option<Image>>;

    /// An image. With `verify`, its disks are read and compared with its manifest.
    fn describe<'a>(&'a self, image: &'a ImageId, verify: bool) -> Answer<'a, Image>;

    /// Creates an image and its release, or adopts what is there. What is adopted has been verified.
    fn create<'a>(&'a self, new: &'a NewImage) -> Answer<'a, Created>;

    /// What a channel shows.
    fn channel<'a>(&'a self, channel: &'a ChannelName) -> Answer<'a, Option<Channel>>;

    /// Points a channel at a release in one step; what it showed before becomes its prior value.
    fn set_channel<'a>(
        &'a self,
        channel: &'a ChannelName,
        release: &'a ReleaseId,
        at: Timestamp,
    ) -> Answer<'a, Repointed>;

    /// Points a channel back at what it showed before `leaving`. Done already, it changes nothing; if the channel
    /// has moved on since, it is [`Error::Superseded`]. The prior image is verified first.
    fn restore_channel<'a>(
        &'a self,
        channel: &'a ChannelName,
        leaving: &'a ReleaseId,
        at: Timestamp,
    ) -> Answer<'a, Repointed>;

    /// The last step of a publish, when the channel shows the release: what would stand in the way of going back.
    fn seal<'a>(&'a self, release: &'a ReleaseId) -> Answer<'a, ()> {
        let _ = release;
        Box::pin(async { Ok(()) })
    }

    /// Marks an image that is not to be published, and keeps it.
    fn reject<'a>(&'a self, image: &'a ImageId, why: &'a str) -> Answer<'a, ()> {
        let _ = (image, why);
        let provider = self.name();
        Box::pin(async move { Err(Error::Unsupported { provider, what: "mark an image as rejected" }) })
    }

    /// Marks an image as one that should not be chosen any more; it can still be launched.
    fn deprecate<'a>(&'a self, image: &'a ImageId, at: Timestamp) -> Answer<'a, Image>;

    /// Marks an image as one that must not be launched any more.
    fn disable<'a>(&'a self, image: &'a ImageId, at: Timestamp) -> Answer<'a, Image>;

    /// Removes an image and its releases. Whether there was one is the answer. An image that a channel shows, or
    /// would show after one rollback, stays.
    fn delete<'a>(&'a self, image: &'a ImageId, at: Timestamp) -> Answer<'a, bool>;

    /// A disk's bytes, if [`Capabilities::read_blocks`].
    fn read_disk<'a>(&'a self, image: &'a ImageId, device: &'a str) -> Answer<'a, Reader>;

    /// Writes down what is about to be done. If the same was begun before and not finished, that is the answer.
    fn begin<'a>(&'a self, intent: &'a Intent) -> Answer<'a, Begun>;

    /// Keeps evidence about a release beside it, each file by its name. What is kept already is left alone.
    fn keep<'a>(&'a self, release: &'a ReleaseId, files: &'a [PathBuf]) -> Answer<'a, ()> {
        let _ = (release, files);
        Box::pin(async { Ok(()) })
    }

    /// Strikes out what is done, evidence included.
    fn finish<'a>(&'a self, intent: &'a Intent) -> Answer<'a, ()>;

    /// Lets other publishers go on. Called at the end, whatever it was.
    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

/// Something that publishing would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where: an account and a region.
    pub place: String,
    /// What, as a sentence without its end.
    pub what: String,
}

/// What a provider can do beyond what every provider can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// The blocks of a stored image can be read back and hashed.
    pub read_blocks: bool,
}

/// Whether an image should be, may be, or must not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It may be launched.
    Available,
    /// It may be launched, and a newer one should be.
    Deprecated,
    /// It must not be launched.
    Disabled,
}

/// An image as the provider has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The provider's id.
    pub id: ImageId,
    /// Its content, from its manifest.
    pub content_digest: ContentDigest,
    /// Its manifest.
    pub manifest: ImageManifest,
    /// Whether it may be used.
    pub state: State,
    /// When it was created.
    pub created_on: Timestamp,
    /// What it is published as.
    pub releases: Vec<Published>,
    /// Where it is: a folder, an ARN.
    pub location: String,
    /// Its ids by region, where it has several.
    pub regions: BTreeMap<String, ImageId>,
}

/// A release that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its id.
    pub id: ReleaseId,
    /// The name it was published under.
    pub name: Name,
    /// When.
    pub published_on: Timestamp,
}

/// An image to be created and released.
#[derive(Debug, Clone)]
pub struct NewImage {
    /// What it is to be published as.
    pub release: Release,
    /// Its manifest.
    pub manifest: ImageManifest,
    /// What it is made from.
    pub source: Source,
    /// The caller's clock.
    pub at: Timestamp,
}

/// What an image is made from.
#[derive(Debug, Clone)]
pub enum Source {
    /// Raw disks on this machine, one for each of the manifest's.
    Raw(Vec<RawDisk>),
    /// An image that the provider has already, because the build tool made it there.
    Adopt(ImageId),
}

/// A raw disk on this machine.
#[derive(Debug, Clone)]
pub struct RawDisk {
    /// The manifest's device.
    pub device: String,
    /// The file that holds it.
    pub path: PathBuf,
}

/// What [`Provider::create`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The image.
    pub image: Image,
    /// The provider had this content: nothing was copied.
    pub adopted: bool,
    /// It was published under this release before.
    pub released_before: bool,
}

/// What a channel shows, showed, and how it came to that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Channel {
    /// Which channel.
    pub channel: ChannelName,
    /// What it shows.
    pub current: Entry,
    /// What a rollback goes back to, and then the one after that.
    pub prior: Vec<Entry>,
    /// Every step, oldest first.
    pub history: Vec<Move>,
}

/// A release that a channel shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// The release.
    pub release_id: ReleaseId,
    /// Its image.
    pub image_id: ImageId,
    /// The image's content.
    pub content_digest: ContentDigest,
    /// The name it was published under.
    pub name: Name,
}

/// One step of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Move {
    /// When.
    pub at: Timestamp,
    /// Forward or back.
    pub step: Step,
    /// What the channel showed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Entry>,
    /// What it showed from then on.
    pub to: Entry,
}

/// The direction of a channel's step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// To what was published.
    Set,
    /// Back to the prior value.
    Restore,
}

/// What became of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repointed {
    /// The channel as it is now.
    pub channel: Channel,
    /// What it showed before the step that led here, whoever took it.
    pub from: Option<Entry>,
    /// It was changed just now; otherwise that had been done before.
    pub changed: bool,
}

/// Something that is about to be done, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Intent {
    /// What.
    pub operation: Operation,
    /// Publish: the release. Rollback: the release that the channel leaves.
    pub release_id: ReleaseId,
    /// The channel that is to be repointed, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelName>,
    /// When it was begun.
    pub begun_on: Timestamp,
}

/// The operations that the journal knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// An image is published.
    Publish,
    /// A channel is rolled back.
    Rollback,
}

/// The answer to [`Provider::begin`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It was written down.
    New,
    /// It had been begun before and was not finished. A rollback that was begun is the one to finish, whatever
    /// release the caller meant to leave: otherwise a killed rollback, run again, would go back two steps.
    Before(Intent),
}
