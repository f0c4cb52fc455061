//! Plain files: read without following a link, up to a limit.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

use crate::Error;
use crate::error::io;

/// Reads a plain file, following no link (not even one that was put there a moment ago), waiting for no pipe.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    match read_if_there(path, limit)? {
        Some(bytes) => Ok(bytes),
        None => Err(io("cannot read", path)(io::ErrorKind::NotFound.into())),
    }
}

/// The same, where it may be missing.
pub(crate) fn read_if_there(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(Error::NotPlain(path.to_owned()));
        }
        Err(error) => return Err(io("cannot read", path)(error)),
    };
    if !file.metadata().map_err(io("cannot read", path))?.is_file() {
        return Err(Error::NotPlain(path.to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(io("cannot read", path))?;
    if bytes.len() as u64 > limit {
        return Err(Error::TooLong { place: path.display().to_string(), limit });
    }
    Ok(Some(bytes))
}
