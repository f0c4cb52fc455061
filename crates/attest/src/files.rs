//! Plain files and folders: written whole, read without following a link.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::num::NonZeroU64;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use model::{Sha256, Sha256Hasher};
use rustix::fs::{Advice, FlockOperation, OFlags, fadvise, flock};
use tempfile::NamedTempFile;

use crate::evidence::EvidenceError;

/// What the name of a file begins with until it is whole.
pub(crate) const PARTIAL: &str = ".partial-";
/// So much of a long file is put on its way to the disk at once.
const STRETCH: usize = 8 << 20;

/// An I/O error with what was tried, and where.
pub(crate) fn io<'p>(what: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> EvidenceError + 'p {
    move |source| EvidenceError::Io { what, path: path.to_owned(), source }
}

/// Whether a plain directory is there. Something else in its place is an error.
pub(crate) fn is_dir(path: &Path) -> Result<bool, EvidenceError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Ok(true),
        Ok(found) => {
            let what = if found.is_symlink() { "a symbolic link" } else { "no folder" };
            Err(EvidenceError::NotPlain { what, path: path.to_owned() })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(io("cannot look at", path)(error)),
    }
}

/// Makes a folder and those above it, unless it is there.
pub(crate) fn make_dir(path: &Path) -> Result<(), EvidenceError> {
    if !is_dir(path)? {
        fs::create_dir_all(path).map_err(io("cannot make the folder", path))?;
    }
    Ok(())
}

/// Writes beside the place and renames: a reader sees the whole file or none. What a killed writer left
/// there goes.
pub(crate) fn write_whole(dir: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, EvidenceError> {
    sweep(dir);
    let path = dir.join(name);
    let mut file = partial(dir).map_err(io("cannot write into", dir))?;
    file.write_all(bytes).map_err(io("cannot write", &path))?;
    file.as_file().sync_all().map_err(io("cannot write", &path))?;
    file.persist(&path).map_err(|error| io("cannot write", &path)(error.error))?;
    // The name is on the disk when the folder is.
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io("cannot write into", dir))?;
    Ok(path)
}

/// As [`write_whole`], of what is read, under a name that its digest gives.
pub(crate) fn copy_whole(
    dir: &Path,
    from: &mut dyn Read,
    limit: usize,
    name: impl Fn(&Sha256) -> String,
) -> Result<Sha256, EvidenceError> {
    sweep(dir);
    let mut file = partial(dir).map_err(io("cannot write into", dir))?;
    let mut hasher = Sha256Hasher::new();
    let mut buffer = vec![0; 1 << 18];
    let (mut length, mut sent) = (0_usize, 0_usize);
    loop {
        let count = from.read(&mut buffer).map_err(io("cannot read what belongs into", dir))?;
        let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else { break };
        length = length.saturating_add(count);
        if length > limit {
            return Err(EvidenceError::TooLong { path: dir.to_owned(), limit });
        }
        hasher.update(read);
        file.write_all(read).map_err(io("cannot write into", dir))?;
        if length - sent >= STRETCH {
            // Linux begins to write what it is told that nobody needs; at the end there is little left to wait for. What is
            // not written yet stays in memory for whoever reads it next.
            fadvise(&file, sent as u64, NonZeroU64::new((length - sent) as u64), Advice::DontNeed).ok();
            sent = length;
        }
    }
    let digest = hasher.finish();
    let path = dir.join(name(&digest));
    file.as_file().sync_all().map_err(io("cannot write", &path))?;
    file.persist(&path).map_err(|error| io("cannot write", &path)(error.error))?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io("cannot write into", dir))?;
    Ok(digest)
}

/// A new file, locked as long as its writer lives: by that, [`sweep`] knows whose writer does not.
fn partial(dir: &Path) -> io::Result<NamedTempFile> {
    loop {
        let file = tempfile::Builder::new()
            .prefix(PARTIAL)
            .permissions(fs::Permissions::from_mode(0o644))
            .tempfile_in(dir)?;
        // Where nothing can be locked, nothing is swept. In the moment before, it may have been.
        let swept =
            flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::WOULDBLOCK);
        if !swept && file.as_file().metadata()?.nlink() > 0 {
            return Ok(file);
        }
    }
}

/// Removes the partial files of writers that were killed. What cannot be removed does no harm: it is no
/// evidence, and is told as a stray.
pub(crate) fn sweep(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().as_encoded_bytes().starts_with(PARTIAL.as_bytes()) {
            continue;
        }
        let path = entry.path();
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let Ok(file) = OpenOptions::new().read(true).custom_flags(flags).open(&path) else { continue };
        let is_plain = file.metadata().is_ok_and(|found| found.is_file());
        if is_plain && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            fs::remove_file(&path).ok();
        }
    }
}

/// Reads a plain file, following no link (not even one that was put there a moment ago), waiting
/// for no pipe, and stopping at the limit.
pub(crate) fn read_plain(path: &Path, limit: usize) -> Result<Vec<u8>, EvidenceError> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.cast_signed())
        .open(path)
        .map_err(io("cannot read", path))?;
    if !file.metadata().map_err(io("cannot read", path))?.is_file() {
        return Err(EvidenceError::NotPlain { what: "not a plain file", path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(io("cannot read", path))?;
    if bytes.len() > limit {
        return Err(EvidenceError::TooLong { path: path.to_owned(), limit });
    }
    Ok(bytes)
}
