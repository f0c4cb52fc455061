//! A disk that is read block by block, by whoever sends it somewhere else.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::extents::{Extents, Run};
use crate::file::{open_disk, size_of};
use crate::{BLOCK, Error, at_most};

/// Blocks that are taken from an extent at once.
const RUN: u64 = 1024;

/// An open raw disk image or block device.
///
/// It may be written to meanwhile: whoever reads it hashes what was read, and believes that alone.
#[derive(Debug)]
pub struct Disk {
    file: File,
    path: PathBuf,
    size: u64,
}

impl Disk {
    /// Opens a disk. Nothing is read yet.
    ///
    /// # Errors
    /// It cannot be opened, or has no blocks.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let open = |source: io::Error| Error::Open { path: path.to_owned(), source };
        let mut file = open_disk(path).map_err(open)?;
        let metadata = file.metadata().map_err(open)?;
        let size = size_of(&mut file, &metadata, path)?;
        Ok(Self { file, path: path.to_owned(), size })
    }

    /// Its size in bytes, before rounding.
    #[must_use]
    pub const fn size_bytes(&self) -> u64 {
        self.size
    }

    /// The blocks that may hold data, by rising index. The others lie wholly in holes.
    #[must_use]
    pub fn data_blocks(&self) -> DataBlocks<'_> {
        DataBlocks {
            disk: self,
            extents: Extents::new(&self.file, self.size),
            rest: Run { first: 0, end: 0 },
        }
    }

    /// Reads a block, filled up with zeros where the disk ends inside it.
    ///
    /// # Errors
    /// It cannot be read, or the disk became shorter.
    ///
    /// # Panics
    /// If `block` is not of [`BLOCK`] bytes.
    pub fn read(&self, index: u64, block: &mut [u8]) -> Result<(), Error> {
        assert_eq!(block.len(), BLOCK, "a block");
        let offset = index * BLOCK as u64;
        let (data, rest) = block.split_at_mut(at_most(self.size.saturating_sub(offset), BLOCK));
        rest.fill(0);
        self.file.read_exact_at(data, offset).map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => {
                Error::Changed { path: self.path.clone(), what: "it became shorter" }
            }
            _ => Error::Read { path: self.path.clone(), offset, source },
        })
    }
}

/// What [`Disk::data_blocks`] gives.
#[derive(Debug)]
pub struct DataBlocks<'d> {
    disk: &'d Disk,
    extents: Extents<'d>,
    rest: Run,
}

impl Iterator for DataBlocks<'_> {
    type Item = Result<u64, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.first == self.rest.end {
            match self.extents.next(RUN) {
                Ok(found) => self.rest = found?,
                Err(source) => {
                    let offset = self.extents.at();
                    return Some(Err(Error::Read { path: self.disk.path.clone(), offset, source }));
                }
            }
        }
        let index = self.rest.first;
        self.rest.first += 1;
        Some(Ok(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_by_their_index_and_holes_are_passed_over() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(5 * BLOCK as u64 + 3).unwrap();
        file.as_file().write_all_at(&[7; 2], 2 * BLOCK as u64 - 1).unwrap();
        file.as_file().write_all_at(&[9; 3], 5 * BLOCK as u64).unwrap();
        let disk = Disk::open(file.path()).unwrap();
        assert_eq!(disk.size_bytes(), 5 * BLOCK as u64 + 3);
        let indices: Vec<_> = disk.data_blocks().map(Result::unwrap).collect();
        assert_eq!(indices, [1, 2, 5]);
        let mut block = vec![1; BLOCK];
        disk.read(1, &mut block).unwrap();
        assert_eq!((block[0], block[BLOCK - 1]), (0, 7));
        disk.read(5, &mut block).unwrap();
        assert_eq!((block[2], block[3], block[BLOCK - 1]), (9, 0, 0));
        file.as_file().set_len(BLOCK as u64).unwrap();
        assert!(matches!(disk.read(2, &mut block), Err(Error::Changed { .. })));
        assert!(matches!(Disk::open(Path::new("/dev/null")), Err(Error::NotADisk { .. })));
    }
}
