//! Raw disks, read as files are: no mounts, no loop devices, no root.
//!
//! The disk is not trusted. Every number in its tables is checked against its size, its file systems are read in
//! memory-safe code, and what is taken out of it lands in one folder and nowhere else.

mod extract;
mod partitions;
mod root;

pub use ext4_view::Ext4;
pub use extract::{Extracted, Limits, extract};
pub use partitions::{Partition, open};
pub use root::{file_system, only};
