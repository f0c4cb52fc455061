//! Taking the files of a root file system out of a disk, into a folder that nobody else writes to.
//!
//! Taken are folders, plain files and symbolic links, all of them or none. Devices, pipes and sockets are not made:
//! they have no content. Owners, dates, extended attributes and setuid bits are not taken over, and hard links
//! become files of their own. Every file is made new and nothing is ever written through a link, so whatever names
//! and links the image has, only the folder is written to.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use ext4_view::{DirEntry, Ext4, FileType};

/// What is read at once. Where all of it is zero, the file gets a hole.
const CHUNK: usize = 64 << 10;

/// How much may be taken out. What is larger is refused, not cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Folders, files and links.
    pub entries: u64,
    /// Bytes of all files, holes included.
    pub bytes: u64,
    /// Folders within folders.
    pub depth: usize,
}

impl Default for Limits {
    /// Two million entries, 64 GiB, 128 folders deep.
    fn default() -> Self {
        Self { entries: 2_000_000, bytes: 64 << 30, depth: 128 }
    }
}

/// What was taken out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extracted {
    /// Folders, files and links.
    pub entries: u64,
    /// Bytes of all files, holes included.
    pub bytes: u64,
    /// Devices, pipes and sockets, which were not made.
    pub left_out: u64,
}

/// Writes a file system's files into `into`, a folder that does not exist yet.
///
/// # Errors
/// Anything cannot be read or written, a name is no file's, or a limit is reached. What was written until then is
/// for the caller to remove.
pub fn extract(root: &Ext4, into: &Path, limits: Limits) -> Result<Extracted> {
    let mut work = Work { root, limits, done: Extracted::default(), chunk: vec![0; CHUNK] };
    make_folder(into)?;
    let mut folders = vec![Folder { from: b"/".to_vec(), to: into.to_owned(), depth: 0 }];
    while let Some(folder) = folders.pop() {
        work.folder(&folder, &mut folders)?;
    }
    Ok(work.done)
}

/// A folder that is still to be read.
struct Folder {
    from: Vec<u8>,
    to: PathBuf,
    depth: usize,
}

struct Work<'r> {
    root: &'r Ext4,
    limits: Limits,
    done: Extracted,
    chunk: Vec<u8>,
}

impl Work<'_> {
    fn folder(&mut self, folder: &Folder, more: &mut Vec<Folder>) -> Result<()> {
        let what = || format!("cannot read the folder {} of the image", shown(&folder.from));
        for entry in self.root.read_dir(folder.from.as_slice()).with_context(what)? {
            let entry = entry.with_context(what)?;
            let name = entry.file_name();
            let name: &[u8] = name.as_ref();
            if name == b"." || name == b".." {
                continue;
            }
            // The reader holds to this as well; here it is what everything rests on.
            if name.is_empty() || name.contains(&b'/') || name.contains(&0) {
                bail!("the folder {} of the image has the name {:?}", shown(&folder.from), shown(name));
            }
            let from = [folder.from.as_slice(), if folder.depth == 0 { b"" } else { b"/" }, name].concat();
            let to = folder.to.join(OsStr::from_bytes(name));
            self.entry(&entry, &from, &to, folder.depth, more)
                .with_context(|| format!("{} of the image", shown(&from)))?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        entry: &DirEntry,
        from: &[u8],
        to: &Path,
        depth: usize,
        more: &mut Vec<Folder>,
    ) -> Result<()> {
        // The folder's word and the file's own could differ, and the file's own is what is read.
        let metadata = entry.metadata()?;
        match metadata.file_type() {
            FileType::Directory => {
                self.count(0)?;
                if depth >= self.limits.depth {
                    bail!("more than {} folders within folders", self.limits.depth);
                }
                make_folder(to)?;
                more.push(Folder { from: from.to_owned(), to: to.to_owned(), depth: depth + 1 });
                Ok(())
            }
            FileType::Regular => {
                self.count(metadata.len())?;
                self.file(from, to, metadata.mode())
            }
            FileType::Symlink => {
                self.count(0)?;
                let target = self.root.read_link(from)?;
                Ok(symlink(OsStr::from_bytes(target.as_ref()), to)?)
            }
            FileType::BlockDevice | FileType::CharacterDevice | FileType::Fifo | FileType::Socket => {
                self.done.left_out += 1;
                Ok(())
            }
        }
    }

    fn count(&mut self, bytes: u64) -> Result<()> {
        self.done.entries += 1;
        self.done.bytes = self.done.bytes.saturating_add(bytes);
        if self.done.entries > self.limits.entries {
            bail!("more than the {} files that are taken out of an image", self.limits.entries);
        }
        if self.done.bytes > self.limits.bytes {
            bail!("more than the {} bytes that are taken out of an image", self.limits.bytes);
        }
        Ok(())
    }

    fn file(&mut self, from: &[u8], to: &Path, mode: u16) -> Result<()> {
        let mut source = self.root.open(from)?;
        // Whether it may be run tells cataloguers something; nothing else of its mode is taken over.
        let mode = if mode & 0o100 == 0 { 0o600 } else { 0o700 };
        let mut target = OpenOptions::new().write(true).create_new(true).mode(mode).open(to)?;
        let length = source.metadata().len();
        let mut at = 0;
        loop {
            let read = source.read_bytes(&mut self.chunk)?;
            if read == 0 {
                break;
            }
            write(&mut target, &self.chunk[..read])?;
            at += read as u64;
        }
        if at != length {
            bail!("{at} of {length} bytes were to be read");
        }
        Ok(target.set_len(length)?)
    }
}

fn write(target: &mut File, bytes: &[u8]) -> Result<()> {
    if bytes.iter().all(|byte| *byte == 0) {
        target.seek(SeekFrom::Current(i64::try_from(bytes.len())?))?;
    } else {
        target.write_all(bytes)?;
    }
    Ok(())
}

/// A folder of our own; one that is there already is an error, be it a link to somewhere else.
fn make_folder(path: &Path) -> Result<()> {
    fs::DirBuilder::new().mode(0o700).create(path).with_context(|| format!("cannot make {}", path.display()))
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).escape_debug().take(200).collect()
}

#[cfg(test)]
mod tests;
