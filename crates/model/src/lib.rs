//! The words every part of Hallmark speaks: digests and subjects, images, findings, verdicts.
//!
//! Nothing here reads or writes anything. Names follow the field: *subject* and *digest set* are
//! in-toto's, *purl* is the package URL specification's, *finding* and *severity* the scanners'.

mod digest;
mod finding;
mod group;
mod image;
mod json;
mod moves;
mod rating;
mod severity;
mod shared;
mod subject;
mod verdict;

pub use digest::{CONTENT_DIGEST, ContentDigest, ParseDigestError, Sha256, Sha256Hasher};
pub use finding::{Class, Finding, Fingerprint, Package};
pub use group::{Group, group};
pub use image::{
    Architecture, BaseImage, BootMode, Disk, ImageManifest, Layer, ManifestError, Os, SCHEMA_VERSION,
};
pub use json::canonical_json;
pub use moves::{Moves, moves};
pub use rating::{CvssScore, CvssVersion, Epss, Kev, Record, Region};
pub use severity::{Severity, UnknownSeverity};
pub use shared::{Shared, Text};
pub use subject::{DigestSet, Subject};
pub use verdict::{Reason, Verdict, Weight};
