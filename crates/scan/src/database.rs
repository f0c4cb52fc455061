//! Which vulnerability database a scan went by.

use jiff::Timestamp;
use model::Sha256;
use scanners::{Scan, VulnerabilityDatabase};

/// What evidence records of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its schema's version.
    pub version: String,
    /// When it was made.
    pub updated: Timestamp,
    /// What it is.
    pub sha256: Sha256,
    /// Whether it is the sample.
    pub sample: bool,
    /// None of this is known: the report was made elsewhere.
    pub known: bool,
}

impl Facts {
    /// Of a report that was there already nothing is known about its database. The predicate has no
    /// word for that, so it says what satisfies no policy: made in 1970, and a digest of zeros.
    #[must_use]
    pub fn of_report(database: &dyn VulnerabilityDatabase, scan: &Scan) -> Self {
        Self {
            version: "unknown".into(),
            updated: Timestamp::UNIX_EPOCH,
            sha256: Sha256::from_bytes([0; 32]),
            sample: database.sample_is_named_in(&scan.sources),
            known: false,
        }
    }
}
