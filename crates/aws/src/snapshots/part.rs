//! A file that is being filled. Nobody sees it under its name before it is whole, and nothing is left of it otherwise.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};

use super::error::ReadError;
use super::sink::{Raw, Sink};

/// Beside the file that it becomes, as `.NAME.part`, locked for as long as it is filled. What a process that was killed has
/// left is filled anew by the next one.
#[derive(Debug)]
pub(super) struct Part {
    file: File,
    half_made: PathBuf,
    path: PathBuf,
    done: bool,
}

impl Part {
    pub(super) fn new(path: &Path) -> Result<Self, ReadError> {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
            ReadError::file("write", path)(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it has no plain name",
            ))
        })?;
        let half_made = path.with_file_name(format!(".{name}.part"));
        let failed = |error: io::Error| ReadError::file("make", &half_made)(error);
        loop {
            let file = open(&half_made).map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(ReadError::InUse { path: path.to_owned() }),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            // Whoever held the lock before may have taken the file away since it was opened here.
            if is_at(&file, &half_made).map_err(failed)? {
                let part = Self { file, half_made, path: path.to_owned(), done: false };
                part.file.set_len(0).map_err(ReadError::file("empty", &part.half_made))?;
                return Ok(part);
            }
        }
    }

    pub(super) fn sink(&self) -> Result<Arc<dyn Sink>, ReadError> {
        let file = self.file.try_clone().map_err(ReadError::file("write", &self.half_made))?;
        Ok(Arc::new(Raw { file, path: self.path.clone() }))
    }

    /// Gives it its name.
    fn keep(&mut self) -> Result<(), ReadError> {
        fs::rename(&self.half_made, &self.path).map_err(ReadError::file("put in its place", &self.path))?;
        self.done = true;
        Ok(())
    }

    /// Gives all of them their names, or none.
    pub(super) fn keep_all(mut parts: Vec<Self>) -> Result<(), ReadError> {
        for index in 0..parts.len() {
            if let Err(error) = parts[index].keep() {
                for kept in &parts[..index] {
                    fs::remove_file(&kept.path).ok();
                }
                return Err(error);
            }
        }
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.done {
            // There is nobody to tell, and the next one begins anew in any case.
            fs::remove_file(&self.half_made).ok();
        }
    }
}

/// Through no link: it would be written to what the link names.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(0o644))?);
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "something that is no file is in its place"))
        }
    }
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let ours = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (ours.dev(), ours.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn it_has_its_name_when_it_is_kept_and_is_gone_when_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk.raw");
        fs::write(folder.path().join(".disk.raw.part"), "of one that was killed").unwrap();
        let part = Part::new(&path).unwrap();
        assert!(matches!(Part::new(&path), Err(ReadError::InUse { .. })));
        let sink = part.sink().unwrap();
        sink.begin(2 << 20).unwrap();
        sink.put(1, &[7; blocks::BLOCK]).unwrap();
        assert_eq!(names(folder.path()), [".disk.raw.part"]);
        Part::keep_all(vec![part]).unwrap();
        assert_eq!(names(folder.path()), ["disk.raw"]);
        let bytes = fs::read(&path).unwrap();
        assert_eq!((bytes.len(), bytes[0], bytes[blocks::BLOCK]), (2 << 20, 0, 7));
        drop(sink);

        drop(Part::new(&path).unwrap());
        assert_eq!(names(folder.path()), ["disk.raw"]);
    }

    #[test]
    fn all_of_them_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["disk.raw", "disk2.raw", "disk3.raw"].map(|name| folder.path().join(name));
        let parts = paths.iter().map(|path| Part::new(path).unwrap()).collect();
        fs::create_dir(&paths[1]).unwrap();
        assert!(matches!(Part::keep_all(parts), Err(ReadError::File { .. })));
        assert_eq!(names(folder.path()), ["disk2.raw"]);
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "kept").unwrap();
        std::os::unix::fs::symlink(&elsewhere, folder.path().join(".disk.raw.part")).unwrap();
        assert!(matches!(Part::new(&folder.path().join("disk.raw")), Err(ReadError::File { .. })));
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "kept");
    }
}
