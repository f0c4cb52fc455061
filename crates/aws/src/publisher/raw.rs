//! The first step where there is no image yet: the disks on this machine become snapshots, and the snapshots an image.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use archive::Record;
use blocks::GIB;
use model::{ContentDigest, Disk, Sha256};
use provider::{Change, Error, RawDisk};

use super::images::{self, FoundImage};
use super::release::Work;
use super::uploads::{Kept, Sealed, Upload, Uploads};
use super::{Aws, failed, remote, steps};
use crate::failure::{Failure, Fate};
use crate::upload::{self, Pace, SendError, Start, State};
use crate::{Place, snapshots};

/// How many snapshots that fail are replaced in one run.
const REPLACED: u32 = 3;

/// How often it is told and written down how far a disk is.
const TOLD: Duration = Duration::from_secs(30);

/// How it goes with a disk.
enum Sent {
    /// Its snapshot is completed and proven.
    Whole(Record<Uploads>),
    /// Its snapshot came to nothing by itself, and why; another can be begun.
    Again(Record<Uploads>, String),
}

impl Aws {
    /// The image that is made of the release's disks; `None` if that is only planned.
    pub(super) async fn made_of_disks(
        &self,
        work: &Work<'_>,
        home: &Place,
        disks: &[RawDisk],
    ) -> Result<Option<FoundImage>, Error> {
        for disk in &work.new.manifest.disks {
            let raw = disks.iter().find(|raw| raw.device == disk.device);
            raw.ok_or_else(|| Error::NoDisk(disk.device.clone()))?;
            if disk.size_bytes == 0 {
                let why =
                    format!("its disk {} has no bytes, and no snapshot is as small as that", disk.device);
                return Err(Error::Unfit { image: work.source.clone(), why });
            }
        }
        if work.steps.only_planned() {
            let place = steps::shown(home);
            for Disk { device, size_bytes, .. } in &work.new.manifest.disks {
                let what = format!("write {device} ({} GiB) to a snapshot", size_bytes.div_ceil(GIB));
                work.steps.tell(Change { place: place.clone(), what });
            }
            let what = format!("register the image {}", work.image_name());
            work.steps.tell(Change { place, what });
            return Ok(None);
        }
        let made = self.uploaded(work, home, disks).await?;
        self.registered(work, home, &made).await.map(Some)
    }

    /// The snapshots of the disks, by device: completed, read back, and what was decided about.
    async fn uploaded(
        &self,
        work: &Work<'_>,
        home: &Place,
        disks: &[RawDisk],
    ) -> Result<BTreeMap<String, String>, Error> {
        let mut record = self.uploads_opened(work, home).await?;
        record = self.cleared(home, record).await?;
        let mut replaced = 0;
        'again: loop {
            record = self.started(work, home, record).await?;
            for disk in &work.new.manifest.disks {
                let path = disks.iter().find(|raw| raw.device == disk.device).map(|raw| raw.path.as_path());
                let path = path.ok_or_else(|| Error::NoDisk(disk.device.clone()))?;
                match self.sent(home, disk, path, record).await? {
                    Sent::Whole(then) => record = then,
                    Sent::Again(_, why) if replaced >= REPLACED => {
                        let why = format!("no snapshot of its disk {} can be made: {why}", disk.device);
                        return Err(Error::Unfit { image: work.source.clone(), why });
                    }
                    Sent::Again(then, why) => {
                        self.say(&format!("{}: {why}; writing {} once more", home.region, disk.device));
                        (record, replaced) = (then, replaced + 1);
                        continue 'again;
                    }
                }
            }
            let ids = record.value.disks.iter();
            let ids = ids.filter_map(|(device, upload)| Some((device.clone(), upload.snapshot.clone()?)));
            return Ok(ids.collect());
        }
    }

    /// Begins the snapshots that are not begun, and writes down which they are before anything goes to them.
    async fn started(
        &self,
        work: &Work<'_>,
        home: &Place,
        record: Record<Uploads>,
    ) -> Result<Record<Uploads>, Error> {
        let mut record = record;
        let key = self.wanted_key(home).await?;
        for disk in &work.new.manifest.disks {
            let Some(upload) = record.value.disks.get(&disk.device).cloned() else {
                return Err(Error::NoDisk(disk.device.clone()));
            };
            if upload.snapshot.is_some() {
                continue;
            }
            self.say(&format!("{}: beginning a snapshot for {}", home.region, disk.device));
            self.lease.hold().await?;
            let begun = self.begun_snapshot(work, home, disk, &upload, key.as_deref()).await;
            record = match begun {
                Ok(id) => {
                    let upload = Upload { snapshot: Some(id), ..upload };
                    self.upload_written(&record, &disk.device, upload).await?
                }
                // The parent may be gone by now, or of no use: without one then.
                Err(failure) if failure.fate == Fate::Refused && upload.parent.is_some() => {
                    self.say(&format!("{}: {failure}; writing {} whole", home.region, disk.device));
                    let record = self.abandoned(home, &record, &disk.device).await?;
                    return Box::pin(self.started(work, home, record)).await;
                }
                Err(failure) => return Err(failed(failure)),
            };
        }
        self.swept(work, home, &record.value).await?;
        Ok(record)
    }

    async fn begun_snapshot(
        &self,
        work: &Work<'_>,
        home: &Place,
        disk: &Disk,
        upload: &Upload,
        key: Option<&str>,
    ) -> Result<String, Box<Failure>> {
        let gib = disk.size_bytes.div_ceil(GIB);
        let parent = upload.parent.as_ref().map(|parent| parent.snapshot.as_str());
        // Whatever the request is made of is in its token, or a later one that differs would be refused.
        let about = (work.id, &disk.device, upload.generation, gib, parent, key, &work.tags);
        let token = Sha256::of(format!("{about:?}").as_bytes()).to_string();
        let description = format!("{} {}", work.image_name(), disk.device);
        let start =
            Start { token: &token, gib, parent, kms_key: key, description: &description, tags: &work.tags };
        upload::start(home, &start).await
    }

    /// Deletes unfinished snapshots of the release that are written down nowhere: begun by whoever was killed before that,
    /// with another request than today's.
    async fn swept(&self, work: &Work<'_>, home: &Place, record: &Uploads) -> Result<(), Error> {
        let unfinished = images::unfinished_snapshots(home, super::RELEASE_TAG, &work.id.to_string()).await;
        for id in unfinished.map_err(failed)? {
            if !record.disks.values().any(|upload| upload.snapshot.as_ref() == Some(&id)) {
                self.lease.hold().await?;
                images::delete_snapshot(home, &id).await.map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Brings one disk from wherever it is to a completed and proven snapshot.
    async fn sent(
        &self,
        home: &Place,
        disk: &Disk,
        path: &Path,
        record: Record<Uploads>,
    ) -> Result<Sent, Error> {
        let upload = record.value.disks.get(&disk.device).cloned().unwrap_or_default();
        let Some(snapshot) = upload.snapshot.clone() else { return Err(Error::NoDisk(disk.device.clone())) };
        if upload.proven {
            return match upload::state(home, &snapshot).await.map_err(failed)? {
                State::Completed { .. } => Ok(Sent::Whole(record)),
                other => {
                    let why = format!("{snapshot} was completed and is {other:?} now");
                    Ok(Sent::Again(self.abandoned(home, &record, &disk.device).await?, why))
                }
            };
        }
        let (record, sealed) = match upload.sealed.clone() {
            Some(sealed) => (record, sealed),
            None => match self.filled(home, disk, path, record, upload, &snapshot).await? {
                Filled::Sealed(record, sealed) => (record, sealed),
                Filled::Again(record, why) => return Ok(Sent::Again(record, why)),
            },
        };
        if let Err(why) = self.completed(home, &snapshot, &sealed).await? {
            return Ok(Sent::Again(self.abandoned(home, &record, &disk.device).await?, why));
        }
        self.say(&format!("{}: reading {snapshot} back", home.region));
        let reading = snapshots::read_snapshot(home, &snapshot, Pace::default());
        let read = self.while_held(async { reading.await.map_err(remote) }).await?;
        let found = read.digested.content_digest;
        if found != disk.content_digest {
            self.abandoned(home, &record, &disk.device).await?;
            let device = format!("{} of {snapshot} in {}", disk.device, home.region);
            return Err(differs(device, disk.content_digest, found));
        }
        let upload = record.value.disks.get(&disk.device).cloned().unwrap_or_default();
        let upload = Upload { proven: true, ..upload };
        Ok(Sent::Whole(self.upload_written(&record, &disk.device, upload).await?))
    }

    /// Sends the blocks, and seals the snapshot if the disk is what was decided about.
    async fn filled(
        &self,
        home: &Place,
        disk: &Disk,
        path: &Path,
        record: Record<Uploads>,
        upload: Upload,
        snapshot: &str,
    ) -> Result<Filled, Error> {
        let mut record = record;
        let parent = match &upload.parent {
            None => None,
            Some(parent) => match self.map_of(&parent.content_digest).await? {
                Kept::Map(map) => Some(map),
                _ => {
                    let why = format!("it is not known any more what is on {}", parent.snapshot);
                    return Ok(Filled::Again(self.abandoned(home, &record, &disk.device).await?, why));
                }
            },
        };
        let file = match blocks::Disk::open(path) {
            Ok(file) => file,
            Err(error) => return Err(Error::Digest { path: path.to_owned(), source: error.into() }),
        };
        let after = match parent.is_some() {
            true => "what is new of ",
            false => "",
        };
        self.say(&format!("{}: writing {after}{} to {snapshot}", home.region, disk.device));
        let through = Cell::new(upload.through);
        let sent = {
            let mut sending =
                std::pin::pin!(upload::send(home, snapshot, file, parent, Pace::default(), &through));
            loop {
                tokio::select! {
                    sent = &mut sending => break sent,
                    () = tokio::time::sleep(TOLD) => {
                        self.lease.hold().await?;
                        let so_far = Upload { through: through.get(), ..upload.clone() };
                        record = self.upload_written(&record, &disk.device, so_far).await?;
                        self.say(&so_far_said(home, disk, through.get()));
                    }
                }
            }
        };
        let seen = match sent {
            Ok(seen) => seen,
            Err(SendError::Call(failure)) if failure.fate == Fate::Refused => {
                let state = upload::state(home, snapshot).await.map_err(failed)?;
                let record = self.abandoned(home, &record, &disk.device).await?;
                return match state {
                    State::Failed(why) => Ok(Filled::Again(record, format!("{snapshot} is in {why}"))),
                    State::Absent => Ok(Filled::Again(record, format!("{snapshot} is not there"))),
                    _ => Err(failed(failure)),
                };
            }
            // It stays, and is taken up.
            Err(SendError::Call(failure)) => return Err(failed(failure)),
            Err(error) => {
                self.abandoned(home, &record, &disk.device).await?;
                return Err(Error::Digest { path: path.to_owned(), source: error.into() });
            }
        };
        let found = seen.digested.content_digest;
        if found != disk.content_digest {
            self.abandoned(home, &record, &disk.device).await?;
            return Err(differs(disk.device.clone(), disk.content_digest, found));
        }
        self.map_kept(&found, seen.map.as_ref()).await?;
        let sealed = Sealed { written: seen.written, checksum: seen.checksum };
        let through = through.get();
        let upload = Upload { through, sealed: Some(sealed.clone()), ..upload };
        let record = self.upload_written(&record, &disk.device, upload).await?;
        Ok(Filled::Sealed(record, sealed))
    }

    /// Completes a snapshot and waits until it is. What became of it otherwise is the inner error.
    async fn completed(
        &self,
        home: &Place,
        snapshot: &str,
        sealed: &Sealed,
    ) -> Result<Result<(), String>, Error> {
        self.lease.hold().await?;
        let said = upload::complete(home, snapshot, sealed.written, &sealed.checksum).await;
        let refused = match said {
            Ok(()) => None,
            // It may have been completed before: then it comes to its end soon.
            Err(failure) if failure.fate == Fate::Refused => Some(failure.to_string()),
            Err(failure) => return Err(failed(failure)),
        };
        let begun = tokio::time::Instant::now();
        let mut pause = self.to.wait.poll.min(Duration::from_secs(1));
        loop {
            let waited = begun.elapsed();
            let state = upload::state(home, snapshot).await.map_err(failed)?;
            match state {
                State::Completed { .. } => return Ok(Ok(())),
                State::Failed(why) => return Ok(Err(format!("{snapshot} is in {why}"))),
                State::Absent if waited > self.to.wait.channel => {
                    return Ok(Err(format!("{snapshot} is not there")));
                }
                State::Pending if waited > self.to.wait.channel && refused.is_some() => {
                    return Ok(Err(refused.unwrap_or_default()));
                }
                State::Pending | State::Absent if waited > self.to.wait.images => {
                    let what = format!("the snapshot {snapshot} is still pending in {}", home.region);
                    return Err(Error::TimedOut { what, waited });
                }
                State::Pending | State::Absent => {}
            }
            self.say(&format!("{}: {snapshot} is being completed", home.region));
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(self.to.wait.poll);
            self.lease.hold().await?;
        }
    }

    /// Does something that takes long, and keeps the lease meanwhile.
    pub(super) async fn while_held<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(TOLD) => self.lease.hold().await?,
            }
        }
    }
}

enum Filled {
    Sealed(Record<Uploads>, Sealed),
    Again(Record<Uploads>, String),
}

fn differs(device: String, expected: ContentDigest, found: ContentDigest) -> Error {
    Error::ContentDiffers { device, expected, found }
}

fn so_far_said(home: &Place, disk: &Disk, through: u64) -> String {
    let whole = disk.size_bytes.div_ceil(GIB);
    let done = through * blocks::BLOCK as u64 / (1 << 20);
    format!("{}: {} is written up to {done} MiB of {whole} GiB", home.region, disk.device)
}
