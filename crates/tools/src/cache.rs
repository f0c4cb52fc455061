//! The tools' folder: files named by their SHA-256, put there whole by a rename, verified on each use.
//!
//! ```text
//! <cache>/tools/archives/<sha256>        release assets, as they came
//!               sha256/<sha256>/<name>   executables
//!               python/<name>-…/         the wheels of a Python tool, for one kind of Python
//!               locks/<name>             held while a tool is got
//!               tmp/<name>/              what is half-made; emptied by the next holder of the lock
//! ```

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::{Sha256, Sha256Hasher};
use tempfile::NamedTempFile;

use crate::{Error, Event};

/// How often a held lock is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The folder of the tools.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    root: PathBuf,
}

/// The right to change what the cache has of one tool; given back when dropped, or when the process ends.
#[derive(Debug)]
pub(crate) struct Held(#[expect(dead_code, reason = "held open: closing it gives the lock back")] File);

impl Cache {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { root: folder.join("tools") }
    }

    pub(crate) fn archive(&self, sha256: &Sha256) -> PathBuf {
        self.root.join("archives").join(sha256.to_string())
    }

    pub(crate) fn executable(&self, sha256: &Sha256, name: &str) -> PathBuf {
        self.root.join("sha256").join(sha256.to_string()).join(name)
    }

    /// The wheels of a Python tool, by the lock's digest and the Python that they are for.
    pub(crate) fn python(&self, name: &str, lock: &Sha256, tag: &str) -> PathBuf {
        let lock = lock.to_string();
        self.root.join("python").join(format!("{name}-{}-{tag}", lock.get(..16).unwrap_or(&lock)))
    }

    /// Whether this file of the cache is there with exactly these bytes. One with others is deleted.
    pub(crate) fn verified(
        &self,
        name: &str,
        path: &Path,
        expected: &Sha256,
        on: &mut dyn FnMut(Event),
    ) -> Result<bool, Error> {
        let Some(found) = sha256_of(path).map_err(Error::io(path))? else { return Ok(false) };
        if found == *expected {
            return Ok(true);
        }
        remove(path).map_err(Error::io(path))?;
        on(Event::PoisonedCache { name: name.to_owned(), path: path.to_owned(), found });
        Ok(false)
    }

    /// Waits until no other process is getting this tool, and throws away what one left half-made.
    pub(crate) async fn hold(&self, name: &str, on: &mut dyn FnMut(Event)) -> Result<Held, Error> {
        let path = self.root.join("locks").join(name);
        make_parent(&path)?;
        let file =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(Error::io(&path))?;
        let mut said = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(fs::TryLockError::WouldBlock) => {
                    if !said {
                        on(Event::Waiting { name: name.to_owned() });
                        said = true;
                    }
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                Err(fs::TryLockError::Error(source)) => return Err(Error::Io { path, source }),
            }
        }
        let half_made = self.half_made(name);
        match fs::remove_dir_all(&half_made) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::Io { path: half_made, source: e }),
            _ => Ok(Held(file)),
        }
    }

    /// A file to be filled and then kept. Only for who holds the tool's lock.
    pub(crate) fn new_file(&self, name: &str) -> Result<NamedTempFile, Error> {
        let folder = self.new_folder(name)?;
        NamedTempFile::new_in(&folder).map_err(Error::io(&folder))
    }

    /// A folder for what is half-made. Only for who holds the tool's lock.
    pub(crate) fn new_folder(&self, name: &str) -> Result<PathBuf, Error> {
        let folder = self.half_made(name);
        fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        Ok(folder)
    }

    fn half_made(&self, name: &str) -> PathBuf {
        self.root.join("tmp").join(name)
    }

    /// Puts a whole, verified asset in its place.
    pub(crate) fn keep_archive(&self, file: NamedTempFile, sha256: &Sha256) -> Result<PathBuf, Error> {
        keep(file, self.archive(sha256), 0o444)
    }

    /// Puts a whole, verified executable in its place.
    pub(crate) fn keep_executable(
        &self,
        file: NamedTempFile,
        sha256: &Sha256,
        name: &str,
    ) -> Result<PathBuf, Error> {
        keep(file, self.executable(sha256, name), 0o555)
    }
}

fn keep(file: NamedTempFile, path: PathBuf, mode: u32) -> Result<PathBuf, Error> {
    make_parent(&path)?;
    // The handle is closed before the name appears: a file open for writing cannot be run.
    let half_made = file.into_temp_path();
    fs::set_permissions(&half_made, fs::Permissions::from_mode(mode)).map_err(Error::io(&*half_made))?;
    half_made.persist(&path).map_err(|e| Error::Io { path: path.clone(), source: e.error })?;
    Ok(path)
}

fn make_parent(path: &Path) -> Result<(), Error> {
    match path.parent() {
        Some(parent) => fs::create_dir_all(parent).map_err(Error::io(parent)),
        None => Ok(()),
    }
}

/// The digest of a regular file; `None` where there is nothing. A folder or link in its place has none of
/// the bytes that are wanted, and counts as a file without any.
pub(crate) fn sha256_of(path: &Path) -> io::Result<Option<Sha256>> {
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
        Ok(metadata) if !metadata.is_file() => return Ok(Some(Sha256::of(b""))),
        Ok(_) => {}
    }
    read_all(&mut File::open(path)?).map(Some)
}

/// The digest of all that is left to read.
pub(crate) fn read_all(reader: &mut dyn Read) -> io::Result<Sha256> {
    let mut hasher = Sha256Hasher::new();
    let mut buffer = vec![0; 1 << 17];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(read) => hasher.update(&buffer[..read]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}
