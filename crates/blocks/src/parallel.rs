//! Hashing a file's blocks on several threads, and putting the results back in order.
//!
//! Each worker takes the next short run of blocks, hashes it, and hands the sums in under its ticket. Sums that
//! arrive early wait; a worker that is too far ahead of the slowest waits as well, so that memory stays constant
//! however large the disk is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use model::{Sha256, Sha256Hasher};

use crate::extents::{Extents, Run};
use crate::zero::ZEROS;
use crate::{Assembler, BLOCK, Digested, Error, at_most, is_zero};

/// Blocks in one run: long enough that the lock costs nothing, short enough to share out a small disk.
const RUN: u64 = 16;

/// How many runs the fastest worker may be ahead of the slowest.
const AHEAD: u64 = 64;

/// Bytes read at a time: they are hashed while they are still in the core's own cache.
const PIECE: usize = 128 * 1024;

/// The sums of one run's blocks that hold data, and how many held none.
struct Sums {
    data: Vec<(u64, Sha256)>,
    zero: u64,
}

struct State<'a> {
    extents: Extents<'a>,
    disk: Assembler,
    zero_blocks: u64,
    /// The ticket the next run gets.
    issue: u64,
    /// The ticket whose sums go in next.
    turn: u64,
    early: BTreeMap<u64, Sums>,
    failed: Option<Error>,
}

struct Work<'a> {
    file: &'a File,
    path: &'a Path,
    size: u64,
    state: Mutex<State<'a>>,
    moved: Condvar,
}

/// The digest of an open file of a known size.
pub(crate) fn digest(file: &File, path: &Path, size: u64, threads: usize) -> Result<Digested, Error> {
    let state = State {
        extents: Extents::new(file, size),
        disk: Assembler::new(size)?,
        zero_blocks: 0,
        issue: 0,
        turn: 0,
        early: BTreeMap::new(),
        failed: None,
    };
    let work = Work { file, path, size, state: Mutex::new(state), moved: Condvar::new() };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| work.help());
        }
        work.help();
    });
    let state = work.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match state.failed {
        Some(error) => Err(error),
        None => Ok(state.disk.finish(state.zero_blocks)),
    }
}

impl<'a> Work<'a> {
    /// One worker, from its first run to the last.
    fn help(&self) {
        let mut piece = vec![0; PIECE];
        while let Some((ticket, run)) = self.take() {
            let sums = self.sums(run, &mut piece);
            self.hand_in(ticket, sums);
        }
    }

    /// The next run and its ticket; waits while this worker is too far ahead. `None` when there is no more to do.
    fn take(&self) -> Option<(u64, Run)> {
        let mut state = self.state();
        loop {
            if state.failed.is_some() {
                return None;
            }
            if state.issue < state.turn + AHEAD {
                break;
            }
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        match state.extents.next(RUN) {
            Ok(Some(run)) => {
                let ticket = state.issue;
                state.issue += 1;
                Some((ticket, run))
            }
            Ok(None) => None,
            Err(source) => {
                let offset = state.extents.at();
                state.failed = Some(Error::Read { path: self.path.to_owned(), offset, source });
                self.moved.notify_all();
                None
            }
        }
    }

    /// Puts a run's sums, and those that waited for them, into the digest.
    fn hand_in(&self, ticket: u64, sums: Result<Sums, Error>) {
        let mut state = self.state();
        let entered = sums.and_then(|sums| {
            state.early.insert(ticket, sums);
            state.enter()
        });
        if let Err(error) = entered {
            // The first failure is the one worth telling.
            state.failed.get_or_insert(error);
        }
        self.moved.notify_all();
    }

    fn sums(&self, run: Run, piece: &mut [u8]) -> Result<Sums, Error> {
        let mut sums = Sums { data: Vec::with_capacity(at_most(run.end - run.first, BLOCK)), zero: 0 };
        for index in run.first..run.end {
            match self.block(index, piece)? {
                Some(sum) => sums.data.push((index, sum)),
                None => sums.zero += 1,
            }
        }
        Ok(sums)
    }

    /// The SHA-256 of a block, zero-padded to its full length; `None` if it is all zero.
    ///
    /// It is read in pieces. Nothing is hashed until the first byte that is not zero: the zeros before it are
    /// then made up for, so that an empty block costs no hashing and a full one is looked at only once.
    fn block(&self, index: u64, piece: &mut [u8]) -> Result<Option<Sha256>, Error> {
        let start = index * BLOCK as u64;
        let length = at_most(self.size - start, BLOCK);
        let mut hash: Option<Sha256Hasher> = None;
        let mut done = 0;
        while done < length {
            let take = PIECE.min(length - done);
            let bytes = &mut piece[..take];
            self.read(bytes, start + done as u64)?;
            match &mut hash {
                Some(hash) => hash.update(bytes),
                None if is_zero(bytes) => {}
                None => {
                    let mut begun = Sha256Hasher::new();
                    zeros(&mut begun, done);
                    begun.update(bytes);
                    hash = Some(begun);
                }
            }
            done += take;
        }
        Ok(hash.map(|mut hash| {
            zeros(&mut hash, BLOCK - length);
            hash.finish()
        }))
    }

    fn read(&self, bytes: &mut [u8], offset: u64) -> Result<(), Error> {
        self.file.read_exact_at(bytes, offset).map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => {
                Error::Changed { path: self.path.to_owned(), what: "it became shorter" }
            }
            _ => Error::Read { path: self.path.to_owned(), offset, source },
        })
    }

    fn state(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State<'_> {
    /// Takes in every run whose turn it is.
    fn enter(&mut self) -> Result<(), Error> {
        while let Some(sums) = self.early.remove(&self.turn) {
            for (index, sum) in &sums.data {
                self.disk.push(*index, sum)?;
            }
            self.zero_blocks += sums.zero;
            self.turn += 1;
        }
        Ok(())
    }
}

/// Hashes a number of zeros.
fn zeros(hash: &mut Sha256Hasher, mut count: usize) {
    while count > 0 {
        let take = count.min(ZEROS.len());
        hash.update(&ZEROS[..take]);
        count -= take;
    }
}
