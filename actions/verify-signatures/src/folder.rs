//! The manifest's folder: files are opened below it, one name after the other, and no symbolic
//! link is followed on the way, not even one that was put there a moment ago.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use globset::GlobMatcher;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, open, openat, statat};
use rustix::io::Errno;

use crate::path::RelPath;

/// The most entries that a pattern is tried on.
const MAX_ENTRIES: usize = 100_000;

/// The folder that every path of a manifest is relative to.
pub(crate) struct Folder {
    root: PathBuf,
    fd: OwnedFd,
}

/// Why a file was not opened.
#[derive(Debug)]
pub(crate) enum OpenError {
    Missing,
    /// The file or a folder on the way is a symbolic link.
    SymbolicLink,
    NotAFile,
    TooLong(u64),
    Io(io::Error),
}

impl From<Errno> for OpenError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOENT => Self::Missing,
            other => Self::Io(other.into()),
        }
    }
}

impl Folder {
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        // The folder itself may be reached through links: it was named by whoever runs this.
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let fd = open(root, OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { root: root.to_owned(), fd })
    }

    /// Opens a plain file to be read.
    pub(crate) fn file(&self, path: &RelPath) -> Result<File, OpenError> {
        let mut names = path.names();
        let last = names.next_back().ok_or(OpenError::Missing)?;
        let mut folder = None::<OwnedFd>;
        for name in names {
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
            folder = Some(self.step(folder.as_ref(), name, flags)?);
        }
        // A pipe must not make us wait for somebody to write into it.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::RDONLY | OFlags::CLOEXEC;
        let file = File::from(self.step(folder.as_ref(), last, flags)?);
        if file.metadata().map_err(OpenError::Io)?.is_file() { Ok(file) } else { Err(OpenError::NotAFile) }
    }

    /// Reads a small file.
    pub(crate) fn read(&self, path: &RelPath, limit: u64) -> Result<Vec<u8>, OpenError> {
        let mut bytes = Vec::new();
        self.file(path)?.take(limit + 1).read_to_end(&mut bytes).map_err(OpenError::Io)?;
        if bytes.len() as u64 > limit { Err(OpenError::TooLong(limit)) } else { Ok(bytes) }
    }

    fn step(&self, folder: Option<&OwnedFd>, name: &str, flags: OFlags) -> Result<OwnedFd, OpenError> {
        let folder = folder.unwrap_or(&self.fd);
        openat(folder, name, flags, Mode::empty()).map_err(|errno| {
            // A link is told by ELOOP or ENOTDIR, depending on the flags and the system.
            let is = |kind| {
                statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
                    .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == kind)
            };
            match errno {
                Errno::LOOP | Errno::NOTDIR if is(FileType::Symlink) => OpenError::SymbolicLink,
                Errno::NOTDIR => OpenError::Missing,
                // A socket cannot be opened.
                Errno::NXIO => OpenError::NotAFile,
                errno => errno.into(),
            }
        })
    }

    /// Every entry below `start` that matches and is no folder, sorted; links are entries, and are
    /// not followed. A name that is not UTF-8 is given as far as it reads, in `Err`.
    pub(crate) fn matching(
        &self,
        start: &str,
        matcher: &GlobMatcher,
    ) -> Result<Vec<Result<RelPath, String>>, OpenError> {
        let mut found = Vec::new();
        let mut seen = 0_usize;
        let mut folders = vec![start.to_owned()];
        if let Some(reason) = self.not_a_folder(start) {
            return match reason {
                OpenError::Missing => Ok(found),
                other => Err(other),
            };
        }
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(self.root.join(&folder)).map_err(OpenError::Io)? {
                let entry = entry.map_err(OpenError::Io)?;
                seen += 1;
                if seen > MAX_ENTRIES {
                    return Err(OpenError::Io(io::Error::other(format!(
                        "it holds more than {MAX_ENTRIES} entries"
                    ))));
                }
                let is_folder = entry.file_type().map_err(OpenError::Io)?.is_dir();
                match entry.file_name().into_string() {
                    Ok(name) if is_folder => folders.push(RelPath::join(&folder, &name).as_str().to_owned()),
                    Ok(name) => {
                        let path = RelPath::join(&folder, &name);
                        if matcher.is_match(path.as_str()) {
                            found.push(Ok(path));
                        }
                    }
                    Err(name) => {
                        let path = Path::new(&folder).join(&name);
                        if is_folder || matcher.is_match(&path) {
                            found.push(Err(path.to_string_lossy().into_owned()));
                        }
                    }
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// Whether the literal part of a pattern is no folder that can be searched.
    fn not_a_folder(&self, start: &str) -> Option<OpenError> {
        if start.is_empty() {
            return None;
        }
        let mut folder = None::<OwnedFd>;
        for name in start.split('/') {
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
            match self.step(folder.as_ref(), name, flags) {
                Ok(fd) => folder = Some(fd),
                Err(error) => return Some(error),
            }
        }
        None
    }
}
