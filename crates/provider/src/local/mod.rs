//! The provider that is a directory: content-addressed images, releases, and channels that repoint in one step.
//!
//! ```text
//! store.json                        what makes the folder a store
//! images/<content digest>/          image.json, the disks as it names them, tags.json, manifests/
//! releases/<release id>.json        an image, published under a name
//! channels/<family>/<channel>.json  what is shown, what was, and every step
//! journal/                          the change being made; operations begun and not finished
//! staging/                          nothing here is part of the store yet
//! lock                              held by the one publisher
//! ```

mod channels;
mod copy;
mod effects;
mod images;
mod intents;
mod read;
mod records;
#[cfg(test)]
mod tests;
mod write;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use model::ContentDigest;

use crate::{
    Answer, Begun, BoxError, Capabilities, Channel, ChannelName, Created, Distribution, Error, Image,
    ImageId, Intent, Name, NewImage, Provider, Reader, ReleaseId, Repointed, State,
};
use effects::{Effects, RealEffects};
use records::Layout;

/// Computes a disk's content digest. The store hashes what it stored and believes nobody's word for it.
pub trait Digester {
    /// The `hallmarkBlocks1` digest of a raw disk.
    ///
    /// # Errors
    /// It could not be read.
    fn digest(&self, disk: &Path) -> Result<ContentDigest, BoxError>;
}

impl<F: Fn(&Path) -> Result<ContentDigest, BoxError>> Digester for F {
    fn digest(&self, disk: &Path) -> Result<ContentDigest, BoxError> {
        self(disk)
    }
}

/// How a [`Local`] store behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long to wait for another publisher; zero: not at all.
    pub lock_timeout: Duration,
}

/// A directory that behaves like a provider.
pub struct Local {
    layout: Layout,
    settings: Settings,
    digester: Rc<dyn Digester>,
    effects: Rc<dyn Effects>,
}

impl Local {
    /// A store in a folder. Nothing is looked at or made until it is used, and reading never makes anything.
    pub fn new(root: impl Into<PathBuf>, settings: Settings, digester: impl Digester + 'static) -> Self {
        Self::with_effects(root.into(), settings, Rc::new(digester), Rc::new(RealEffects))
    }

    fn with_effects(
        root: PathBuf,
        settings: Settings,
        digester: Rc<dyn Digester>,
        effects: Rc<dyn Effects>,
    ) -> Self {
        Self { layout: Layout { root }, settings, digester, effects }
    }
}

impl Provider for Local {
    fn name(&self) -> &'static str {
        "local"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { read_blocks: true }
    }

    fn distribution(&self) -> Distribution {
        Distribution { provider: "local".into(), locations: Vec::new() }
    }

    fn image_id(&self, content: &ContentDigest) -> Option<ImageId> {
        Some(read::image_id(content))
    }

    fn find<'a>(&'a self, name: &'a Name, release: &'a ReleaseId) -> Answer<'a, Option<Image>> {
        Box::pin(async move {
            match self.release(release)? {
                Some(record) if record.name == *name => self.image(&record.image_id, false).map(Some),
                _ => Ok(None),
            }
        })
    }

    fn describe<'a>(&'a self, image: &'a ImageId, verify: bool) -> Answer<'a, Image> {
        Box::pin(async move { self.image(image, verify) })
    }

    fn create<'a>(&'a self, new: &'a NewImage) -> Answer<'a, Created> {
        Box::pin(async move { self.hold().await?.create(new) })
    }

    fn channel<'a>(&'a self, channel: &'a ChannelName) -> Answer<'a, Option<Channel>> {
        Box::pin(async move { self.shown_by(channel) })
    }

    fn set_channel<'a>(
        &'a self,
        channel: &'a ChannelName,
        release: &'a ReleaseId,
        at: Timestamp,
    ) -> Answer<'a, Repointed> {
        Box::pin(async move { self.hold().await?.set(channel, release, at) })
    }

    fn restore_channel<'a>(
        &'a self,
        channel: &'a ChannelName,
        leaving: &'a ReleaseId,
        at: Timestamp,
    ) -> Answer<'a, Repointed> {
        Box::pin(async move { self.hold().await?.restore(channel, leaving, at) })
    }

    fn deprecate<'a>(&'a self, image: &'a ImageId, at: Timestamp) -> Answer<'a, Image> {
        Box::pin(async move { self.hold().await?.tag(image, State::Deprecated, at) })
    }

    fn disable<'a>(&'a self, image: &'a ImageId, at: Timestamp) -> Answer<'a, Image> {
        Box::pin(async move { self.hold().await?.tag(image, State::Disabled, at) })
    }

    fn delete<'a>(&'a self, image: &'a ImageId, _at: Timestamp) -> Answer<'a, bool> {
        Box::pin(async move { self.hold().await?.delete(image) })
    }

    fn read_disk<'a>(&'a self, image: &'a ImageId, device: &'a str) -> Answer<'a, Reader> {
        Box::pin(async move {
            let found = self.image(image, false)?;
            let disk = found.manifest.disks.iter().find(|disk| disk.device == device);
            let disk = disk.ok_or_else(|| Error::NoDisk(device.to_owned()))?;
            let path = self.folder(image)?.join(&disk.file);
            match File::open(&path) {
                Ok(file) => Ok(Box::new(file) as Reader),
                Err(source) => Err(Error::Io { what: "open", path, source }),
            }
        })
    }

    fn begin<'a>(&'a self, intent: &'a Intent) -> Answer<'a, Begun> {
        Box::pin(async move { self.hold().await?.begin(intent) })
    }

    fn finish<'a>(&'a self, intent: &'a Intent) -> Answer<'a, ()> {
        Box::pin(async move { self.hold().await?.finish(intent) })
    }
}
