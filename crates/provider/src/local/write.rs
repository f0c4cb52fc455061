//! Holding the store: one publisher at a time, what a dead one left is cleared up, and every change is written down
//! before it is made and becomes visible in one step.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::Serialize;

use super::Local;
use super::read::{entries, record};
use super::records::{Change, Layout, Marker, SCHEMA};
use crate::Error;

/// What the marker says.
const KIND: &str = "hallmark-image-store";

/// How long to wait before looking again whether the store is free.
const PAUSE: Duration = Duration::from_millis(50);

/// The store, held by us alone until this is dropped.
pub(super) struct Held<'a> {
    pub(super) store: &'a Local,
    /// Closing the file gives the lock back, also when the process dies.
    _lock: File,
}

impl Local {
    /// Waits for the store, then clears up after whoever died in the middle of a change.
    pub(super) async fn hold(&self) -> Result<Held<'_>, Error> {
        self.check_place()?;
        self.make(&self.layout.root)?;
        let lock = self.lock().await?;
        let held = Held { store: self, _lock: lock };
        held.found()?;
        held.recover()?;
        Ok(held)
    }

    async fn lock(&self) -> Result<File, Error> {
        let path = self.layout.lock();
        let io = |source| Error::Io { what: "lock", path: path.clone(), source };
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(io)?;
        let begun = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(file),
                Err(Errno::WOULDBLOCK | Errno::INTR) => {}
                Err(error) => return Err(io(error.into())),
            }
            if begun.elapsed() >= self.settings.lock_timeout {
                return Err(Error::Locked { path, waited: self.settings.lock_timeout });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Refuses a folder with other people's files in it, before anything is put there.
    fn check_place(&self) -> Result<(), Error> {
        let root = &self.layout.root;
        let not = |why: String| Error::NotAStore { path: root.clone(), why };
        if fs::metadata(root).is_ok_and(|metadata| !metadata.is_dir()) {
            return Err(not("it is not a folder".into()));
        }
        match record::<Marker>(&self.layout.marker())? {
            Some(marker) if marker.kind == KIND && marker.schema == SCHEMA => return Ok(()),
            Some(marker) => {
                return Err(not(format!("its marker says {:?}, schema {}", marker.kind, marker.schema)));
            }
            None => {}
        }
        for path in entries(root)? {
            let ours = path.file_name().is_some_and(|name| Layout::NAMES.iter().any(|ours| name == *ours));
            if !ours {
                return Err(not(format!("{} is in it", path.display())));
            }
        }
        Ok(())
    }

    pub(super) fn make(&self, folder: &Path) -> Result<(), Error> {
        if folder.is_dir() {
            return Ok(());
        }
        self.effects.create_folder(folder).map_err(|source| Error::Io {
            what: "make the folder",
            path: folder.to_owned(),
            source,
        })
    }
}

impl Held<'_> {
    /// Makes the store's folders, and then the marker that says they are complete.
    fn found(&self) -> Result<(), Error> {
        let layout = &self.store.layout;
        if record::<Marker>(&layout.marker())?.is_some() {
            return Ok(());
        }
        layout.folders().iter().try_for_each(|folder| self.store.make(folder))?;
        self.put(&layout.marker(), &Marker { schema: SCHEMA, kind: KIND.into() })
    }

    /// Whoever held the store before us is dead if it left a change in the journal: a removal is completed, anything
    /// else left nothing but staged files that nobody refers to.
    fn recover(&self) -> Result<(), Error> {
        let change: Option<Change> = record(&self.store.layout.change())?;
        if let Some(Change::Delete { image }) = &change {
            self.complete_delete(image)?;
        }
        for path in entries(&self.store.layout.staging(""))? {
            self.remove(&path)?;
        }
        if change.is_some() { self.done() } else { Ok(()) }
    }

    /// Writes down the change that is about to be made.
    pub(super) fn about_to(&self, change: &Change) -> Result<(), Error> {
        self.put(&self.store.layout.change(), change)
    }

    /// Strikes it out.
    pub(super) fn done(&self) -> Result<(), Error> {
        self.remove(&self.store.layout.change())
    }

    /// Replaces a record in one step.
    pub(super) fn put<T: Serialize>(&self, path: &Path, record: &T) -> Result<(), Error> {
        let staged = self.store.layout.staging("record.json");
        self.stage(&staged, &json(path, record)?)?;
        if let Some(parent) = path.parent() {
            self.store.make(parent)?;
        }
        self.rename(&staged, path)
    }

    pub(super) fn stage(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        self.store.effects.write(path, bytes).map_err(|source| io("write", path, source))
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) -> Result<(), Error> {
        self.store.effects.rename(from, to).map_err(|source| io("put in place", to, source))
    }

    pub(super) fn remove(&self, path: &Path) -> Result<(), Error> {
        self.store.effects.remove(path).map_err(|source| io("remove", path, source))
    }
}

/// A record as people can read it.
pub(super) fn json<T: Serialize>(path: &Path, record: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = serde_json::to_vec_pretty(record)
        .map_err(|error| Error::Malformed { path: path.to_owned(), why: error.to_string() })?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn io(what: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::Io { what, path: PathBuf::from(path), source }
}
