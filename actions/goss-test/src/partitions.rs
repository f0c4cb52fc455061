//! The partitions of a raw disk, read as files are: no mounts, no loop devices.
//!
//! The disk is not trusted: every number in its tables is checked against its size.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context as _, Result};
use gpt::disk::LogicalBlockSize;

const SECTOR: u64 = 512;

/// One partition, as a read-only range of the disk's file.
#[derive(Debug)]
pub(crate) struct Partition {
    file: File,
    start: u64,
    length: u64,
    at: u64,
}

/// The partitions in their order on the disk. A disk without a table is one partition, as a whole.
pub(crate) fn open(disk: &Path) -> Result<Vec<Partition>> {
    let size = std::fs::metadata(disk).with_context(|| format!("cannot look at {}", disk.display()))?.len();
    let table = gpt::GptConfig::new()
        .writable(false)
        .only_valid_headers(false)
        .logical_block_size(LogicalBlockSize::Lb512)
        .open(disk);
    let Ok(table) = table else { return Ok(vec![Partition::new(disk, 0, size)?]) };
    let mut ranges: Vec<(u64, u64)> = table
        .partitions()
        .values()
        .filter_map(|entry| range(entry.first_lba, entry.last_lba, size))
        .collect();
    ranges.sort_unstable();
    ranges.into_iter().map(|(start, length)| Partition::new(disk, start, length)).collect()
}

/// Where a partition lies, if it lies on the disk.
fn range(first: u64, last: u64, size: u64) -> Option<(u64, u64)> {
    let start = first.checked_mul(SECTOR)?;
    let end = last.checked_add(1)?.checked_mul(SECTOR)?;
    (start < end && end <= size).then(|| (start, end - start))
}

impl Partition {
    fn new(disk: &Path, start: u64, length: u64) -> Result<Self> {
        let file = File::open(disk).with_context(|| format!("cannot open {}", disk.display()))?;
        Ok(Self { file, start, length, at: 0 })
    }

    /// The same range, read from its beginning.
    pub(crate) fn again(&self) -> Result<Self> {
        // Not `try_clone`: clones share one position.
        Ok(Self { file: self.file.try_clone()?, start: self.start, length: self.length, at: 0 })
    }
}

impl Read for Partition {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let room = buffer.len().min(left);
        self.file.seek(SeekFrom::Start(self.start + self.at))?;
        let read = self.file.read(&mut buffer[..room])?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Partition {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at
            .filter(|at| *at <= self.length)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "outside of the partition"))?;
        Ok(self.at)
    }
}

/// The FAT reader asks for it; the disk under test is never written.
impl Write for Partition {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ext4_view::Ext4Read for Partition {
    fn read(
        &mut self,
        start: u64,
        buffer: &mut [u8],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync + 'static>> {
        self.seek(SeekFrom::Start(start))?;
        self.read_exact(buffer)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_lie_on_the_disk() {
        for (first, last, size, expected) in [
            (1, 1, 1024, Some((512, 512))),
            (0, 1, 1024, Some((0, 1024))),
            (1, 2, 1024, None),
            (2, 1, 4096, None),
            (2, 0, 4096, None),
            (u64::MAX, u64::MAX, 4096, None),
            (1, u64::MAX - 1, 4096, None),
        ] {
            assert_eq!(range(first, last, size), expected, "{first} {last} {size}");
        }
    }

    #[test]
    fn a_partition_ends_where_it_ends() {
        let mut disk = tempfile::NamedTempFile::new().unwrap();
        disk.write_all(b"0123456789").unwrap();
        let mut partition = Partition::new(disk.path(), 2, 5).unwrap();
        let mut text = String::new();
        partition.read_to_string(&mut text).unwrap();
        assert_eq!(text, "23456");
        assert!(partition.seek(SeekFrom::Start(6)).is_err());
        assert!(partition.seek(SeekFrom::Current(-6)).is_err());
        assert_eq!(partition.seek(SeekFrom::End(-1)).unwrap(), 4);
        assert!(partition.write(b"x").is_err());
        let mut two = [0; 2];
        assert!(ext4_view::Ext4Read::read(&mut partition, 4, &mut two).is_err());
        ext4_view::Ext4Read::read(&mut partition, 3, &mut two).unwrap();
        assert_eq!(&two, b"56");
    }

    #[test]
    fn a_disk_without_a_table_is_one_partition() {
        let disk = tempfile::NamedTempFile::new().unwrap();
        disk.as_file().set_len(4096).unwrap();
        assert_eq!(open(disk.path()).unwrap().len(), 1);
    }
}
