//! Raw disks on this machine, written to snapshots through EBS direct: no instance, no volume, no mount.
//!
//! A disk is read once. Each block is hashed, left out if it is all zero or as the parent has it, and sent with its own
//! SHA-256; the content digest comes of the same bytes. Whoever sends a disk compares that digest with the one that was
//! decided about before the snapshot is completed, and what AWS then has with it as well.

mod reading;
mod sending;
mod snapshot;

pub use crate::gate::Gate;
pub use crate::limiter::Pace;
pub use reading::Seen;
pub use sending::{SendError, send};
pub use snapshot::{Start, State, complete, start, state};
