//! The format itself: the header, then every block that holds data. `FORMAT.md` is this file in words.

use model::{ContentDigest, Sha256, Sha256Hasher};

use crate::{BLOCK, Error, GIB};

/// The first sixteen bytes hashed: the format's name.
const MAGIC: &[u8; 16] = b"hallmarkBlocks1\n";

/// A disk's content digest, and what it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digested {
    /// The `hallmarkBlocks1` digest.
    pub content_digest: ContentDigest,
    /// The disk's size, before rounding.
    pub size_bytes: u64,
    /// The size that went into the digest: whole GiB.
    pub gib: u64,
    /// Blocks that hold at least one byte other than zero: those that were hashed.
    pub data_blocks: u64,
    /// Blocks that were read and found all zero.
    pub zero_blocks: u64,
    /// Bytes in blocks that lie wholly in holes: they were never read.
    pub hole_bytes: u64,
}

/// Puts a content digest together from block digests, wherever the blocks come from.
///
/// Blocks go in by rising index. A block left out counts as all zero, so a caller that reads blocks from a
/// provider must hash what it read (a block of zeros is left out with [`crate::is_zero`]) and believe no header.
pub struct Assembler {
    hash: Sha256Hasher,
    size_bytes: u64,
    next: u64,
    data_blocks: u64,
}

impl Assembler {
    /// Begins the digest of a disk of this size.
    pub fn new(size_bytes: u64) -> Result<Self, Error> {
        let rounded = size_bytes.div_ceil(GIB).checked_mul(GIB).ok_or(Error::TooLarge { size_bytes })?;
        let mut hash = Sha256Hasher::new();
        hash.update(MAGIC);
        hash.update(&(BLOCK as u32).to_le_bytes());
        hash.update(&rounded.to_le_bytes());
        Ok(Assembler { hash, size_bytes, next: 0, data_blocks: 0 })
    }

    /// How many blocks the disk has, the last one perhaps partial.
    pub fn blocks(&self) -> u64 {
        self.size_bytes.div_ceil(BLOCK as u64)
    }

    /// Adds a block that is not all zero: its index, and the SHA-256 of its bytes (the last block zero-padded).
    pub fn push(&mut self, index: u64, digest: &Sha256) -> Result<(), Error> {
        let end = self.blocks();
        if index < self.next || index >= end {
            return Err(Error::OutOfPlace { index, next: self.next, end });
        }
        self.hash.update(&index.to_le_bytes());
        self.hash.update(digest.as_bytes());
        self.next = index + 1;
        self.data_blocks += 1;
        Ok(())
    }

    /// Ends the digest. `zero_blocks` is how many blocks were read and found all zero.
    pub fn finish(self, zero_blocks: u64) -> Digested {
        let in_holes = self.blocks().saturating_sub(self.data_blocks + zero_blocks);
        Digested {
            content_digest: ContentDigest::new(self.hash.finish()),
            size_bytes: self.size_bytes,
            gib: self.size_bytes.div_ceil(GIB),
            data_blocks: self.data_blocks,
            zero_blocks,
            hole_bytes: (in_holes * BLOCK as u64).min(self.size_bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_go_in_by_rising_index_and_inside_the_disk() {
        let mut disk = Assembler::new(3 * BLOCK as u64).unwrap();
        disk.push(1, &Sha256::from_bytes([7; 32])).unwrap();
        assert!(matches!(
            disk.push(1, &Sha256::from_bytes([7; 32])),
            Err(Error::OutOfPlace { index: 1, next: 2, end: 3 })
        ));
        assert!(matches!(disk.push(0, &Sha256::from_bytes([7; 32])), Err(Error::OutOfPlace { .. })));
        assert!(matches!(disk.push(3, &Sha256::from_bytes([7; 32])), Err(Error::OutOfPlace { .. })));
        disk.push(2, &Sha256::from_bytes([7; 32])).unwrap();
        assert_eq!(disk.finish(0).data_blocks, 2);
    }

    #[test]
    fn the_size_is_rounded_up_to_whole_gib() {
        for (size, gib) in [(0, 0), (1, 1), (GIB - 1, 1), (GIB, 1), (GIB + 1, 2), (100 * GIB, 100)] {
            assert_eq!(Assembler::new(size).unwrap().finish(0).gib, gib, "{size}");
        }
        assert!(matches!(Assembler::new(u64::MAX), Err(Error::TooLarge { .. })));
    }

    #[test]
    fn the_bytes_hashed_are_the_ones_written_down() {
        let mut written = Vec::new();
        written.extend_from_slice(b"hallmarkBlocks1\n");
        written.extend_from_slice(&[0, 0, 8, 0]);
        written.extend_from_slice(&[0, 0, 0, 64, 0, 0, 0, 0]);
        written.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0]);
        written.extend_from_slice(&[7; 32]);
        let mut disk = Assembler::new(2 * BLOCK as u64).unwrap();
        disk.push(1, &Sha256::from_bytes([7; 32])).unwrap();
        assert_eq!(disk.finish(1).content_digest, ContentDigest::new(Sha256::of(&written)));
    }
}
