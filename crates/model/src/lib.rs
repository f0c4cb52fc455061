//! The words every part of Hallmark speaks: digests and subjects, images, findings, verdicts.
//!
//! Nothing here reads or writes anything. Names follow the field: *subject* and *digest set* are
//! in-toto's, *purl* is the package URL specification's, *finding* and *severity* the scanners'.

mod digest;
mod finding;
mod image;
mod json;
mod subject;
mod verdict;

pub use digest::{CONTENT_DIGEST, ContentDigest, ParseDigestError, Sha256, Sha256Hasher};
pub use finding::{Class, Finding, Fingerprint, Package, Severity, UnknownSeverity};
pub use image::{
    Architecture, BaseImage, BootMode, Disk, ImageManifest, Layer, ManifestError, Os, SCHEMA_VERSION,
};
pub use json::canonical_json;
pub use subject::{DigestSet, Subject};
pub use verdict::{Reason, Verdict, Weight};
