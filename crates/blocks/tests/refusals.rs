//! What is not a disk, and what changes under the hand, yields no digest.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failing helper is a failing test")]

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use blocks::{BLOCK, Error, Options, digest_file};

fn digest(path: &Path) -> Result<blocks::Digested, Error> {
    digest_file(path, &Options::default())
}

#[test]
fn what_is_not_a_disk_is_refused_and_never_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(digest(&folder.path().join("absent")), Err(Error::Open { .. })));
    assert!(matches!(digest(folder.path()), Err(Error::NotADisk { found: "a folder", .. })));
    assert!(matches!(digest(Path::new("/dev/zero")), Err(Error::NotADisk { .. })));

    let pipe = folder.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert!(matches!(digest(&pipe), Err(Error::NotADisk { found: "a pipe", .. })));
}

/// Hashes a disk while another thread does something to it over and over; the first refusal ends it.
fn refused_while(change: impl Fn(&Path, u64) + Sync) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.raw");
    fs::write(&path, vec![7; 64 * BLOCK]).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0_u64.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                change(&path, round);
            }
        });
        let refused = (0..1000).find_map(|_| digest(&path).err());
        done.store(true, Ordering::Relaxed);
        refused.expect("a thousand digests of a disk that was written to all the while")
    })
}

#[test]
fn a_disk_that_is_written_to_is_refused() {
    let error = refused_while(|path, round| {
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.write_all_at(&[round as u8], 9 * BLOCK as u64).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_nanos(round)).unwrap();
    });
    assert!(matches!(error, Error::Changed { what: "its modification time", .. }), "{error}");
}

#[test]
fn a_disk_that_grows_or_shrinks_is_refused() {
    let grows = refused_while(|path, _| {
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(&[1]).unwrap();
    });
    assert!(matches!(grows, Error::Changed { .. }), "{grows}");
    let shrinks = refused_while(|path, round| {
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.set_len((64 - round % 64) * BLOCK as u64).unwrap();
    });
    assert!(matches!(shrinks, Error::Changed { .. }), "{shrinks}");
}

#[test]
fn a_disk_that_is_replaced_or_removed_is_refused() {
    let error = refused_while(|path, _| {
        let new = path.with_extension("new");
        fs::write(&new, vec![8; BLOCK]).unwrap();
        fs::rename(new, path).unwrap();
    });
    assert!(matches!(error, Error::Changed { .. }), "{error}");
}

#[test]
fn hashing_leaves_the_disk_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.raw");
    let file = File::create_new(&path).unwrap();
    file.set_len(256 * BLOCK as u64).unwrap();
    file.write_all_at(&[1; 100], 200 * BLOCK as u64).unwrap();
    let mut permissions = file.metadata().unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    let facts = || {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = fs::metadata(&path).unwrap();
        (metadata.len(), metadata.blocks(), metadata.mtime_nsec(), metadata.ctime_nsec())
    };
    let before = facts();
    let digested = digest(&path).unwrap();
    assert_eq!((digested.data_blocks, digested.zero_blocks), (1, 0));
    assert_eq!(digested.hole_bytes, 255 * BLOCK as u64);
    assert_eq!(facts(), before);
}
