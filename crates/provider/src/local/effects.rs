//! Everything that changes the store's files goes through here, so that a test can stop the world at each change.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::copy::copy_sparse;

/// The changes that are made to the store. Each is done completely, and is on the medium, when it returns.
pub(super) trait Effects {
    /// Makes a folder and those above it.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Writes a file in the staging folder, in place of what an earlier attempt left.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Copies a disk, holes staying holes, and makes the copy read-only.
    fn copy_disk(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Moves a file or a folder into place: the one step that makes something visible.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file or a whole folder; it may be gone already.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The file system.
pub(super) struct RealEffects;

impl Effects for RealEffects {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)?;
        sync_parent(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn copy_disk(&self, from: &Path, to: &Path) -> io::Result<()> {
        let target = OpenOptions::new().write(true).create_new(true).open(to)?;
        copy_sparse(&File::open(from)?, &target)?;
        target.set_permissions(Permissions::from_mode(0o444))?;
        target.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        // A folder's own entries have to be on the medium before the folder appears under its name.
        if fs::symlink_metadata(from)?.is_dir() {
            File::open(from)?.sync_all()?;
        }
        fs::rename(from, to)?;
        sync_parent(to)?;
        sync_parent(from)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let removed = match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
            Ok(_) => fs::remove_file(path),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => sync_parent(path),
        }
    }
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}
