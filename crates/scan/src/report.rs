//! A report where it lies: it is read as often as it is needed, and never has to be in memory.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Context as _, bail};
use model::{Sha256, Sha256Hasher};
use runner::Result;

/// A report, as the scanner wrote it. Every reading is of the same bytes, or an error.
#[derive(Debug)]
pub struct Report {
    from: Source,
    digest: OnceLock<Sha256>,
}

#[derive(Debug)]
enum Source {
    Bytes(Vec<u8>),
    /// The open file stays the same one, whatever its name comes to mean.
    File(File),
}

impl From<Vec<u8>> for Report {
    fn from(bytes: Vec<u8>) -> Self {
        Self { from: Source::Bytes(bytes), digest: OnceLock::new() }
    }
}

impl Report {
    /// Opens a report, if it is not longer than what evidence keeps.
    ///
    /// # Errors
    /// It is no file that can be read, or is longer.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let about = file.metadata().with_context(|| format!("cannot read {}", path.display()))?;
        let most = attest::MAX_REPORT as u64;
        if about.len() > most {
            bail!("{} is longer than the {most} bytes that are read", path.display());
        }
        if !about.is_file() {
            // A pipe is read once.
            return crate::files::read_at_most(path, most).map(Self::from);
        }
        Ok(Self { from: Source::File(file), digest: OnceLock::new() })
    }

    /// Reads the report to its end, whatever part of it `with` takes.
    ///
    /// # Errors
    /// What `with` says; it cannot be read; or it is no longer what it was when it was read first.
    pub fn read<T, E: Into<anyhow::Error>>(
        &self,
        with: impl FnOnce(&mut dyn Read) -> Result<T, E>,
    ) -> Result<T> {
        let mut reader = Hashed { from: self.reader(), hasher: Sha256Hasher::new() };
        let value = with(&mut reader).map_err(Into::into)?;
        io::copy(&mut reader, &mut io::sink()).context("the report cannot be read")?;
        if reader.from.at > attest::MAX_REPORT as u64 {
            bail!("the report is longer than the {} bytes that are read", attest::MAX_REPORT);
        }
        self.is(reader.hasher.finish())?;
        Ok(value)
    }

    /// From its beginning. Whoever reads it so hashes it, and says with [`Report::is`] what was read.
    pub(crate) const fn reader(&self) -> Reader<'_> {
        Reader { from: &self.from, at: 0 }
    }

    /// It was read, and had this digest.
    ///
    /// # Errors
    /// It had another one before.
    pub(crate) fn is(&self, found: Sha256) -> Result<()> {
        if *self.digest.get_or_init(|| found) != found {
            bail!("the report was changed while it was read: scan again");
        }
        Ok(())
    }
}

/// Reads a report.
pub(crate) struct Reader<'f> {
    from: &'f Source,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = match self.from {
            Source::Bytes(bytes) => {
                let rest = usize::try_from(self.at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
                (&mut &*rest).read(into)?
            }
            Source::File(file) => file.read_at(into, self.at)?,
        };
        self.at += count as u64;
        Ok(count)
    }
}

/// Hashes what is read.
struct Hashed<'f> {
    from: Reader<'f>,
    hasher: Sha256Hasher,
}

impl Read for Hashed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(into)?;
        self.hasher.update(into.get(..count).unwrap_or_default());
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn it_is_read_again_and_again_until_it_is_another() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"[1]").unwrap();
        for report in [Report::open(file.path()).unwrap(), Report::from(b"[1]".to_vec())] {
            for _ in 0..2 {
                let mut text = String::new();
                report.read(|reader| reader.read_to_string(&mut text)).unwrap();
                assert_eq!(text, "[1]");
                report.is(Sha256::of(b"[1]")).unwrap();
            }
        }
        let report = Report::open(file.path()).unwrap();
        report.is(Sha256::of(b"[1]")).unwrap();
        file.write_all(b" ").unwrap();
        let error = report.read(|_| Ok::<_, anyhow::Error>(())).unwrap_err().to_string();
        assert!(error.contains("was changed while it was read"), "{error}");
    }
}
