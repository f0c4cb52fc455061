//! Disks of random layout: the path on any number of threads, the stream, and a plain reading of the format
//! all give the same digest; and what was counted adds up.

use std::fs::File;
use std::num::NonZeroUsize;
use std::os::unix::fs::FileExt as _;

use blocks::{BLOCK, GIB, Options, digest_file, digest_reader};
use model::{ContentDigest, Sha256};
use proptest::prelude::*;

/// The format read word by word, over bytes in memory.
fn plain(bytes: &[u8]) -> ContentDigest {
    let mut hashed = b"hallmarkBlocks1\n".to_vec();
    hashed.extend_from_slice(&524_288_u32.to_le_bytes());
    hashed.extend_from_slice(&((bytes.len() as u64).div_ceil(GIB) * GIB).to_le_bytes());
    for (index, block) in bytes.chunks(BLOCK).enumerate() {
        if block.iter().any(|byte| *byte != 0) {
            let mut whole = block.to_vec();
            whole.resize(BLOCK, 0);
            hashed.extend_from_slice(&(index as u64).to_le_bytes());
            hashed.extend_from_slice(Sha256::of(&whole).as_bytes());
        }
    }
    ContentDigest::new(Sha256::of(&hashed))
}

#[derive(Debug, Clone)]
struct Write {
    at: usize,
    length: usize,
    fill: u8,
}

fn write() -> impl Strategy<Value = Write> {
    // Near block and page boundaries, where the mistakes are; a quarter of the writes are explicit zeros.
    let at = (0..40_usize, prop_oneof![Just(0_usize), Just(4096), Just(BLOCK - 1), 0..BLOCK])
        .prop_map(|(block, within)| block * BLOCK + within);
    let length = prop_oneof![Just(1_usize), 1..8192_usize, Just(BLOCK), 1..3 * BLOCK];
    let fill = prop_oneof![1 => Just(0_u8), 3 => any::<u8>()];
    (at, length, fill).prop_map(|(at, length, fill)| Write { at, length, fill })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_way_gives_the_same_digest(
        size in prop_oneof![Just(0_usize), 1..3_usize, 1..44 * BLOCK, (1..44_usize).prop_map(|blocks| blocks * BLOCK)],
        writes in proptest::collection::vec(write(), 0..12),
        threads in 1..9_usize,
    ) {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("disk.raw");
        let file = File::create_new(&path)?;
        file.set_len(size as u64)?;
        let mut bytes = vec![0; size];
        for write in writes {
            let start = write.at.min(size);
            let end = (write.at + write.length).min(size);
            bytes[start..end].fill(write.fill);
            file.write_all_at(&bytes[start..end], start as u64)?;
        }
        let expected = plain(&bytes);

        let one = digest_file(&path, &Options { threads: NonZeroUsize::new(1) })?;
        let many = digest_file(&path, &Options { threads: NonZeroUsize::new(threads) })?;
        prop_assert_eq!(one.content_digest, expected);
        prop_assert_eq!(&many, &one);
        for announced in [Some(size as u64), None] {
            let read = digest_reader(File::open(&path)?, announced)?;
            prop_assert_eq!(read.content_digest, expected);
            prop_assert_eq!(read.data_blocks, one.data_blocks);
            prop_assert_eq!(read.hole_bytes, 0);
        }

        let blocks = (size as u64).div_ceil(BLOCK as u64);
        let read = one.data_blocks + one.zero_blocks;
        prop_assert!(read <= blocks);
        prop_assert!(one.hole_bytes <= (blocks - read) * BLOCK as u64);
        prop_assert_eq!(one.hole_bytes == 0, read == blocks);
        prop_assert_eq!(std::fs::read(&path)?, bytes);
    }
}
