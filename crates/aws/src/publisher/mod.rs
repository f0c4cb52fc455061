//! The provider `aws`: images that the build tool made in one region, or that are made there of disks on this machine;
//! copied to other regions, shared, and shown by channels.
//!
//! Every step looks what is there, says what it would change, and changes only that. So a publish that was killed at any
//! point ends, run again, where it would have ended; a plan is the same steps without the changes; and a second publish
//! changes nothing. What cannot be looked up (which image a copy became, what a channel showed before) is written down
//! first, in records beside the images ([`archive::Records`]):
//!
//! ```text
//! releases/<release id>.json        what is published, and its image in each region
//! uploads/<release id>.json         its disks on their way to snapshots, where it is made of disks
//! blocks/<content digest>.json      which blocks such a disk has: the next one is sent as what differs
//! channels/<family>/<channel>.json  what is shown, what was, every step, and a step that is under way
//! intents/…                         operations begun and not finished
//! evidence/<release id>/…           what allowed the release, and the release statement
//! leases/<family>.json              held by the one publisher
//! ```

pub mod abandoned;
mod adopt;
mod channel;
mod copies;
mod family;
mod images;
mod journal;
mod keys;
mod lease;
mod look;
mod parameters;
mod parents;
mod proof;
mod raw;
mod ready;
mod records;
mod references;
mod register;
mod release;
mod retire;
mod share;
mod shelf;
mod steps;
mod still;
mod uploads;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use archive::Records;
use jiff::Timestamp;
use model::ContentDigest;
use provider::{
    Answer, Begun, Capabilities, Change, Channel, ChannelName, Created, Error, Image, ImageId, Intent, Name,
    NewImage, Provider, Reader, ReleaseId, Repointed,
};

use crate::distribution::Distribution;
use crate::{Account, Failure, Place};
use lease::Lease;
pub use lease::{Clock, Holder};
use records::Release;

/// Tells people how far it is.
pub type Say = Rc<dyn Fn(&str)>;

/// The tag that says of which release an image or a snapshot is.
pub const RELEASE_TAG: &str = "hallmark:release";
/// The tag with the image's content digest.
pub const CONTENT_TAG: &str = "hallmark:content-digest";
/// The tag of an image that was rejected: why.
pub const REJECTED_TAG: &str = "hallmark:rejected";

/// How a publisher behaves.
#[derive(Clone)]
pub struct Settings {
    /// Who publishes.
    pub holder: Holder,
    /// The image family: of two publishers of one family, one waits or stops.
    pub family: String,
    /// How long to wait for another publisher; zero: not at all.
    pub lock_timeout: Duration,
    /// The clock.
    pub clock: Clock,
    /// Where progress is told.
    pub say: Say,
}

/// AWS as a place where images are published.
pub struct Aws {
    owner: Account,
    /// The other accounts that have the channels, by number.
    others: BTreeMap<String, Account>,
    to: Distribution,
    records: Rc<Records>,
    lease: Lease,
    settings: Settings,
    /// What is known of keys, by region and by what the distribution calls them.
    keys: RefCell<BTreeMap<(String, String), keys::Key>>,
}

impl Aws {
    /// A publisher with the owner's credentials. Roles in other accounts are assumed now; nothing is changed.
    ///
    /// # Errors
    /// The credentials are of another account or partition, or a role cannot be assumed.
    pub async fn new(
        owner: Account,
        to: Distribution,
        records: Records,
        settings: Settings,
    ) -> Result<Self, Error> {
        ready::is_owner(&owner, &to)?;
        let (asking, home) = (&owner, &to.home);
        let others = all(to.channels.accounts.iter().map(|(id, role)| async move {
            let other = asking.assume(role, "hallmark-register-ami", home).await.map_err(failed)?;
            if other.id() != id {
                let what = format!("the role {role} is of the account {}, and not of {id}", other.id());
                return Err(Error::NotReady(vec![what]));
            }
            Ok((id.clone(), other))
        }))
        .await?;
        let others = others.into_iter().collect();
        let records = Rc::new(records);
        let lease = Lease::new(
            Rc::clone(&records),
            &settings.family,
            settings.holder.clone(),
            settings.lock_timeout,
            Rc::clone(&settings.clock),
        );
        Ok(Self { owner, others, to, records, lease, settings, keys: RefCell::default() })
    }

    fn home(&self) -> Rc<Place> {
        self.owner.place(&self.to.home)
    }

    /// The owner's regions, home first.
    fn regions(&self) -> Vec<Rc<Place>> {
        let away = self.to.regions.keys().filter(|region| **region != self.to.home);
        std::iter::once(&self.to.home).chain(away).map(|region| self.owner.place(region)).collect()
    }

    /// Every region of every account that has the channels, the owner's first.
    fn shelves(&self) -> Vec<Rc<Place>> {
        let others = self
            .others
            .values()
            .flat_map(|account| self.to.regions.keys().map(|region| account.place(region)));
        self.regions().into_iter().chain(others).collect()
    }

    /// Every region of every account where a release can be, or something can refer to it: those of its images too, which
    /// the distribution may have no more.
    fn reach(&self, record: &Release) -> Vec<Rc<Place>> {
        let named = record.images.keys().chain(self.to.regions.keys());
        let regions: BTreeSet<_> = named.collect();
        let accounts = std::iter::once(&self.owner).chain(self.others.values());
        accounts.flat_map(|account| regions.iter().map(move |region| account.place(region))).collect()
    }

    fn now(&self) -> Timestamp {
        (self.settings.clock)()
    }

    fn say(&self, text: &str) {
        (self.settings.say)(text);
    }
}

/// Another crate's error, as a provider's.
fn remote(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Remote(Box::new(error))
}

/// A call that failed, as a provider's error.
fn failed(failure: Box<Failure>) -> Error {
    Error::Remote(failure)
}

/// Waits for all of them, and then tells the first error: what runs beside a failure comes to its own end.
async fn all<T, F>(futures: impl IntoIterator<Item = F>) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    futures_util::future::join_all(futures).await.into_iter().collect()
}

impl Provider for Aws {
    fn name(&self) -> &'static str {
        "aws"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { read_blocks: false }
    }

    /// The account and the region that images are made in. Further regions and whom they are shared with are no part of
    /// it: adding one publishes no other release.
    fn distribution(&self) -> provider::Distribution {
        let location = format!("{}/{}/{}", self.to.partition, self.to.account, self.to.home);
        provider::Distribution { provider: "aws".into(), locations: vec![location] }
    }

    fn image_id(&self, _content: &ContentDigest) -> Option<ImageId> {
        None
    }

    fn ready(&self) -> Answer<'_, ()> {
        Box::pin(self.is_ready())
    }

    fn changes<'a>(&'a self, new: &'a NewImage, channel: Option<&'a ChannelName>) -> Answer<'a, Vec<Change>> {
        Box::pin(self.planned(new, channel))
    }

    fn find<'a>(&'a self, name: &'a Name, release: &'a ReleaseId) -> Answer<'a, Option<Image>> {
        Box::pin(async move {
            let record = self.release(release).await?.map(|record| record.value);
            match record.filter(|record| record.name == *name && record.is_out()) {
                Some(record) => self.described(&record).await.map(Some),
                None => Ok(None),
            }
        })
    }

    fn describe<'a>(&'a self, image: &'a ImageId, _verify: bool) -> Answer<'a, Image> {
        Box::pin(async move { self.described(&self.release_of(image).await?.value).await })
    }

    fn create<'a>(&'a self, new: &'a NewImage) -> Answer<'a, Created> {
        Box::pin(self.publish(new))
    }

    fn channel<'a>(&'a self, channel: &'a ChannelName) -> Answer<'a, Option<Channel>> {
        Box::pin(async move { Ok(self.shown(channel).await?.and_then(|shown| shown.value.channel)) })
    }

    fn set_channel<'a>(
        &'a self,
        channel: &'a ChannelName,
        release: &'a ReleaseId,
        at: Timestamp,
    ) -> Answer<'a, Repointed> {
        Box::pin(self.point(channel, release, at))
    }

    fn restore_channel<'a>(
        &'a self,
        channel: &'a ChannelName,
        leaving: &'a ReleaseId,
        at: Timestamp,
    ) -> Answer<'a, Repointed> {
        Box::pin(self.point_back(channel, leaving, at))
    }

    fn seal<'a>(&'a self, release: &'a ReleaseId) -> Answer<'a, ()> {
        Box::pin(self.protect(release))
    }

    fn deprecate<'a>(&'a self, image: &'a ImageId, at: Timestamp) -> Answer<'a, Image> {
        Box::pin(self.retire_to(image, retire::Stage::Deprecated, at))
    }

    fn disable<'a>(&'a self, image: &'a ImageId, at: Timestamp) -> Answer<'a, Image> {
        Box::pin(self.retire_to(image, retire::Stage::Disabled, at))
    }

    fn delete<'a>(&'a self, image: &'a ImageId, at: Timestamp) -> Answer<'a, bool> {
        Box::pin(self.remove(image, at))
    }

    fn reject<'a>(&'a self, image: &'a ImageId, why: &'a str) -> Answer<'a, ()> {
        Box::pin(self.mark_rejected(image, why))
    }

    fn read_disk<'a>(&'a self, _image: &'a ImageId, _device: &'a str) -> Answer<'a, Reader> {
        Box::pin(async {
            Err(Error::Unsupported { provider: "aws", what: "read a disk from front to back" })
        })
    }

    fn keep<'a>(&'a self, release: &'a ReleaseId, files: &'a [PathBuf]) -> Answer<'a, ()> {
        Box::pin(self.kept(release, files))
    }

    fn begin<'a>(&'a self, intent: &'a Intent) -> Answer<'a, Begun> {
        Box::pin(self.begun(intent))
    }

    fn finish<'a>(&'a self, intent: &'a Intent) -> Answer<'a, ()> {
        Box::pin(self.finished(intent))
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(self.lease.give_back())
    }
}
