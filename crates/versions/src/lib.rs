//! Versions in each ecosystem's own ordering, and `vers:` ranges over them.
//!
//! Versions come from images and are hostile: what does not read is an error, never "not in range",
//! and nothing longer than [`MAX_LENGTH`] is looked at.
//!
//! What orders them:
//! - rpm: the crate `rpm-version` (no dependencies, by rpm's own test cases);
//! - npm, Cargo, Go: the crate `semver`, by precedence, so that build metadata does not count;
//! - PEP 440: the crate `pep440_rs`, which uv uses.
//!
//! By hand, and why:
//! - deb: the crate `debversion` orders `1.a` before `1.a0`, which are equal to dpkg, and brings a regular
//!   expression and big numbers for sixty lines of need. The tests compare with the real dpkg;
//! - apk: the one crate wraps a C file, built at compile time and called through `unsafe`;
//! - Maven: the one crate asserts on its way, so that a version can stop the program. The tests compare
//!   with the real `ComparableVersion`;
//! - `vers:` itself: the crate `vers-rs` knows deb and semver alone, of those that are needed here.

mod apk;
mod deb;
mod ecosystem;
mod maven;
mod number;
mod range;
mod version;

pub use ecosystem::Ecosystem;
pub use range::{Range, RangeError};
pub use version::{Version, VersionError};

use std::cmp::Ordering;

/// The longest version that is looked at, in bytes. Real ones have some dozens.
pub const MAX_LENGTH: usize = 256;

/// How two versions of one ecosystem stand to each other.
///
/// # Errors
/// One of them is no version of that ecosystem.
pub fn compare(ecosystem: Ecosystem, a: &str, b: &str) -> Result<Ordering, VersionError> {
    let (a, b) = (Version::parse(ecosystem, a)?, Version::parse(ecosystem, b)?);
    Ok(a.order(&b))
}
