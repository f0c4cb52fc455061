//! Reading and writing files, within bounds.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use runner::Result;

/// A report, if it is not longer than what evidence keeps.
///
/// # Errors
/// It cannot be read, or is longer.
pub fn read_report(path: &Path) -> Result<Vec<u8>> {
    read_at_most(path, attest::MAX_REPORT as u64)
}

/// A file, if it is not longer than that many bytes.
///
/// # Errors
/// It cannot be read, or is longer.
pub fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    file.take(most + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.len() as u64 > most {
        bail!("{} is longer than the {most} bytes that are read", path.display());
    }
    Ok(bytes)
}

/// Writes a copy of a report, with the folders it needs.
///
/// # Errors
/// It cannot be read or written.
pub(crate) fn copy(path: &Path, report: &crate::Report) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    }
    let mut file = File::create(path).with_context(|| format!("{}", path.display()))?;
    report.read(|reader| std::io::copy(reader, &mut file)).with_context(|| format!("{}", path.display()))?;
    Ok(())
}

/// Writes a file, with the folders it needs.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    }
    std::fs::write(path, bytes).with_context(|| format!("{}", path.display()))
}
