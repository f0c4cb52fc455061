//! The partitions of a raw disk.
//!
//! The disk is not trusted: every number in its tables is checked against its size.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use gpt::disk::LogicalBlockSize;

const SECTOR: u64 = 512;

/// Types that hold no packages: EFI system, BIOS boot, an MBR scheme, swap, extended boot loader.
const WITHOUT_PACKAGES: [&str; 5] = [
    "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
    "21686148-6449-6E6F-744E-656564454649",
    "024DEE41-33E7-11D3-9D69-0008C781F39F",
    "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F",
    "BC13C2FF-59E6-4262-A352-B275FD6F7172",
];

/// One partition, as a read-only range of the disk's file.
#[derive(Debug)]
pub struct Partition {
    file: File,
    start: u64,
    length: u64,
    at: u64,
    packages: bool,
}

/// The partitions in their order on the disk. A disk without a table is one partition, as a whole.
///
/// # Errors
/// The disk cannot be read, or its table lists a partition that does not lie on it.
pub fn open(disk: &Path) -> Result<Vec<Partition>> {
    let size = std::fs::metadata(disk).with_context(|| format!("cannot look at {}", disk.display()))?.len();
    let table = gpt::GptConfig::new()
        .writable(false)
        .only_valid_headers(false)
        .logical_block_size(LogicalBlockSize::Lb512)
        .open(disk);
    let Ok(table) = table else { return Ok(vec![Partition::new(disk, 0, size, true)?]) };
    let mut ranges = Vec::new();
    for entry in table.partitions().values().filter(|entry| entry.is_used()) {
        let Some((start, length)) = range(entry.first_lba, entry.last_lba, size) else {
            bail!("the partition table of {} lists a partition that does not lie on it", disk.display());
        };
        let kind = entry.part_type_guid.guid.to_string();
        let packages = !WITHOUT_PACKAGES.iter().any(|other| other.eq_ignore_ascii_case(&kind));
        ranges.push((start, length, packages));
    }
    ranges.sort_unstable();
    ranges
        .into_iter()
        .map(|(start, length, packages)| Partition::new(disk, start, length, packages))
        .collect()
}

/// Where a partition lies, if it lies on the disk.
fn range(first: u64, last: u64, size: u64) -> Option<(u64, u64)> {
    let start = first.checked_mul(SECTOR)?;
    let end = last.checked_add(1)?.checked_mul(SECTOR)?;
    (start < end && end <= size).then(|| (start, end - start))
}

impl Partition {
    fn new(disk: &Path, start: u64, length: u64, packages: bool) -> Result<Self> {
        let file = File::open(disk).with_context(|| format!("cannot open {}", disk.display()))?;
        Ok(Self { file, start, length, at: 0, packages })
    }

    /// Whether its type is one that may hold packages: all but those that boot the machine, and swap.
    #[must_use]
    pub const fn may_hold_packages(&self) -> bool {
        self.packages
    }

    /// The same range, read from its beginning.
    ///
    /// # Errors
    /// The system gives no other handle.
    pub fn again(&self) -> Result<Self> {
        // The clone shares the file's position: every read seeks first.
        Ok(Self {
            file: self.file.try_clone()?,
            start: self.start,
            length: self.length,
            at: 0,
            packages: self.packages,
        })
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
        let mut partition = Partition::new(disk.path(), 2, 5, true).unwrap();
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
