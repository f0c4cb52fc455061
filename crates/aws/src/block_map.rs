//! Which blocks a disk has, and their digests: what the next disk is compared with, block by block.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blocks::{Assembler, BLOCK};
use model::{ContentDigest, Sha256};
use serde::{Deserialize, Serialize};

/// An index and a digest, as they are written.
const ENTRY: usize = 8 + 32;

/// The most blocks of a map: 32 GiB of data, and a record of 3.5 MB.
const MOST: usize = 65_536;

/// The blocks of a disk that are not all zero, by rising index.
///
/// A map that was kept is believed only if [`BlockMap::content_digest`] is the disk's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct BlockMap {
    size_bytes: u64,
    blocks: Vec<(u64, Sha256)>,
}

impl BlockMap {
    /// The largest disk, in bytes, that always has a map, whatever is on it.
    pub(crate) const SURE_BYTES: u64 = (MOST * BLOCK) as u64;

    const fn new(size_bytes: u64) -> Self {
        Self { size_bytes, blocks: Vec::new() }
    }

    fn push(&mut self, index: u64, digest: Sha256) {
        self.blocks.push((index, digest));
    }

    /// The blocks with their digests, by rising index.
    #[must_use]
    pub fn blocks(&self) -> &[(u64, Sha256)] {
        &self.blocks
    }

    /// The content digest of the disk with these blocks.
    ///
    /// # Errors
    /// The blocks do not rise, or lie outside of the disk.
    pub fn content_digest(&self) -> Result<ContentDigest, blocks::Error> {
        let mut assembler = Assembler::new(self.size_bytes)?;
        for (index, digest) in &self.blocks {
            assembler.push(*index, digest)?;
        }
        Ok(assembler.finish(0).content_digest)
    }
}

/// A map that is being made. It is given up when it becomes too large: it takes no memory then, and half of one would be
/// a map of another disk.
pub(crate) struct Mapping(Option<BlockMap>);

impl Mapping {
    /// Begins with an empty disk of this size in bytes.
    pub(crate) const fn new(size_bytes: u64) -> Self {
        Self(Some(BlockMap::new(size_bytes)))
    }

    /// Adds a block that is not all zero; indices rise.
    pub(crate) fn push(&mut self, index: u64, digest: Sha256) {
        self.0 = self.0.take().filter(|map| map.blocks.len() < MOST);
        if let Some(map) = &mut self.0 {
            map.push(index, digest);
        }
    }

    /// The map of all that was added; `None` if that was too much.
    pub(crate) fn finish(self) -> Option<BlockMap> {
        self.0
    }
}

/// A map as a record has it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    size_bytes: u64,
    /// Base64 over each block's index (8 bytes, little-endian) and its SHA-256.
    blocks: String,
}

impl From<BlockMap> for Written {
    fn from(map: BlockMap) -> Self {
        let mut bytes = Vec::with_capacity(map.blocks.len() * ENTRY);
        for (index, digest) in &map.blocks {
            bytes.extend_from_slice(&index.to_le_bytes());
            bytes.extend_from_slice(digest.as_bytes());
        }
        Self { size_bytes: map.size_bytes, blocks: STANDARD.encode(bytes) }
    }
}

impl TryFrom<Written> for BlockMap {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let bytes = STANDARD.decode(written.blocks).map_err(|error| format!("its blocks: {error}"))?;
        let mut map = Self::new(written.size_bytes);
        for entry in bytes.chunks(ENTRY) {
            let (Some(index), Some(digest)) = (entry.first_chunk::<8>(), entry.last_chunk::<32>()) else {
                return Err("its blocks break off".into());
            };
            if entry.len() != ENTRY {
                return Err("its blocks break off".into());
            }
            map.push(u64::from_le_bytes(*index), Sha256::from_bytes(*digest));
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_reads_back_and_one_that_was_changed_has_another_digest() {
        let mut map = BlockMap::new(5 << 20);
        map.push(1, Sha256::of(b"one"));
        map.push(9, Sha256::of(b"nine"));
        let text = serde_json::to_string(&map).unwrap();
        assert_eq!(serde_json::from_str::<BlockMap>(&text).unwrap(), map);
        let digest = map.content_digest().unwrap();
        let mut other = map.clone();
        other.blocks[1].1 = Sha256::of(b"ten");
        assert_ne!(other.content_digest().unwrap(), digest);
        other.blocks.swap(0, 1);
        assert!(other.content_digest().is_err());
        other = map;
        other.push(10, Sha256::of(b"outside"));
        assert!(other.content_digest().is_err());
    }

    #[test]
    fn one_that_becomes_too_large_is_given_up_as_a_whole() {
        let digest = Sha256::of(b"block");
        let mut mapping = Mapping::new(BlockMap::SURE_BYTES);
        (0..MOST as u64).for_each(|index| mapping.push(index, digest));
        let whole = mapping.0.clone();
        assert!(whole.unwrap().content_digest().is_ok());
        (0..2).for_each(|more| mapping.push(MOST as u64 + more, digest));
        assert_eq!(mapping.finish(), None);
    }

    #[test]
    fn what_is_no_map_does_not_read() {
        for text in [
            r#"{"sizeBytes":1,"blocks":"AAAA"}"#,
            r#"{"sizeBytes":1,"blocks":"?"}"#,
            r#"{"sizeBytes":1}"#,
            r#"{"sizeBytes":1,"blocks":"","more":1}"#,
        ] {
            assert!(serde_json::from_str::<BlockMap>(text).is_err(), "{text}");
        }
        let long = STANDARD.encode([0; 41]);
        let text = format!(r#"{{"sizeBytes":1,"blocks":"{long}"}}"#);
        assert!(serde_json::from_str::<BlockMap>(&text).is_err());
    }
}
