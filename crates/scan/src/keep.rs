//! A report is read once: while it is taken in here, another thread hashes it and puts it among the evidence.
//!
//! It is nowhere under its name before it is wanted, and nothing is left of one that is not.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{Scope, ScopedJoinHandle};

use anyhow::{Context as _, anyhow};
use attest::{EvidenceDir, REPORTS};
use model::Sha256;
use runner::Result;

use crate::Report;
use crate::report::Reader;

/// So many pieces may be on their way.
const AHEAD: usize = 32;
/// So much is passed on at once: below what malloc tidies up after.
const PIECE: usize = 1 << 15;

/// A report that is being kept. Dropped, it is not wanted.
pub(crate) struct Keeping<'s> {
    kept: ScopedJoinHandle<'s, Result<Sha256>>,
    wanted: SyncSender<()>,
}

impl Keeping<'_> {
    /// From here on it may be put under its name.
    ///
    /// # Errors
    /// It cannot be kept.
    pub(crate) fn want(self) -> Result<Self> {
        match self.wanted.send(()) {
            Ok(()) => Ok(self),
            Err(error) => Err(self.done().err().unwrap_or_else(|| error.into())),
        }
    }

    /// Waits until it is kept, and gives its digest.
    ///
    /// # Errors
    /// It cannot be kept.
    pub(crate) fn done(self) -> Result<Sha256> {
        self.kept.join().unwrap_or_else(|_| Err(anyhow!("the report could not be kept: its thread ended")))
    }
}

/// Takes in a report with `take`, and puts it into `directory` when it turns out to be wanted.
///
/// # Errors
/// What `take` says; or it cannot be read or kept.
pub(crate) fn read<'s, 'e, T, E: Into<anyhow::Error>>(
    scope: &'s Scope<'s, 'e>,
    report: &'e Report,
    directory: &'e EvidenceDir,
    take: impl FnOnce(&mut dyn Read) -> Result<T, E>,
) -> Result<(T, Keeping<'s>)> {
    let (to, from) = mpsc::sync_channel(AHEAD);
    let (wanted, is_wanted) = mpsc::sync_channel(1);
    let kept = scope.spawn(move || keep(report, directory, Passing { from: report.reader(), to, is_wanted }));
    let keeping = Keeping { kept, wanted };
    let mut arriving = Arriving { from, piece: Vec::new(), at: 0, whole: false, broken: false };
    let taken = take(&mut arriving).map_err(Into::into);
    // What was left of it is kept too.
    let all = taken.and_then(|taken| {
        io::copy(&mut arriving, &mut io::sink()).context("the report cannot be read")?;
        Ok(taken)
    });
    match all {
        Ok(taken) => Ok((taken, keeping)),
        Err(error) => {
            // Where nothing more comes, the other thread knows why.
            Err(if arriving.broken { keeping.done().err().unwrap_or(error) } else { error })
        }
    }
}

fn keep(report: &Report, directory: &EvidenceDir, mut from: Passing<'_>) -> Result<Sha256> {
    let reports = directory.path().join(REPORTS);
    let new: Vec<PathBuf> =
        reports.ancestors().take_while(|folder| !folder.exists()).map(Into::into).collect();
    let kept = directory.put_report_from(&mut from).context("the report could not be kept");
    if kept.is_err() {
        // As if nobody had been here, unless somebody else has.
        new.iter().take_while(|folder| std::fs::remove_dir(folder).is_ok()).for_each(drop);
    }
    let digest = kept?;
    report.is(digest)?;
    Ok(digest)
}

/// The report on its way to where it is kept. What is read of it is passed on, and its end is known when it is wanted.
struct Passing<'r> {
    from: Reader<'r>,
    /// An empty piece is the end.
    to: SyncSender<Vec<u8>>,
    is_wanted: Receiver<()>,
}

impl Read for Passing<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(PIECE);
        let count = self.from.read(&mut into[..most])?;
        let unwanted = || io::Error::other("it is not wanted");
        self.to.send(into[..count].to_vec()).map_err(|_| unwanted())?;
        if count == 0 {
            self.is_wanted.recv().map_err(|_| unwanted())?;
        }
        Ok(count)
    }
}

/// What is passed on.
#[derive(Debug)]
struct Arriving {
    from: Receiver<Vec<u8>>,
    piece: Vec<u8>,
    /// The next byte in the piece.
    at: usize,
    whole: bool,
    broken: bool,
}

impl Read for Arriving {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() && !self.whole {
            self.broken = true;
            self.piece = self.from.recv().map_err(|_| io::Error::other("it could not be kept"))?;
            (self.at, self.whole, self.broken) = (0, self.piece.is_empty(), false);
        }
        let count = (&self.piece[self.at..]).read(into)?;
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::Path;

    use super::*;

    fn report(bytes: &[u8]) -> Report {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        Report::open(file.path()).unwrap()
    }

    /// Keeps a report, of which so much is read; it is wanted or not.
    fn kept(report: &Report, path: &Path, read: u64, wanted: bool) -> Result<(Vec<u8>, Sha256)> {
        let directory = EvidenceDir::new(path);
        std::thread::scope(|scope| {
            let (read, keeping) = super::read(scope, report, &directory, |reader| {
                let mut bytes = Vec::new();
                reader.take(read).read_to_end(&mut bytes).map(|_| bytes)
            })?;
            anyhow::ensure!(wanted, "nobody wants it");
            Ok((read, keeping.want()?.done()?))
        })
    }

    #[test]
    fn what_is_taken_in_is_what_is_kept_however_much_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/evidence");
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, PIECE * (AHEAD + 4)] {
            let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            for read in [0, 1, u64::MAX] {
                let report = report(&bytes);
                let (taken, digest) = kept(&report, &path, read, true).unwrap();
                assert_eq!(taken, bytes[..bytes.len().min(usize::try_from(read).unwrap())]);
                assert_eq!(digest, Sha256::of(&bytes));
                assert_eq!(EvidenceDir::new(&path).report(&digest).unwrap(), bytes);
            }
        }
    }

    #[test]
    fn of_what_is_not_wanted_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = vec![b'x'; PIECE * (AHEAD + 4)];
        for made in [false, true] {
            let path = folder.path().join("a/evidence");
            if made {
                std::fs::create_dir_all(&path).unwrap();
            }
            let error = kept(&report(&bytes), &path, 1, false).unwrap_err().to_string();
            assert_eq!(error, "nobody wants it");
            assert_eq!((path.exists(), path.join(REPORTS).exists()), (made, false));
            assert_eq!(folder.path().join("a").exists(), made);
        }
    }

    #[test]
    fn why_it_cannot_be_kept_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "").unwrap();
        for length in [1, PIECE * (AHEAD + 4)] {
            let error = kept(&report(&vec![b'x'; length]), &path, u64::MAX, true).unwrap_err();
            assert!(format!("{error:#}").contains("could not be kept: "), "{error:#}");
            assert!(format!("{error:#}").contains("file is no folder"), "{error:#}");
        }
    }

    #[test]
    fn a_report_that_became_another_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"[1]").unwrap();
        let report = Report::open(file.path()).unwrap();
        report.is(Sha256::of(b"[1]")).unwrap();
        file.write_all(b" ").unwrap();
        let error = kept(&report, folder.path(), u64::MAX, true).unwrap_err().to_string();
        assert!(error.contains("was changed while it was read"), "{error}");
    }
}
