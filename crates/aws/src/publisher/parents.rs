//! What a disk's snapshot can be the continuation of, so that only what differs has to be sent: the image that a channel
//! of its family shows, else the base image that it was built on. However that was made: as a disk that was sent, or as an
//! AMI that was read.

use std::collections::BTreeSet;

use blocks::GIB;
use model::Disk;
use provider::{Entry, Error, ReleaseId};

use super::records::{CHANNELS, Shown};
use super::release::Work;
use super::uploads::{Kept, Parent};
use super::{Aws, failed, images, keys, remote};
use crate::snapshots::{Pace, Reader, SoFar, read_said};
use crate::upload::{self, State};
use crate::{BlockMap, Place};

impl Aws {
    /// A snapshot of this account and region that was proven, is no larger than the disk, encrypted as the disk is to be,
    /// and whose blocks are known, or are read now. None: the disk is sent whole.
    pub(super) async fn parent_for(
        &self,
        work: &Work<'_>,
        home: &Place,
        disk: &Disk,
    ) -> Result<Option<Parent>, Error> {
        let shown = self.shown_below(&format!("{CHANNELS}{}/", self.settings.family)).await?;
        let family = shown.into_iter().map(|entry| entry.release_id).collect();
        if let Some(parent) = self.parent_among(work, home, family, disk).await? {
            return Ok(Some(parent));
        }
        let Some(base) = &work.new.manifest.base else { return Ok(None) };
        let mut shown = self.shown_below(CHANNELS).await?;
        shown.retain(|entry| entry.content_digest == base.content_digest);
        let based = shown.into_iter().map(|entry| entry.release_id).collect();
        self.parent_among(work, home, based, disk).await
    }

    /// One of these releases' snapshots: rather one whose blocks are known than one that has to be read.
    async fn parent_among(
        &self,
        work: &Work<'_>,
        home: &Place,
        releases: BTreeSet<ReleaseId>,
        disk: &Disk,
    ) -> Result<Option<Parent>, Error> {
        let mut unknown = Vec::new();
        for release in releases {
            let Some((parent, bytes)) = self.continued(work, home, &release, disk).await? else { continue };
            match self.map_of(&parent.content_digest).await? {
                Kept::Map(_) => return Ok(Some(parent)),
                Kept::Unreadable(error) => {
                    let what = "delete it, and the snapshot is read once more";
                    self.say(&format!("nothing continues {}: {error}; {what}", parent.snapshot));
                }
                kept if bytes <= BlockMap::SURE_BYTES => unknown.push((parent, kept)),
                _ => {}
            }
        }
        for (parent, kept) in unknown {
            if self.read_again(home, &parent, kept).await? {
                return Ok(Some(parent));
            }
        }
        Ok(None)
    }

    /// Reads a snapshot whose map was not kept, or is wrong, and keeps its map. It is no parent if it cannot be read, or has
    /// other content than its release says.
    ///
    /// It costs a call for each of its blocks with data, at about half of what writing that block costs, and as much time
    /// as reading the disk back does. So it pays where half of the blocks stay what they are, which is what the next image
    /// of a family is; and it is done once, for the map is there afterwards. A disk that may have more blocks than a map is
    /// not read: that would be for nothing, each time.
    async fn read_again(&self, home: &Place, parent: &Parent, kept: Kept) -> Result<bool, Error> {
        let Parent { snapshot, content_digest } = parent;
        self.say(&format!("{}: reading {snapshot}, for no list of its blocks is kept", home.region));
        let (reader, so_far) = (Reader::new(home, Pace::default()), SoFar::default());
        let reading = async { Ok(reader.snapshot(snapshot, &so_far).await) };
        let read = match self.while_told(true, || read_said(home, snapshot, &so_far), reading).await? {
            Ok(read) => read,
            Err(error) => {
                self.say(&format!("{}: nothing continues {snapshot}: {error}", home.region));
                return Ok(false);
            }
        };
        let found = read.digested.content_digest;
        let map = match read.map {
            Some(map) if found == *content_digest => map,
            _ => {
                let why = format!("it has the content {found}, and its release {content_digest}");
                self.say(&format!("{}: nothing continues {snapshot}: {why}", home.region));
                return Ok(false);
            }
        };
        match kept {
            Kept::Wrong(wrong) => self.map_mended(content_digest, &map, &wrong).await?,
            _ => self.map_kept(content_digest, Some(&map)).await?,
        }
        Ok(true)
    }

    /// What channels show, by the key that they begin with.
    async fn shown_below(&self, prefix: &str) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        for key in self.records.keys(prefix).await.map_err(remote)? {
            let shown = self.records.read::<Shown>(&key).await.map_err(remote)?;
            entries.extend(shown.and_then(|shown| shown.value.channel).map(|channel| channel.current));
        }
        Ok(entries)
    }

    /// The snapshot of a release's disk, if it can be continued, and its size in bytes.
    async fn continued(
        &self,
        work: &Work<'_>,
        home: &Place,
        release: &ReleaseId,
        disk: &Disk,
    ) -> Result<Option<(Parent, u64)>, Error> {
        let Some(record) = self.release(release).await? else { return Ok(None) };
        let manifest = &record.value.manifest;
        let image = record.value.images.get(&home.region).filter(|copied| copied.proven);
        let before = manifest.disks.iter().find(|before| before.device == disk.device);
        let (Some(image), Some(before)) = (image, before) else { return Ok(None) };
        if record.value.retired_on.is_some()
            || manifest.architecture != work.new.manifest.architecture
            || before.size_bytes.div_ceil(GIB) > disk.size_bytes.div_ceil(GIB)
        {
            return Ok(None);
        }
        let image = images::image(home, &image.image).await.map_err(failed)?;
        let snapshot = image.and_then(|image| Some(image.disks.get(&disk.device)?.snapshot.clone()));
        let Some(snapshot) = snapshot else { return Ok(None) };
        match upload::state(home, &snapshot).await.map_err(failed)? {
            State::Completed { kms_key } if kms_key == self.key_at_home(home).await? => {
                let content_digest = before.content_digest;
                Ok(Some((Parent { snapshot, content_digest }, before.size_bytes)))
            }
            _ => Ok(None),
        }
    }

    /// The ARN of the key that a snapshot in the home region is encrypted with, if it is.
    async fn key_at_home(&self, home: &Place) -> Result<Option<String>, Error> {
        let key = match self.wanted_key(home).await? {
            Some(wanted) => return Ok(Some(wanted)),
            None if keys::encrypts_by_default(home).await.map_err(failed)? => {
                keys::default_key(home).await.map_err(failed)?
            }
            None => return Ok(None),
        };
        Ok(Some(keys::key(home, &key).await.map_err(failed)?.arn))
    }

    /// The ARN of the key that the distribution names for the home region.
    pub(super) async fn wanted_key(&self, home: &Place) -> Result<Option<String>, Error> {
        match self.to.regions.get(&home.region).and_then(|region| region.kms_key.as_deref()) {
            Some(wanted) => Ok(Some(keys::key(home, wanted).await.map_err(failed)?.arn)),
            None => Ok(None),
        }
    }
}
