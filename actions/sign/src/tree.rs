//! The working folder: files are opened and written below it, one name after the other, and no symbolic link is
//! followed on the way, so that nothing outside is read, signed or written to.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::fs::{Mode, OFlags, open, openat};
use rustix::io::Errno;

/// The most entries that patterns are tried on.
const MAX_ENTRIES: usize = 200_000;

/// The folder that every path is in.
pub(crate) struct Tree {
    root: PathBuf,
    fd: OwnedFd,
}

impl Tree {
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let fd = open(root, flags, Mode::empty())
            .with_context(|| format!("cannot open the folder {}", root.display()))?;
        Ok(Self { root: root.to_owned(), fd })
    }

    /// A path of this folder as plain names joined by `/`; an absolute one has to be in it.
    pub(crate) fn relative(&self, text: &str) -> Result<String> {
        let said = |what: &str| format!("input `files`: {text:?} {what}");
        ensure!(!text.chars().any(char::is_control), said("has control characters in it"));
        let path = Path::new(text);
        let path = match path.strip_prefix(&self.root) {
            Ok(inside) => inside,
            Err(_) if path.is_absolute() => bail!(said("is outside of the working folder")),
            Err(_) => path,
        };
        let mut names = Vec::new();
        for component in path.components() {
            match component {
                Component::Normal(name) => names.push(name.to_str().unwrap_or_default()),
                Component::CurDir => {}
                _ => bail!(said("leaves the working folder: `..` is not taken")),
            }
        }
        ensure!(!names.is_empty(), said("is no file"));
        Ok(names.join("/"))
    }

    /// Opens a plain file to be read; nothing where there is none.
    pub(crate) fn file(&self, path: &str) -> Result<Option<File>> {
        let mut folder = None::<OwnedFd>;
        let (folders, name) =
            path.rsplit_once('/').map_or((None, path), |(folders, name)| (Some(folders), name));
        for part in folders.into_iter().flat_map(|folders| folders.split('/')) {
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
            match openat(folder.as_ref().unwrap_or(&self.fd), part, flags, Mode::empty()) {
                Ok(fd) => folder = Some(fd),
                Err(errno) => return self.refused(path, errno),
            }
        }
        // A pipe must not make us wait for somebody to write into it.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::RDONLY | OFlags::CLOEXEC;
        let file = match openat(folder.as_ref().unwrap_or(&self.fd), name, flags, Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(errno) => return self.refused(path, errno),
        };
        let plain = file.metadata().with_context(|| format!("cannot look at {path}"))?.is_file();
        ensure!(plain, "{path} is not a plain file: only files are signed");
        Ok(Some(file))
    }

    /// Nothing there is no error here; a link, and all else, is.
    fn refused(&self, path: &str, errno: Errno) -> Result<Option<File>> {
        let mut at = self.root.clone();
        for name in path.split('/') {
            at.push(name);
            match fs::symlink_metadata(&at) {
                Ok(found) if found.is_symlink() => bail!(
                    "{path}: {} is a symbolic link, and none is followed: name the file that it shows",
                    at.display()
                ),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        match errno {
            Errno::NOENT | Errno::NOTDIR => Ok(None),
            Errno::NXIO => bail!("{path} is not a plain file: only files are signed"),
            errno => Err(std::io::Error::from(errno)).with_context(|| format!("cannot read {path}")),
        }
    }

    /// Reads a small file; nothing where there is none.
    pub(crate) fn read(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
        let Some(file) = self.file(path)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(limit as u64 + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {path}"))?;
        ensure!(bytes.len() <= limit, "{path} is longer than the {limit} bytes that are read");
        Ok(Some(bytes))
    }

    /// Writes a file whole or not at all, beside one that was opened here. A link in its place is replaced, and not
    /// followed.
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let to = self.root.join(path);
        let folder = to.parent().unwrap_or(&self.root);
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::Builder::new()
                .prefix(".partial-")
                .permissions(fs::Permissions::from_mode(0o644))
                .tempfile_in(folder)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(&to).map_err(|error| error.error)?;
            Ok(())
        };
        write().with_context(|| format!("cannot write {path}"))
    }

    /// Every plain file below, as names joined by `/`. Links are passed over, and so are Git's own files.
    pub(crate) fn all(&self) -> Result<Vec<String>> {
        let (mut found, mut folders, mut seen) = (Vec::new(), vec![String::new()], 0_usize);
        while let Some(folder) = folders.pop() {
            let at = self.root.join(&folder);
            let listed = || format!("cannot list {}", at.display());
            for entry in fs::read_dir(&at).with_context(listed)? {
                let entry = entry.with_context(listed)?;
                seen += 1;
                ensure!(
                    seen <= MAX_ENTRIES,
                    "the working folder holds more than {MAX_ENTRIES} entries: name the files, or sign in a folder of theirs"
                );
                let kind = entry.file_type().with_context(listed)?;
                // What no line of an input can say is not meant by a pattern either.
                let Ok(name) = entry.file_name().into_string() else { continue };
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                if kind.is_dir() && path != ".git" {
                    folders.push(path);
                } else if kind.is_file() {
                    found.push(path);
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}
