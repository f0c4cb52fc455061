//! The names of the trusted roots that need no file.

/// The name of the Sigstore project's public instance.
pub const PUBLIC_GOOD: &str = "public-good";

/// The name of GitHub's own instance, which signs attestations of private repositories.
pub const GITHUB: &str = "github";

/// Every trusted root that the program carries, the usual one first.
pub const ROOTS: [&str; 2] = [PUBLIC_GOOD, GITHUB];
