//! The digest of a disk on this machine: opens it, hashes it, and makes sure nobody wrote to it meanwhile.

use std::fs::{File, Metadata};
use std::io::{self, Seek as _, SeekFrom};
use std::num::NonZeroUsize;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;
use std::thread;

use rustix::fs::{Mode, OFlags};

use crate::{Digested, Error, Options, parallel};

/// The content digest of a raw disk image or a block device.
///
/// Reads data only, never holes; writes nothing. A file whose size, times or place change while it is being hashed
/// is an error and yields no digest.
pub fn digest_file(path: &Path, options: &Options) -> Result<Digested, Error> {
    let open = |source: io::Error| Error::Open { path: path.to_owned(), source };
    let mut file = open_disk(path).map_err(open)?;
    let before = file.metadata().map_err(open)?;
    let size = size_of(&mut file, &before, path)?;
    let threads =
        options.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let digested = parallel::digest(&file, path, size, threads)?;
    unchanged(&mut file, path, &before, size)?;
    Ok(digested)
}

/// Opens without waiting, so that a pipe in a disk's place is refused and not waited for.
pub(crate) fn open_disk(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

pub(crate) fn size_of(file: &mut File, metadata: &Metadata, path: &Path) -> Result<u64, Error> {
    let kind = metadata.file_type();
    let found = match () {
        () if kind.is_file() => return Ok(metadata.len()),
        // A block device has no length in its metadata: its end tells.
        () if kind.is_block_device() => {
            return file
                .seek(SeekFrom::End(0))
                .map_err(|source| Error::Open { path: path.to_owned(), source });
        }
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_char_device() => "a character device",
        () => "neither a file nor a block device",
    };
    Err(Error::NotADisk { path: path.to_owned(), found })
}

/// Fails if the file is not what it was before: its size, its times, or the file the path names.
fn unchanged(file: &mut File, path: &Path, before: &Metadata, size: u64) -> Result<(), Error> {
    let changed = |what| Error::Changed { path: path.to_owned(), what };
    let after = file.metadata().map_err(|source| Error::Open { path: path.to_owned(), source })?;
    if size_of(file, &after, path)? != size {
        return Err(changed("its size"));
    }
    // A block device's times do not follow its content; nothing better than its size is known about it.
    if before.file_type().is_file() && times(&after) != times(before) {
        return Err(changed("its modification time"));
    }
    match std::fs::metadata(path) {
        Ok(named) if (named.dev(), named.ino()) == (before.dev(), before.ino()) => Ok(()),
        Ok(_) => Err(changed("another file took its place")),
        Err(_) => Err(changed("it was removed")),
    }
}

/// Modification only: a change of owner, mode or links (which moves ctime alone) does not touch the content.
fn times(metadata: &Metadata) -> (i64, i64) {
    (metadata.mtime(), metadata.mtime_nsec())
}
