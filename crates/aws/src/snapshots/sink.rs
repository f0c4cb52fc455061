//! Where the bytes of blocks go once they were hashed.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use blocks::BLOCK;

use super::error::ReadError;

/// Takes blocks, in any order and each once: only those that are not all zero, and whose bytes are what was hashed.
pub(super) trait Sink: Send + Sync {
    /// How large the disk is, before the first block.
    fn begin(&self, size_bytes: u64) -> Result<(), ReadError>;
    /// One block; blocks for a while.
    fn put(&self, index: u64, bytes: &[u8]) -> Result<(), ReadError>;
}

/// Where nothing is kept but the digest.
pub(super) struct Nowhere;

impl Nowhere {
    pub(super) fn sink() -> Arc<dyn Sink> {
        Arc::new(Self)
    }
}

impl Sink for Nowhere {
    fn begin(&self, _: u64) -> Result<(), ReadError> {
        Ok(())
    }

    fn put(&self, _: u64, _: &[u8]) -> Result<(), ReadError> {
        Ok(())
    }
}

/// A raw file; what is not put there stays a hole.
pub(super) struct Raw {
    pub(super) file: File,
    pub(super) path: PathBuf,
}

impl Sink for Raw {
    fn begin(&self, size_bytes: u64) -> Result<(), ReadError> {
        self.file.set_len(size_bytes).map_err(ReadError::file("make room in", &self.path))
    }

    fn put(&self, index: u64, bytes: &[u8]) -> Result<(), ReadError> {
        let offset = index * BLOCK as u64;
        self.file.write_all_at(bytes, offset).map_err(ReadError::file("write", &self.path))
    }
}
