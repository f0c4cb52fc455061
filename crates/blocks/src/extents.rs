//! Which blocks of a file may hold data: a walk over its extents that never reads a hole.

use std::fs::File;
use std::io;

use rustix::fs::SeekFrom;
use rustix::io::Errno;

use crate::BLOCK;

/// Consecutive blocks, `first` up to but not including `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) first: u64,
    pub(crate) end: u64,
}

/// Walks over the blocks that may hold data, in order, in runs of a limited length.
#[derive(Debug)]
pub(crate) struct Extents<'a> {
    file: &'a File,
    size: u64,
    /// The rest of the extent that was found last.
    rest: Run,
    /// The file system cannot tell holes from data: everything is data.
    opaque: bool,
}

impl<'a> Extents<'a> {
    pub(crate) fn new(file: &'a File, size: u64) -> Self {
        Extents { file, size, rest: Run { first: 0, end: 0 }, opaque: false }
    }

    /// The next run, at most `limit` blocks long; `None` after the last.
    pub(crate) fn next(&mut self, limit: u64) -> io::Result<Option<Run>> {
        if self.rest.first == self.rest.end {
            match self.find(self.rest.end)? {
                Some(found) => self.rest = found,
                None => return Ok(None),
            }
        }
        let run = Run { first: self.rest.first, end: self.rest.end.min(self.rest.first + limit) };
        self.rest.first = run.end;
        Ok(Some(run))
    }

    /// Where the walk is, in bytes.
    pub(crate) fn at(&self) -> u64 {
        self.rest.first * BLOCK as u64
    }

    /// The first extent at or after a block, widened to whole blocks.
    fn find(&mut self, block: u64) -> io::Result<Option<Run>> {
        let blocks = self.size.div_ceil(BLOCK as u64);
        if block >= blocks {
            return Ok(None);
        }
        if self.opaque {
            return Ok(Some(Run { first: block, end: blocks }));
        }
        let data = match rustix::fs::seek(self.file, SeekFrom::Data(block * BLOCK as u64)) {
            Ok(data) => data,
            Err(Errno::NXIO) => return Ok(None),
            Err(Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS) => {
                self.opaque = true;
                return Ok(Some(Run { first: block, end: blocks }));
            }
            Err(error) => return Err(error.into()),
        };
        let hole = rustix::fs::seek(self.file, SeekFrom::Hole(data))?;
        // The file may have grown since its size was taken: what lies past that is not looked at here,
        // and the growth itself is found when the hashing ends.
        if data >= self.size {
            return Ok(None);
        }
        let end = hole.min(self.size).div_ceil(BLOCK as u64);
        Ok(Some(Run { first: data / BLOCK as u64, end }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt as _;

    fn walk(file: &File, size: u64, limit: u64) -> Vec<(u64, u64)> {
        let mut extents = Extents::new(file, size);
        let mut runs = Vec::new();
        while let Some(run) = extents.next(limit).unwrap() {
            runs.push((run.first, run.end));
        }
        runs
    }

    #[test]
    fn holes_are_passed_over_and_blocks_never_come_twice() {
        let block = BLOCK as u64;
        let file = tempfile::tempfile().unwrap();
        file.set_len(100 * block).unwrap();
        assert_eq!(walk(&file, 100 * block, 8), []);
        file.write_all_at(&[1], 3 * block).unwrap();
        // Two extents inside one block, the second of which runs on into the next.
        file.write_all_at(&[1], 50 * block).unwrap();
        file.write_all_at(&[1; 8192], 51 * block - 4096).unwrap();
        file.write_all_at(&[1], 100 * block - 1).unwrap();
        assert_eq!(walk(&file, 100 * block, 8), [(3, 4), (50, 51), (51, 52), (99, 100)]);
    }

    #[test]
    fn a_long_extent_is_cut_to_the_limit() {
        let block = BLOCK as u64;
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(&vec![1; 5 * BLOCK], 0).unwrap();
        assert_eq!(walk(&file, 5 * block, 2), [(0, 2), (2, 4), (4, 5)]);
    }

    #[test]
    fn an_empty_file_has_no_runs() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(walk(&file, 0, 8), []);
    }
}
