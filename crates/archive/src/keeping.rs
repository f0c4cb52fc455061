//! How new objects are kept.

use jiff::Timestamp;

/// How new objects are to be kept, beyond being there. Only S3 can do these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keeping {
    /// The KMS key that they are encrypted with (SSE-KMS): an id, an alias, an ARN.
    pub kms_key: Option<String>,
    /// Until when nobody may delete or change them.
    pub lock: Option<Lock>,
}

/// An object lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    /// Who may lift it.
    pub mode: LockMode,
    /// When it ends.
    pub until: Timestamp,
}

/// Who may lift a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    /// Whoever has the permission for that.
    Governance,
    /// Nobody, not even the account's owner.
    Compliance,
}
