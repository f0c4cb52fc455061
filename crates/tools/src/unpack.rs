//! One member out of a release archive.
//!
//! A member's name is compared with the lock's, never joined to a path: whatever an archive calls its
//! members, nothing is written but the one file that the caller opened.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use model::{Sha256, Sha256Hasher};

use crate::lock::Packing;

/// Reads the executable out of an asset, writes it to `to`, and gives its digest.
///
/// The error is what is the matter with the archive.
pub(crate) fn executable(
    archive: &Path,
    packing: &Packing,
    limit: u64,
    to: &mut dyn Write,
) -> Result<Sha256, String> {
    let mut file = File::open(archive).map_err(|e| e.to_string())?;
    match packing {
        Packing::Plain => copy(&mut file, limit, to),
        Packing::Zip { member, .. } => from_zip(file, member, limit, to),
        Packing::TarGz { member, .. } => from_tar(file, member, limit, to),
    }
}

fn from_zip(file: File, member: &str, limit: u64, to: &mut dyn Write) -> Result<Sha256, String> {
    let mut zip = zip::ZipArchive::new(file).map_err(|e| format!("not a zip archive: {e}"))?;
    let mut entry = zip.by_name(member).map_err(|e| format!("no member `{member}`: {e}"))?;
    if !entry.is_file() || entry.is_symlink() {
        return Err(format!("its member `{member}` is not a regular file"));
    }
    copy(&mut entry, limit, to)
}

fn from_tar(file: File, member: &str, limit: u64, to: &mut dyn Write) -> Result<Sha256, String> {
    // The bound is for everything that comes before the member, too.
    let bounded = MultiGzDecoder::new(file).take(limit.saturating_mul(2));
    let mut tar = tar::Archive::new(bounded);
    let entries = tar.entries().map_err(|e| format!("not a tar archive: {e}"))?;
    let mut found = None;
    for entry in entries {
        let mut entry = entry.map_err(|e| format!("not a whole tar archive: {e}"))?;
        if &*entry.path_bytes() != member.as_bytes() {
            continue;
        }
        if !entry.header().entry_type().is_file() {
            return Err(format!("its member `{member}` is not a regular file"));
        }
        if found.is_some() {
            return Err(format!("it has two members `{member}`"));
        }
        found = Some(copy(&mut entry, limit, to)?);
    }
    found.ok_or_else(|| format!("no member `{member}`"))
}

fn copy(from: &mut dyn Read, limit: u64, to: &mut dyn Write) -> Result<Sha256, String> {
    let mut both = Both { hasher: Sha256Hasher::new(), to };
    let mut bounded = from.take(limit.saturating_add(1));
    let copied = io::copy(&mut bounded, &mut both).map_err(|e| e.to_string())?;
    if copied > limit {
        return Err(format!("the executable is larger than {limit} bytes"));
    }
    both.flush().map_err(|e| e.to_string())?;
    Ok(both.hasher.finish())
}

struct Both<'a> {
    hasher: Sha256Hasher,
    to: &'a mut dyn Write,
}

impl Write for Both<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
