//! Copying a disk: shared with the original where the file system can do that, and with its holes where it cannot.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use rustix::fs::SeekFrom;
use rustix::io::Errno;

/// Bytes copied at a time where the kernel cannot copy by itself.
const CHUNK: usize = 1 << 20;

/// Copies one file's content into an empty one. Holes are neither read nor written.
pub(super) fn copy_sparse(from: &File, to: &File) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if rustix::fs::ioctl_ficlone(to, from).is_ok() {
        return Ok(());
    }
    let size = from.metadata()?.len();
    to.set_len(size)?;
    let mut at = 0;
    while let Some((start, end)) = next_extent(from, at, size)? {
        copy_range(from, to, start, end)?;
        at = end;
    }
    Ok(())
}

/// The next stretch of data at or after an offset; all the rest if the file system knows nothing of holes.
fn next_extent(file: &File, at: u64, size: u64) -> io::Result<Option<(u64, u64)>> {
    if at >= size {
        return Ok(None);
    }
    let start = match rustix::fs::seek(file, SeekFrom::Data(at)) {
        Ok(start) => start,
        Err(Errno::NXIO) => return Ok(None),
        Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(Some((at, size))),
        Err(error) => return Err(error.into()),
    };
    let end = rustix::fs::seek(file, SeekFrom::Hole(start))?;
    Ok((start < size).then_some((start, end.min(size))))
}

fn copy_range(from: &File, to: &File, start: u64, end: u64) -> io::Result<()> {
    let at = in_kernel(from, to, start, end)?;
    let mut chunk = vec![0; if at < end { CHUNK } else { 0 }];
    let mut at = at;
    while at < end {
        let take = usize::try_from(end - at).map_or(CHUNK, |left| left.min(CHUNK));
        from.read_exact_at(&mut chunk[..take], at)?;
        to.write_all_at(&chunk[..take], at)?;
        at += take as u64;
    }
    Ok(())
}

/// Has the kernel copy as much as it will, and says how far it came.
#[cfg(target_os = "linux")]
fn in_kernel(from: &File, to: &File, start: u64, end: u64) -> io::Result<u64> {
    let (mut read, mut written) = (start, start);
    while read < end {
        let left = usize::try_from(end - read).unwrap_or(usize::MAX);
        match rustix::fs::copy_file_range(from, Some(&mut read), to, Some(&mut written), left) {
            Ok(0) => break,
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::XDEV | Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS | Errno::PERM) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(read)
}

#[cfg(not(target_os = "linux"))]
fn in_kernel(_: &File, _: &File, start: u64, _: u64) -> io::Result<u64> {
    Ok(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::MetadataExt as _;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn a_copy_is_equal_and_no_larger(
            size in 0..8_000_000_usize,
            writes in proptest::collection::vec((0..8_000_000_usize, 1..300_000_usize), 0..6),
        ) {
            let folder = tempfile::tempdir()?;
            let (from, to) = (folder.path().join("from"), folder.path().join("to"));
            let source = File::create_new(&from)?;
            source.set_len(size as u64)?;
            for (at, length) in writes {
                let at = at.min(size);
                source.write_all_at(&vec![7; length.min(size - at)], at as u64)?;
            }
            source.sync_all()?;
            let target = File::create_new(&to)?;
            copy_sparse(&File::open(&from)?, &target)?;
            target.sync_all()?;
            prop_assert!(std::fs::read(&from)? == std::fs::read(&to)?);
            let (source, target) = (source.metadata()?.blocks(), target.metadata()?.blocks());
            prop_assert!(target <= source + 64, "{target} blocks where there were {source}");
        }
    }
}
