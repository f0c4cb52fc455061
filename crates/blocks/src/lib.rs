//! The content digest of a disk, `hallmarkBlocks1`.
//!
//! An image is its content: the same digest comes out of a raw file on a laptop, of a stream, and of
//! blocks fetched one by one from a provider. `FORMAT.md` beside this crate writes the format down with
//! test vectors; [`Assembler`] is that page as code, and everything else only feeds it.

mod assemble;
mod disk;
mod error;
mod extents;
mod file;
mod parallel;
mod stream;
mod zero;

pub use assemble::{Assembler, Digested};
pub use disk::{DataBlocks, Disk};
pub use error::Error;
pub use file::digest_file;
pub use stream::digest_reader;
pub use zero::is_zero;

/// Bytes in one block.
pub const BLOCK: usize = 512 * 1024;

/// Bytes in one GiB, the unit a disk's size is rounded up to.
pub const GIB: u64 = 1 << 30;

/// How to hash a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Threads to hash with; `None` takes every core. The digest does not depend on it.
    pub threads: Option<std::num::NonZeroUsize>,
}

/// The smaller of a length and a buffer's size, as an index into that buffer.
fn at_most(length: u64, limit: usize) -> usize {
    usize::try_from(length).map_or(limit, |length| length.min(limit))
}
