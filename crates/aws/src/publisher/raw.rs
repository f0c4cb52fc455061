//! The first step where there is no image yet: the disks on this machine become snapshots, and the snapshots an image.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use blocks::GIB;
use model::{ContentDigest, Disk, Sha256};
use provider::{Change, Error, RawDisk};

use super::images::{self, FoundImage};
use super::release::Work;
use super::uploads::{Kept, Ledger, Sealed, Upload, Uploads};
use super::{Aws, all, failed, remote, steps};
use crate::Place;
use crate::failure::{Failure, Fate};
use crate::snapshots::{Reader, SoFar, read_said};
use crate::told::{TOLD, while_told};
use crate::upload::{self, Gate, Pace, SendError, Start, State};

/// How many snapshots that fail are replaced in one run.
const REPLACED: u32 = 3;

/// What disks that are sent beside each other share.
struct Together<'a> {
    home: &'a Place,
    ledger: &'a Ledger<'a>,
    /// Blocks go out behind one gate, and are read back behind another: AWS counts the two apart.
    sending: Gate,
    reader: Reader<'a>,
    /// One of them has failed: nothing comes of the others in this run.
    failed: Cell<bool>,
}

/// How it goes with a disk.
enum Sent {
    /// Its snapshot is completed and proven.
    Whole,
    /// Its snapshot came to nothing by itself, and why; another can be begun.
    Again(String),
    /// It was left where it was, for another disk has failed; the next run takes it up there.
    Left,
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

    /// The snapshots of the disks, by device: completed, read back, and what was decided about. The disks go beside each other:
    /// while one waits for AWS to complete it, another is sent.
    async fn uploaded(
        &self,
        work: &Work<'_>,
        home: &Place,
        disks: &[RawDisk],
    ) -> Result<BTreeMap<String, String>, Error> {
        let ledger = self.uploads_opened(work, home).await?;
        ledger.clear().await?;
        let together = Together {
            home,
            ledger: &ledger,
            sending: Gate::new(Pace::default()),
            reader: Reader::new(home, Pace::default()),
            failed: Cell::new(false),
        };
        let mut replaced = 0;
        loop {
            self.started(work, home, &ledger).await?;
            let sent = all(work.new.manifest.disks.iter().map(async |disk| {
                let sent = self.sent(&together, disk, disks).await;
                together.failed.set(together.failed.get() || sent.is_err());
                Ok((disk, sent?))
            }))
            .await?;
            let mut again = false;
            for (Disk { device, .. }, sent) in sent {
                let Sent::Again(why) = sent else { continue };
                if replaced >= REPLACED {
                    let why = format!("no snapshot of its disk {device} can be made: {why}");
                    return Err(Error::Unfit { image: work.source.clone(), why });
                }
                self.say(&format!("{}: {why}; writing {device} once more", home.region));
                (replaced, again) = (replaced + 1, true);
            }
            if !again {
                let disks = ledger.value().await.disks.into_iter();
                return Ok(disks.filter_map(|(device, upload)| Some((device, upload.snapshot?))).collect());
            }
        }
    }

    /// Begins the snapshots that are not begun, and writes down which they are before anything goes to them.
    async fn started(&self, work: &Work<'_>, home: &Place, ledger: &Ledger<'_>) -> Result<(), Error> {
        let key = self.wanted_key(home).await?;
        for disk in &work.new.manifest.disks {
            loop {
                let upload = ledger.upload(&disk.device).await?;
                if upload.snapshot.is_some() {
                    break;
                }
                self.say(&format!("{}: beginning a snapshot for {}", home.region, disk.device));
                self.lease.hold().await?;
                match self.begun_snapshot(work, home, disk, &upload, key.as_deref()).await {
                    Ok(id) => {
                        ledger.write(&disk.device, Upload { snapshot: Some(id), ..upload }).await?;
                    }
                    // The parent may be gone by now, or of no use: without one then.
                    Err(failure) if failure.fate == Fate::Refused && upload.parent.is_some() => {
                        self.say(&format!("{}: {failure}; writing {} whole", home.region, disk.device));
                        ledger.abandon(&disk.device).await?;
                    }
                    Err(failure) => return Err(failed(failure)),
                }
            }
        }
        self.swept(work, home, &ledger.value().await).await
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
    async fn sent(&self, together: &Together<'_>, disk: &Disk, raw: &[RawDisk]) -> Result<Sent, Error> {
        let Together { home, ledger, .. } = together;
        let path = raw.iter().find(|raw| raw.device == disk.device).map(|raw| raw.path.as_path());
        let upload = ledger.upload(&disk.device).await?;
        let (Some(path), Some(snapshot)) = (path, upload.snapshot.clone()) else {
            return Err(Error::NoDisk(disk.device.clone()));
        };
        if upload.proven {
            return match upload::state(home, &snapshot).await.map_err(failed)? {
                State::Completed { .. } => Ok(Sent::Whole),
                other => {
                    ledger.abandon(&disk.device).await?;
                    Ok(Sent::Again(format!("{snapshot} was completed and is {other:?} now")))
                }
            };
        }
        let sealed = match upload.sealed.clone() {
            Some(sealed) => sealed,
            None => match self.filled(together, disk, path, upload, &snapshot).await? {
                Filled::Sealed(sealed) => sealed,
                Filled::Again(why) => return Ok(Sent::Again(why)),
                Filled::Left => return Ok(Sent::Left),
            },
        };
        if let Err(why) = self.completed(home, &snapshot, &sealed).await? {
            ledger.abandon(&disk.device).await?;
            return Ok(Sent::Again(why));
        }
        if together.failed.get() {
            return Ok(Sent::Left);
        }
        self.say(&format!("{}: reading {snapshot} back", home.region));
        let so_far = SoFar::default();
        let reading = async { together.reader.snapshot(&snapshot, &so_far).await.map_err(remote) };
        let told = || read_said(home, &snapshot, &so_far);
        let found = self.while_told(true, told, reading).await?.digested.content_digest;
        if found != disk.content_digest {
            ledger.abandon(&disk.device).await?;
            let device = format!("{} of {snapshot} in {}", disk.device, home.region);
            return Err(differs(device, disk.content_digest, found));
        }
        let upload = ledger.upload(&disk.device).await?;
        ledger.write(&disk.device, Upload { proven: true, ..upload }).await?;
        Ok(Sent::Whole)
    }

    /// Sends the blocks, and seals the snapshot if the disk is what was decided about.
    async fn filled(
        &self,
        together: &Together<'_>,
        disk: &Disk,
        path: &Path,
        upload: Upload,
        snapshot: &str,
    ) -> Result<Filled, Error> {
        let Together { home, ledger, sending: gate, failed: others, .. } = together;
        let parent = match &upload.parent {
            None => None,
            Some(parent) => match self.map_of(&parent.content_digest).await? {
                Kept::Map(map) => Some(map),
                _ => {
                    ledger.abandon(&disk.device).await?;
                    let why = format!("it is not known any more what is on {}", parent.snapshot);
                    return Ok(Filled::Again(why));
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
            let mut sending = std::pin::pin!(upload::send(home, snapshot, file, parent, gate, &through));
            loop {
                tokio::select! {
                    sent = &mut sending => break sent,
                    () = tokio::time::sleep(TOLD) => {
                        self.lease.hold().await?;
                        let so_far = Upload { through: through.get(), ..upload.clone() };
                        ledger.write(&disk.device, so_far).await?;
                        if others.get() {
                            return Ok(Filled::Left);
                        }
                        self.say(&so_far_said(home, disk, through.get()));
                    }
                }
            }
        };
        let seen = match sent {
            Ok(seen) => seen,
            Err(SendError::Call(failure)) if failure.fate == Fate::Refused => {
                let state = upload::state(home, snapshot).await.map_err(failed)?;
                ledger.abandon(&disk.device).await?;
                return match state {
                    State::Failed(why) => Ok(Filled::Again(format!("{snapshot} is in {why}"))),
                    State::Absent => Ok(Filled::Again(format!("{snapshot} is not there"))),
                    _ => Err(failed(failure)),
                };
            }
            // It stays, and is taken up.
            Err(SendError::Call(failure)) => return Err(failed(failure)),
            Err(error) => {
                ledger.abandon(&disk.device).await?;
                return Err(Error::Digest { path: path.to_owned(), source: error.into() });
            }
        };
        let found = seen.digested.content_digest;
        if found != disk.content_digest {
            ledger.abandon(&disk.device).await?;
            return Err(differs(disk.device.clone(), disk.content_digest, found));
        }
        self.map_kept(&found, seen.map.as_ref()).await?;
        let sealed = Sealed { written: seen.written, checksum: seen.checksum };
        let upload = Upload { through: through.get(), sealed: Some(sealed.clone()), ..upload };
        ledger.write(&disk.device, upload).await?;
        Ok(Filled::Sealed(sealed))
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

    /// Does something that takes long, and tells every half minute how far it is; keeps the lease meanwhile, if it is held.
    pub(super) async fn while_told<T>(
        &self,
        held: bool,
        so_far: impl Fn() -> String,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        while_told(work, async || {
            if held {
                self.lease.hold().await?;
            }
            self.say(&so_far());
            Ok(())
        })
        .await
    }
}

enum Filled {
    Sealed(Sealed),
    Again(String),
    Left,
}

fn differs(device: String, expected: ContentDigest, found: ContentDigest) -> Error {
    Error::ContentDiffers { device, expected, found }
}

fn so_far_said(home: &Place, disk: &Disk, through: u64) -> String {
    let whole = disk.size_bytes.div_ceil(GIB);
    let done = through * blocks::BLOCK as u64 / (1 << 20);
    format!("{}: {} is written up to {done} MiB of {whole} GiB", home.region, disk.device)
}
