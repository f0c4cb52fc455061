//! What fuzzing feeds: every reader here that meets outside bytes, and what it promises of them.

use crate::{manifest, provenance, sums};

/// Reads these bytes as a manifest, as a list of checksums and as a statement's payload.
///
/// # Panics
/// Where a reader breaks a promise: a mistake without a place, a list that names a file outside of its folder.
#[doc(hidden)]
pub fn read_outside_bytes(bytes: &[u8]) {
    if let Err(mistakes) = manifest::parse(bytes) {
        assert!(!mistakes.is_empty(), "a manifest is refused, and it is not said why");
    }
    match sums::parse(bytes) {
        Ok(files) => {
            assert!(!files.is_empty(), "an empty list is one");
            for path in files.keys() {
                let path = path.as_str();
                let leaves = path.starts_with('/') || path.split('/').any(|part| part == "..");
                assert!(!leaves && !path.is_empty(), "a list leaves its folder");
            }
        }
        Err(refused) => {
            assert!(refused.line > 0 && !refused.what.is_empty(), "a list is refused without a place")
        }
    }
    drop(provenance::built_by(bytes));
}
