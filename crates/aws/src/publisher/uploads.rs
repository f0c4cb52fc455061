//! What is written down of disks on their way to snapshots: `uploads/<release id>.json`, and `blocks/<content digest>.json`
//! for the disks that come after. A snapshot is written down before anything goes to it, and before it is deleted.

use std::collections::{BTreeMap, BTreeSet};

use archive::Record;
use model::{ContentDigest, Sha256};
use provider::{Error, ReleaseId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;

use super::images::{self, FoundImage};
use super::release::Work;
use super::{Aws, failed, remote};
use crate::{BlockMap, Place};

/// The disks of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Uploads {
    pub(super) release_id: ReleaseId,
    /// By device.
    pub(super) disks: BTreeMap<String, Upload>,
    /// Snapshots that nothing is made of, to be deleted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) abandoned: BTreeSet<String>,
}

/// One disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Upload {
    /// How many snapshots before this one came to nothing: a part of the token.
    pub(super) generation: u32,
    /// What its snapshot is the continuation of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parent: Option<Parent>,
    /// Its snapshot, once it is begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) snapshot: Option<String>,
    /// All blocks before this index that have to be written were.
    #[serde(default)]
    pub(super) through: u64,
    /// All were, and the disk was seen to be what was decided about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sealed: Option<Sealed>,
    /// The completed snapshot was read back, and is the disk.
    #[serde(default)]
    pub(super) proven: bool,
}

/// The snapshot that another is the continuation of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Parent {
    pub(super) snapshot: String,
    /// What is on it.
    pub(super) content_digest: ContentDigest,
}

/// What completes a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Sealed {
    pub(super) written: u32,
    pub(super) checksum: Sha256,
}

impl Upload {
    /// The next one, after this came to nothing: whole, for it may have been the parent.
    const fn after(&self) -> Self {
        Self {
            generation: self.generation.saturating_add(1),
            parent: None,
            snapshot: None,
            through: 0,
            sealed: None,
            proven: false,
        }
    }
}

fn key(id: &ReleaseId) -> String {
    format!("uploads/{id}.json")
}

fn map_key(content: &ContentDigest) -> String {
    format!("blocks/{}.json", content.sha256())
}

/// The record of a release's disks. They are on their way beside each other, and it is written by one of them at a time, over
/// what the one before has written.
pub(super) struct Ledger<'a> {
    aws: &'a Aws,
    home: &'a Place,
    record: Mutex<Record<Uploads>>,
}

impl Ledger<'_> {
    /// What is written down now.
    pub(super) async fn value(&self) -> Uploads {
        self.record.lock().await.value.clone()
    }

    /// What is written down of one disk.
    pub(super) async fn upload(&self, device: &str) -> Result<Upload, Error> {
        let upload = self.record.lock().await.value.disks.get(device).cloned();
        upload.ok_or_else(|| Error::NoDisk(device.to_owned()))
    }

    /// Writes one disk's part anew.
    pub(super) async fn write(&self, device: &str, upload: Upload) -> Result<(), Error> {
        let mut record = self.record.lock().await;
        let mut value = record.value.clone();
        value.disks.insert(device.to_owned(), upload);
        *record = self.aws.uploads_written(Some(&*record), value).await?;
        Ok(())
    }

    /// Writes down that a disk's snapshot came to nothing, and deletes it.
    pub(super) async fn abandon(&self, device: &str) -> Result<(), Error> {
        let mut record = self.record.lock().await;
        let mut value = record.value.clone();
        if let Some(upload) = value.disks.get_mut(device) {
            value.abandoned.extend(upload.snapshot.clone());
            *upload = upload.after();
        }
        *record = self.aws.uploads_written(Some(&*record), value).await?;
        self.cleared(&mut record).await
    }

    /// Deletes what came to nothing.
    pub(super) async fn clear(&self) -> Result<(), Error> {
        self.cleared(&mut *self.record.lock().await).await
    }

    async fn cleared(&self, record: &mut Record<Uploads>) -> Result<(), Error> {
        for snapshot in &record.value.abandoned {
            self.aws.lease.hold().await?;
            images::delete_snapshot(self.home, snapshot).await.map_err(failed)?;
        }
        let value = Uploads { abandoned: BTreeSet::new(), ..record.value.clone() };
        *record = self.aws.uploads_written(Some(&*record), value).await?;
        Ok(())
    }
}

impl Aws {
    /// The record of a release's disks: begun now, or before. What each continues is chosen now.
    pub(super) async fn uploads_opened<'a>(
        &'a self,
        work: &Work<'_>,
        home: &'a Place,
    ) -> Result<Ledger<'a>, Error> {
        let record = match self.uploads(&work.id).await? {
            Some(there) => there,
            None => {
                let mut disks = BTreeMap::new();
                for disk in &work.new.manifest.disks {
                    let parent = self.parent_for(work, home, disk).await?;
                    disks.insert(disk.device.clone(), Upload { parent, ..Upload::default() });
                }
                let fresh = Uploads { release_id: work.id, disks, abandoned: BTreeSet::new() };
                self.uploads_written(None, fresh).await?
            }
        };
        Ok(Ledger { aws: self, home, record: Mutex::new(record) })
    }

    /// The record of a release's disks, if there is one.
    pub(super) async fn uploads(&self, id: &ReleaseId) -> Result<Option<Record<Uploads>>, Error> {
        let key = key(id);
        match self.records.read::<Uploads>(&key).await.map_err(remote)? {
            Some(there) if there.value.release_id != *id => Err(Error::Lost {
                what: format!("{}, which is of another release,", self.records.place(&key)),
            }),
            there => Ok(there),
        }
    }

    async fn uploads_written(
        &self,
        there: Option<&Record<Uploads>>,
        value: Uploads,
    ) -> Result<Record<Uploads>, Error> {
        if let Some(there) = there.filter(|there| there.value == value) {
            return Ok(there.clone());
        }
        self.lease.hold().await?;
        let key = key(&value.release_id);
        match self.records.write(&key, &value, there).await.map_err(remote)? {
            Some(record) => Ok(record),
            None => Err(Error::Lost { what: self.records.place(&key) }),
        }
    }

    /// Whether an image is made of snapshots that were read back when they were written.
    pub(super) async fn made_of_proven(&self, work: &Work<'_>, image: &FoundImage) -> Result<bool, Error> {
        let Some(record) = self.uploads(&work.id).await? else { return Ok(false) };
        let disks = &work.new.manifest.disks;
        Ok(image.disks.len() == disks.len()
            && disks.iter().all(|disk| {
                let upload = record.value.disks.get(&disk.device).filter(|upload| upload.proven);
                let made_of = image.disks.get(&disk.device).map(|disk| &disk.snapshot);
                upload.is_some_and(|upload| upload.snapshot.is_some() && upload.snapshot.as_ref() == made_of)
            }))
    }

    /// Keeps which blocks a disk has, if they are not too many. What is kept already is left alone.
    pub(super) async fn map_kept(
        &self,
        content: &ContentDigest,
        map: Option<&BlockMap>,
    ) -> Result<(), Error> {
        let Some(map) = map else { return Ok(()) };
        let bytes = serde_json::to_vec(map).map_err(remote)?;
        self.lease.hold().await?;
        self.records.keep(&map_key(content), &bytes).await.map_err(remote)
    }

    /// Keeps which blocks a disk has in the place of what was found there, and is wrong.
    pub(super) async fn map_mended(
        &self,
        content: &ContentDigest,
        map: &BlockMap,
        wrong: &Record<Value>,
    ) -> Result<(), Error> {
        let map = serde_json::to_value(map).map_err(remote)?;
        self.lease.hold().await?;
        let key = map_key(content);
        match self.records.write(&key, &map, Some(wrong)).await.map_err(remote)? {
            Some(_) => Ok(()),
            None => Err(Error::Lost { what: self.records.place(&key) }),
        }
    }

    /// What is kept of the blocks that a disk has. A map of another disk is not believed.
    pub(super) async fn map_of(&self, content: &ContentDigest) -> Result<Kept, Error> {
        let there = match self.records.read::<Value>(&map_key(content)).await {
            Ok(Some(there)) => there,
            Ok(None) | Err(archive::Error::Deleted { .. }) => return Ok(Kept::Nothing),
            Err(error @ archive::Error::Malformed { .. }) => return Ok(Kept::Unreadable(error)),
            Err(error) => return Err(remote(error)),
        };
        let map = BlockMap::deserialize(&there.value).ok();
        let map = map.filter(|map| map.content_digest().is_ok_and(|found| found == *content));
        Ok(map.map_or(Kept::Wrong(there), Kept::Map))
    }
}

/// What is kept of the blocks that a disk has.
pub(super) enum Kept {
    /// They.
    Map(BlockMap),
    /// Nothing.
    Nothing,
    /// Another map, or none: what can be written in its place.
    Wrong(Record<Value>),
    /// No JSON, which cannot be written over.
    Unreadable(archive::Error),
}
