//! The folder that the image goes into.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use aws::snapshots::Fetch;
use model::ImageManifest;
use runner::Result;

/// The manifest's name.
const MANIFEST: &str = "image.json";

/// A folder; if it was made here and nothing comes into it, it is gone again.
pub(crate) struct Folder {
    path: PathBuf,
    made: bool,
}

impl Folder {
    /// What a run that was killed has left there of such files is taken away.
    pub(crate) fn new(path: PathBuf, wanted: Option<&ImageManifest>) -> Result<Self> {
        let made = !path.exists();
        fs::create_dir_all(&path)
            .with_context(|| format!("input `output`: cannot make the folder {}", path.display()))?;
        sweep(&path, wanted)
            .with_context(|| format!("input `output`: cannot clean up {}", path.display()))?;
        Ok(Self { path, made })
    }

    /// Where a disk of this name goes.
    pub(crate) fn disk(&self, file: &str) -> PathBuf {
        self.path.join(file)
    }

    /// Gives the disks their names, and then writes the manifest: where it is, its disks are. An earlier one, of other
    /// disks, is taken away first.
    pub(crate) fn keep(&self, fetch: Fetch<'_>, manifest: &ImageManifest) -> Result<PathBuf> {
        let path = self.path.join(MANIFEST);
        let bytes = manifest.to_bytes()?;
        let earlier = fs::read(&path);
        if !earlier.is_ok_and(|earlier| earlier == bytes) {
            remove(&path)?;
        }
        fetch.keep()?;
        let half_made = self.path.join(format!(".{MANIFEST}.part"));
        remove(&half_made)?;
        let write = || -> io::Result<()> {
            OpenOptions::new().write(true).create_new(true).open(&half_made)?.write_all(&bytes)?;
            fs::rename(&half_made, &path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.made {
            // Only an empty one goes.
            fs::remove_dir(&self.path).ok();
        }
    }
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Removes half-made files that nobody fills any more. Others may keep files in the folder: only those that are called as a
/// run of ours calls them are looked at.
fn sweep(folder: &Path, wanted: Option<&ImageManifest>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let file = name.to_str().and_then(|name| name.strip_prefix('.')?.strip_suffix(".part"));
        let is_ours = file.is_some_and(|file| {
            let number = file.strip_prefix("disk").and_then(|rest| rest.strip_suffix(".raw"));
            let numbered = number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
            numbered || wanted.is_some_and(|wanted| wanted.disks.iter().any(|disk| disk.file == file))
        });
        // Whoever fills one holds it.
        if is_ours && entry.file_type()?.is_file() && File::open(entry.path())?.try_lock().is_ok() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Whether every disk of a manifest can have the file that it names: one each, in sight, and not the manifest's own.
pub(crate) fn check_files(manifest: &ImageManifest) -> Result<()> {
    let files: Vec<&str> = manifest.disks.iter().map(|disk| disk.file.as_str()).collect();
    for (index, file) in files.iter().enumerate() {
        let free = *file != MANIFEST && !file.starts_with('.') && !files[..index].contains(file);
        ensure!(
            free,
            "input `image`: the disk {} is in the file {file:?}, which cannot be written: a name of its own is wanted, other \
             than {MANIFEST} and without a dot in front",
            manifest.disks[index].device
        );
    }
    Ok(())
}
