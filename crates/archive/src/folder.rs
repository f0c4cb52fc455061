//! An archive in a folder: keys are paths. Files are written beside their place and get their name when they are
//! whole; what changes is changed under a lock.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use model::Sha256;
use rustix::fs::{FlockOperation, OFlags, flock};
use tempfile::NamedTempFile;

use crate::error::io;
use crate::layout::{MAX_FILE, MAX_LISTED};
use crate::objects::{Answer, Content, Found, Got, Objects, Put, Replaced, Standing};
use crate::{Error, Keeping, plain};

/// Where files are until they are whole.
const PARTIAL: &str = ".partial";

/// Who holds this may change a pointer.
const LOCK: &str = ".lock";

pub(crate) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(crate) fn new(root: &Path, keeping: Keeping) -> Result<Self, Error> {
        if keeping != Keeping::default() {
            let what = "is a folder, which neither encrypts with a KMS key nor locks: leave both out, or give \
                        s3://BUCKET/PREFIX";
            return Err(Error::Unable { place: root.display().to_string(), what: what.into() });
        }
        Ok(Self { root: root.to_owned() })
    }

    fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    fn got(&self, key: &str, limit: u64) -> Result<Found<Got>, Error> {
        Ok(match plain::read_if_there(&self.path(key), limit)? {
            Some(bytes) => Found::Here(Got { tag: Sha256::of(&bytes).to_string(), bytes }),
            None => Found::Absent,
        })
    }

    /// A file beside its place, with its bytes on the disk.
    fn whole(&self, bytes: &[u8]) -> Result<NamedTempFile, Error> {
        let folder = self.root.join(PARTIAL);
        fs::create_dir_all(&folder).map_err(io("cannot make the folder", &folder))?;
        let mut file = partial(&folder).map_err(io("cannot write into", &folder))?;
        file.write_all(bytes).map_err(io("cannot write into", &folder))?;
        file.as_file().sync_all().map_err(io("cannot write into", &folder))?;
        Ok(file)
    }

    fn create(&self, key: &str, content: Content<'_>) -> Result<Put, Error> {
        let path = self.path(key);
        let file = self.whole(content.bytes)?;
        let above = self.above(&path)?;
        match file.persist_noclobber(&path) {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => return Ok(Put::There),
            Err(error) => return Err(io("cannot write", &path)(error.error)),
        }
        sync(&above)?;
        Ok(Put::New)
    }

    fn exchange(&self, key: &str, content: Content<'_>, seen: Option<&str>) -> Result<Replaced, Error> {
        let path = self.path(key);
        let file = self.whole(content.bytes)?;
        let above = self.above(&path)?;
        let lock = self.root.join(LOCK);
        let held = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock)
            .map_err(io("cannot lock", &lock))?;
        flock(&held, FlockOperation::LockExclusive)
            .map_err(|error| io("cannot lock", &lock)(error.into()))?;
        let found = match self.got(key, MAX_FILE)? {
            Found::Here(got) => Some(got.tag),
            Found::Absent | Found::Deleted => None,
        };
        if found.as_deref() != seen {
            return Ok(Replaced::Raced);
        }
        file.persist(&path).map_err(|error| io("cannot write", &path)(error.error))?;
        sync(&above)?;
        Ok(Replaced::Done(content.sha256.to_string()))
    }

    /// The folder of a file, made where it is missing.
    fn above(&self, path: &Path) -> Result<PathBuf, Error> {
        let above = path.parent().unwrap_or(&self.root).to_owned();
        fs::create_dir_all(&above).map_err(io("cannot make the folder", &above))?;
        Ok(above)
    }

    fn list_into(&self, prefix: &str, deep: bool, keys: &mut Vec<String>) -> Result<(), Error> {
        let folder = self.path(prefix);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io("cannot list", &folder)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(io("cannot list", &folder))?;
            let name = entry.file_name();
            let name = name.to_str().ok_or_else(|| Error::Stray(entry.path().display().to_string()))?;
            // No key has such a part: the folder's own, and what desktops leave.
            if name.starts_with('.') {
                continue;
            }
            let key = format!("{prefix}{name}");
            let is_dir = entry.file_type().map_err(io("cannot look at", &entry.path()))?.is_dir();
            match (is_dir, deep) {
                (false, _) => keys.push(key),
                (true, false) => keys.push(key + "/"),
                (true, true) => self.list_into(&format!("{key}/"), deep, keys)?,
            }
            if keys.len() > MAX_LISTED {
                return Err(Error::TooMany { place: folder.display().to_string(), limit: MAX_LISTED });
            }
        }
        Ok(())
    }
}

impl Objects for Folder {
    fn place(&self, key: &str) -> String {
        self.path(key).display().to_string()
    }

    fn ready(&self) -> Answer<'_, ()> {
        Box::pin(async {
            match fs::metadata(&self.root) {
                Ok(found) if !found.is_dir() => return Err(Error::NotPlain(self.root.clone())),
                Ok(_) => sweep(&self.root.join(PARTIAL)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(io("cannot look at", &self.root)(error)),
            }
            Ok(())
        })
    }

    fn look<'a>(&'a self, key: &'a str) -> Answer<'a, Found<Standing>> {
        Box::pin(async move {
            Ok(match self.got(key, MAX_FILE)? {
                Found::Here(Got { bytes, .. }) => {
                    Found::Here(Standing { bytes: bytes.len() as u64, sha256: Some(Sha256::of(&bytes)) })
                }
                Found::Absent => Found::Absent,
                Found::Deleted => Found::Deleted,
            })
        })
    }

    fn read<'a>(&'a self, key: &'a str, limit: u64) -> Answer<'a, Found<Got>> {
        Box::pin(async move { self.got(key, limit) })
    }

    fn put_new<'a>(&'a self, key: &'a str, content: Content<'a>) -> Answer<'a, Put> {
        Box::pin(async move { self.create(key, content) })
    }

    fn keep<'a>(&'a self, _key: &'a str) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn replace<'a>(
        &'a self,
        key: &'a str,
        content: Content<'a>,
        seen: Option<&'a str>,
    ) -> Answer<'a, Replaced> {
        Box::pin(async move { self.exchange(key, content, seen) })
    }

    fn list<'a>(&'a self, prefix: &'a str, deep: bool) -> Answer<'a, Vec<String>> {
        Box::pin(async move {
            let mut keys = Vec::new();
            self.list_into(prefix, deep, &mut keys)?;
            keys.sort_unstable();
            Ok(keys)
        })
    }
}

/// The name is on the disk when the folder is.
fn sync(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io("cannot write into", folder))
}

/// A new file, locked as long as its writer lives: by that, [`sweep`] knows whose writer does not.
fn partial(folder: &Path) -> io::Result<NamedTempFile> {
    loop {
        let file = tempfile::Builder::new()
            .prefix("")
            .permissions(fs::Permissions::from_mode(0o644))
            .tempfile_in(folder)?;
        // Where nothing can be locked, nothing is swept. In the moment before, it may have been.
        let swept =
            flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::WOULDBLOCK);
        if !swept && file.as_file().metadata()?.nlink() > 0 {
            return Ok(file);
        }
    }
}

/// Removes what killed writers left; what cannot be removed does no harm.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let Ok(file) = OpenOptions::new().read(true).custom_flags(flags).open(entry.path()) else { continue };
        let is_plain = file.metadata().is_ok_and(|found| found.is_file());
        if is_plain && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            fs::remove_file(entry.path()).ok();
        }
    }
}
