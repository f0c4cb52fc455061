//! What a checkout is: its commit, its files, whether its history is whole. git is asked, and nothing is changed.
//!
//! What scans say of a commit and what provenance says of it have to be the same words, so they are found here.

mod ask;
mod checkout;
mod commit;
mod history;

pub use checkout::{Checkout, Files};
pub use commit::{Commit, of};
pub use history::History;

/// The digest of a commit in a digest set (in-toto's name for it).
pub const GIT_COMMIT: &str = "gitCommit";
