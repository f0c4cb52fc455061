//! Whether a file is still what it was.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use model::Sha256;
use runner::Result;

/// SHA-256 of a file of any size.
///
/// # Errors
/// It cannot be read.
pub fn hash(path: &Path) -> Result<Sha256> {
    let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut hasher = model::Sha256Hasher::new();
    std::io::copy(&mut file, &mut hasher).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(hasher.finish())
}

/// What the file system says of a file: the change time moves with every write, rename and link,
/// and cannot be set back. So a file that was exchanged, and exchanged back, is noticed too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// Of a plain file.
    ///
    /// # Errors
    /// There is no such file, or it is of another kind.
    pub fn of(path: &Path) -> Result<Self> {
        let metadata = std::fs::metadata(path).with_context(|| format!("cannot open {}", path.display()))?;
        if !metadata.is_file() {
            bail!("{} is not a plain file", path.display());
        }
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Whether the file is still that one, unchanged.
    ///
    /// # Errors
    /// It is not.
    pub fn still(&self, path: &Path) -> Result<()> {
        if Self::of(path)? == *self {
            return Ok(());
        }
        bail!("{} was written to or exchanged meanwhile", path.display())
    }
}
