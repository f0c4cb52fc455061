//! What `tools.lock` says, in types that need no further checking.

use std::collections::BTreeMap;

use model::Sha256;
use url::Url;

use crate::{LockError, Platform, lock_file};

/// The lock that this program was built with.
const EMBEDDED: &str = include_str!("../../../tools.lock");

/// Every pinned tool, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    go: String,
    tools: BTreeMap<String, LockedTool>,
}

/// One tool's pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedTool {
    /// Its name, which is also its executable's.
    pub name: String,
    /// Its version, without a `v`.
    pub version: String,
    /// What Go builds it from.
    pub module: GoModule,
    /// What is pinned for each platform; never empty.
    pub platforms: BTreeMap<Platform, Pinned>,
}

/// What Go builds a tool from. The versions are in the module's own `go.mod` and `go.sum`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoModule {
    /// The module's path.
    pub path: String,
    /// The package that is built.
    pub package: String,
    /// Linker flags after the common ones: what stamps the version.
    pub ldflags: String,
    /// Build tags.
    pub tags: String,
    /// GOEXPERIMENT.
    pub experiment: String,
}

/// What is pinned for one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// The release; absent where its digest is not published in two places: then it is built.
    pub asset: Option<Asset>,
    /// What a Go build gives; absent where nobody has measured it: then it is not built.
    pub built: Option<Built>,
}

/// A release asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Where it is published: HTTPS, no user, no query.
    pub url: Url,
    /// Its digest.
    pub sha256: Sha256,
    /// How the executable is in it.
    pub packing: Packing,
}

/// The digest of what a Go build gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Built {
    /// Its digest.
    pub sha256: Sha256,
}

/// How the executable is in the asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packing {
    /// The asset is the executable.
    Plain,
    /// One member of a zip archive.
    Zip {
        /// Its path.
        member: String,
        /// Its digest, where known.
        executable: Option<Sha256>,
    },
    /// One member of a gzipped tar archive.
    TarGz {
        /// Its path.
        member: String,
        /// Its digest, where known.
        executable: Option<Sha256>,
    },
}

impl Asset {
    /// The executable's digest, where it is known without opening the archive.
    #[must_use]
    pub const fn executable(&self) -> Option<Sha256> {
        match &self.packing {
            Packing::Plain => Some(self.sha256),
            Packing::Zip { executable, .. } | Packing::TarGz { executable, .. } => *executable,
        }
    }
}

impl LockedTool {
    /// The purl of what Go builds.
    #[must_use]
    pub fn purl(&self) -> String {
        format!("pkg:golang/{}@v{}", self.module.path, self.version)
    }
}

impl Lock {
    /// The lock that this program was built with.
    ///
    /// # Errors
    /// The embedded lock is malformed, which a test of this crate excludes.
    pub fn embedded() -> Result<Self, LockError> {
        Self::parse(EMBEDDED)
    }

    /// Reads a lock and checks all of it.
    ///
    /// # Errors
    /// The first mistake, with the place of it.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let (go, tools) = lock_file::read(text)?;
        Ok(Self { go, tools })
    }

    /// The Go version that builds are made with, without `go`.
    #[must_use]
    pub fn go(&self) -> &str {
        &self.go
    }

    /// One tool.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&LockedTool> {
        self.tools.get(name)
    }

    /// All tools, by name.
    pub fn tools(&self) -> impl Iterator<Item = &LockedTool> {
        self.tools.values()
    }
}
