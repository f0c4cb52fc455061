//! What can keep a snapshot from being read or written down.

use std::io;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::machine_image::ImageError;

/// A snapshot that was not read to its end. None of these yields a digest, or leaves a file under its name.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A call failed, or what is there is not as it has to be.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// AWS does not let this account read the blocks, or says that there is no such snapshot, which it also says of
    /// one that is not shared.
    #[error(
        "{failure}. To read the blocks of {snapshot}, the account {account} has to be its owner or have it shared with it \
         (`share: {{snapshots: true}}` in the owner's distribution), these credentials need ebs:ListSnapshotBlocks and \
         ebs:GetSnapshotBlock, and kms:Decrypt on the owner's key where it is encrypted (docs/iam/verify.json); public \
         snapshots are not read by EBS direct"
    )]
    MayNot {
        /// The snapshot.
        snapshot: String,
        /// The account that asked.
        account: String,
        /// What AWS said.
        failure: Box<Failure>,
    },
    /// AWS goes on throttling, also one call at a time.
    #[error(
        "{failure}. AWS throttled {rounds} times in a row with longer and longer pauses, and no block came: try again \
         when less is read in this account and region, or have the quotas of EBS direct raised"
    )]
    Throttled {
        /// How many times in a row.
        rounds: u32,
        /// What AWS said last.
        failure: Box<Failure>,
    },
    /// A file cannot be written.
    #[error("cannot {doing} {path}: {source}")]
    File {
        /// What was about to be done with it.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process writes the same file.
    #[error("{path} is being written by another process: wait until that has ended, or give another folder")]
    InUse {
        /// The file that is being written.
        path: PathBuf,
    },
}

impl ReadError {
    /// What a refused call about a snapshot's blocks means.
    pub(super) fn refused(snapshot: &str, failure: Box<Failure>) -> Self {
        const MAY_NOT: &[&str] =
            &["AccessDenied", "AccessDeniedException", "ResourceNotFoundException", "UnauthorizedOperation"];
        if MAY_NOT.contains(&failure.code.as_str()) {
            let (snapshot, account) = (snapshot.to_owned(), failure.account.clone());
            return Self::MayNot { snapshot, account, failure };
        }
        Self::Image(ImageError::Call(failure))
    }

    pub(super) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { doing, path: path.to_owned(), source }
    }
}
