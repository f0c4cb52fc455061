//! One pass over a disk: what has to be sent, and what the disk is.

use blocks::{Assembler, BLOCK, Digested, Disk, Error, is_zero};
use model::{Sha256, Sha256Hasher};

use crate::block_map::{BlockMap, Mapping};

/// A block that has to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) index: u64,
    /// The SHA-256 of its bytes.
    pub(super) digest: Sha256,
    /// All of a block.
    pub(super) bytes: Vec<u8>,
}

/// What a disk was seen to be while it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its content digest and size.
    pub digested: Digested,
    /// Its blocks; none if they are too many for a map.
    pub map: Option<BlockMap>,
    /// How many blocks the snapshot has to have got: all with data, or all that differ from the parent.
    pub written: u32,
    /// The SHA-256 over the SHA-256 of each of these, in their order: EBS direct's linear aggregation.
    pub checksum: Sha256,
}

/// Reads a disk to its end. What differs from the parent (without one, from nothing but zeros) goes to `take`, by rising
/// index, but for the blocks before `from`, which were sent before; `take` says whether to go on. `None`: it did not.
///
/// A block that the parent has and the disk has not is written as zeros: left out, it would stay what it was.
pub(super) fn read_through(
    disk: &Disk,
    parent: Option<&BlockMap>,
    from: u64,
    take: &mut dyn FnMut(Piece) -> bool,
) -> Result<Option<Seen>, Error> {
    let mut reading = Reading {
        assembler: Assembler::new(disk.size_bytes())?,
        mapping: Mapping::new(disk.size_bytes()),
        written: 0,
        checksums: Sha256Hasher::new(),
        from,
        zeros: None,
        take,
    };
    let mut before = parent.map(BlockMap::blocks).unwrap_or_default().iter().peekable();
    let mut zero_blocks = 0;
    // The memory of a block that was not sent serves for the next one.
    let mut spare = None;
    for index in disk.data_blocks() {
        let index = index?;
        while let Some((gone, _)) = before.next_if(|(other, _)| *other < index) {
            if !reading.send_zeros(*gone) {
                return Ok(None);
            }
        }
        let was = before.next_if(|(other, _)| *other == index).map(|(_, digest)| digest);
        let mut bytes = spare.take().unwrap_or_else(|| vec![0; BLOCK]);
        disk.read(index, &mut bytes)?;
        if is_zero(&bytes) {
            zero_blocks += 1;
            spare = Some(bytes);
            if was.is_some() && !reading.send_zeros(index) {
                return Ok(None);
            }
            continue;
        }
        let digest = Sha256::of(&bytes);
        reading.assembler.push(index, &digest)?;
        reading.mapping.push(index, digest);
        if was == Some(&digest) {
            spare = Some(bytes);
        } else if !reading.send(Piece { index, digest, bytes }) {
            return Ok(None);
        }
    }
    for (gone, _) in before {
        if !reading.send_zeros(*gone) {
            return Ok(None);
        }
    }
    Ok(Some(Seen {
        digested: reading.assembler.finish(zero_blocks),
        map: reading.mapping.finish(),
        written: reading.written,
        checksum: reading.checksums.finish(),
    }))
}

struct Reading<'t> {
    assembler: Assembler,
    mapping: Mapping,
    written: u32,
    checksums: Sha256Hasher,
    from: u64,
    /// A block of zeros and its digest, once one is needed.
    zeros: Option<(Vec<u8>, Sha256)>,
    take: &'t mut dyn FnMut(Piece) -> bool,
}

impl Reading<'_> {
    fn send(&mut self, piece: Piece) -> bool {
        self.written += 1;
        self.checksums.update(piece.digest.as_bytes());
        piece.index < self.from || (self.take)(piece)
    }

    fn send_zeros(&mut self, index: u64) -> bool {
        let (bytes, digest) = self.zeros.get_or_insert_with(|| {
            let zeros = vec![0; BLOCK];
            let digest = Sha256::of(&zeros);
            (zeros, digest)
        });
        let piece = Piece { index, digest: *digest, bytes: bytes.clone() };
        self.send(piece)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs::File;
    use std::os::unix::fs::FileExt as _;

    use blocks::{GIB, Options, digest_file};
    use proptest::prelude::*;

    use super::*;

    /// A disk in a file: these blocks have something in them, or zeros that were written, or are holes.
    fn disk(folder: &std::path::Path, name: &str, size: u64, blocks: &[(u64, u8)]) -> Disk {
        let path = folder.join(name);
        let file = File::create(&path).unwrap();
        file.set_len(size).unwrap();
        for (index, byte) in blocks.iter().filter(|(index, _)| *index * (BLOCK as u64) < size) {
            let length = (size - index * BLOCK as u64).min(3);
            file.write_all_at(&[*byte; 3][..usize::try_from(length).unwrap()], index * BLOCK as u64).unwrap();
        }
        Disk::open(&path).unwrap()
    }

    /// A snapshot as EBS has it: blocks by index.
    type Snapshot = BTreeMap<u64, Vec<u8>>;

    /// What is in a snapshot after a disk was sent to it, and what the disk was seen to be.
    fn sent(
        disk: &Disk,
        parent: Option<&BlockMap>,
        begun: &Snapshot,
        from: u64,
    ) -> (Snapshot, Seen, Vec<u64>) {
        let (mut snapshot, mut written) = (begun.clone(), Vec::new());
        let seen = read_through(disk, parent, from, &mut |piece| {
            assert_eq!(piece.digest, Sha256::of(&piece.bytes));
            assert_eq!(piece.bytes.len(), BLOCK);
            written.push(piece.index);
            snapshot.insert(piece.index, piece.bytes);
            true
        });
        assert!(written.is_sorted());
        (snapshot, seen.unwrap().unwrap(), written)
    }

    /// What reading the snapshot gives: of a volume of whole GiB.
    fn digest_of(snapshot: &Snapshot, gib: u64) -> model::ContentDigest {
        let mut assembler = Assembler::new(gib * GIB).unwrap();
        for (index, bytes) in snapshot.iter().filter(|(_, bytes)| !is_zero(bytes)) {
            assembler.push(*index, &Sha256::of(bytes)).unwrap();
        }
        assembler.finish(0).content_digest
    }

    fn blocks() -> impl Strategy<Value = Vec<(u64, u8)>> {
        // A third of the writes are of zeros.
        proptest::collection::vec((0..24_u64, prop_oneof![Just(0_u8), 1..4_u8, 1..4_u8]), 0..16)
    }

    fn size() -> impl Strategy<Value = u64> {
        (1..24_u64, 0..3_u64).prop_map(|(blocks, more)| blocks * BLOCK as u64 + more)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn a_parent_with_what_was_sent_is_the_disk(
            sizes in (size(), size()), parent in blocks(), child in blocks(), from in 0..30_u64
        ) {
            let folder = tempfile::tempdir().unwrap();
            let parent = disk(folder.path(), "parent", sizes.0, &parent);
            let child = disk(folder.path(), "child", sizes.1, &child);
            let (base, known, _) = sent(&parent, None, &Snapshot::new(), 0);
            prop_assert_eq!(digest_of(&base, 1), known.digested.content_digest);
            let map = known.map.as_ref().unwrap();
            prop_assert_eq!(map.content_digest().unwrap(), known.digested.content_digest);

            let (after, seen, written) = sent(&child, known.map.as_ref(), &base, 0);
            let expected = digest_file(&folder.path().join("child"), &Options::default()).unwrap();
            prop_assert_eq!(&seen.digested, &expected);
            prop_assert_eq!(digest_of(&after, 1), expected.content_digest);
            prop_assert_eq!(written.len(), seen.written as usize);
            let linear: Vec<u8> = written.iter().flat_map(|at| *Sha256::of(&after[at]).as_bytes()).collect();
            prop_assert_eq!(seen.checksum, Sha256::of(&linear));
            // No block is sent that the parent has.
            let idle = written.iter().filter(|at| base.get(at) == after.get(at)).count();
            prop_assert_eq!(idle, 0);

            // Broken off at some block, and taken up there.
            let mut begun = base.clone();
            begun.extend(after.iter().filter(|(at, _)| **at < from).map(|(at, bytes)| (*at, bytes.clone())));
            let (again, same, sent_again) = sent(&child, known.map.as_ref(), &begun, from);
            prop_assert!(sent_again.iter().all(|at| *at >= from));
            prop_assert_eq!(again, after);
            prop_assert_eq!(same, seen);
        }
    }

    #[test]
    fn the_same_disk_again_is_nothing_to_send_and_what_became_a_hole_is() {
        let folder = tempfile::tempdir().unwrap();
        let size = 9 * BLOCK as u64;
        let one = disk(folder.path(), "one", size, &[(1, 1), (3, 3), (8, 8)]);
        let (_, known, written) = sent(&one, None, &Snapshot::new(), 0);
        assert_eq!(written, [1, 3, 8]);
        let (_, seen, written) = sent(&one, known.map.as_ref(), &Snapshot::new(), 0);
        assert_eq!((written, seen.written), (vec![], 0));
        // One became a hole, one zeros that are written, and the last lies behind the end.
        let two = disk(folder.path(), "two", 7 * BLOCK as u64, &[(3, 0)]);
        let (after, _, written) = sent(&two, known.map.as_ref(), &Snapshot::new(), 0);
        assert_eq!(written, [1, 3, 8]);
        assert!(after.values().all(|bytes| is_zero(bytes)));
    }

    #[test]
    fn it_ends_when_nobody_takes_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let one = disk(folder.path(), "one", 9 * BLOCK as u64, &[(1, 1), (3, 3), (8, 8)]);
        let mut taken = 0;
        let seen = read_through(&one, None, 0, &mut |_| {
            taken += 1;
            taken < 2
        });
        assert_eq!((seen.unwrap(), taken), (None, 2));
    }
}
