//! Globs on a finding's path in the image.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// Which paths an exception is about.
#[derive(Debug, Clone)]
pub struct Paths {
    patterns: Vec<String>,
    set: GlobSet,
}

impl Paths {
    /// The patterns as the file has them, and what matches any of them.
    pub(super) fn new(patterns: Vec<String>, globs: &[Glob]) -> Result<Self, globset::Error> {
        Ok(Self { patterns, set: set(globs)? })
    }

    /// As the file has them.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether any of them matches; scanners write paths with a slash at the beginning or without.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.set.is_match(from_root(path))
    }
}

impl PartialEq for Paths {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

impl Eq for Paths {}

/// `*` stays within a folder, `**` does not.
pub(super) fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(from_root(pattern)).literal_separator(true).backslash_escape(true).build()
}

pub(super) fn set(globs: &[Glob]) -> Result<GlobSet, globset::Error> {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        builder.add(glob.clone());
    }
    builder.build()
}

pub(super) fn from_root(path: &str) -> &str {
    path.strip_prefix('/').unwrap_or(path)
}
