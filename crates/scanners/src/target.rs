//! What is scanned, and how: the questions every scanner is asked in the same words.

use std::path::Path;
use std::time::Duration;

/// What is scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A raw disk image with its partitions.
    Disk(&'a Path),
    /// A directory that holds a root file system.
    RootFs(&'a Path),
    /// An SBOM: CycloneDX or SPDX, JSON.
    Sbom(&'a Path),
    /// A container image as a tar archive.
    Archive(&'a Path),
    /// A container image in a registry or a local engine.
    Reference(&'a str),
    /// A folder of sources, as they are checked out.
    Source(&'a Path),
    /// The history of a repository: every commit that can be reached.
    History(&'a Path),
}

impl<'a> Target<'a> {
    /// Where it lies; none of what has a name only.
    #[must_use]
    pub const fn path(&self) -> Option<&'a Path> {
        match self {
            Self::Disk(path)
            | Self::RootFs(path)
            | Self::Sbom(path)
            | Self::Archive(path)
            | Self::Source(path)
            | Self::History(path) => Some(path),
            Self::Reference(_) => None,
        }
    }

    /// The kind alone, as evidence records it.
    #[must_use]
    pub const fn kind(&self) -> TargetKind {
        match self {
            Self::Disk(_) => TargetKind::Disk,
            Self::RootFs(_) => TargetKind::RootFs,
            Self::Sbom(_) => TargetKind::Sbom,
            Self::Archive(_) | Self::Reference(_) => TargetKind::ContainerImage,
            Self::Source(_) | Self::History(_) => TargetKind::Source,
        }
    }
}

/// How the scanner saw what it scanned: evidence says so, and a policy decides what it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// The disk image itself.
    Disk,
    /// A directory: whose, nobody can prove.
    RootFs,
    /// A list of components: no better than its maker.
    Sbom,
    /// A container image.
    ContainerImage,
    /// A report that somebody else's run left.
    Report,
    /// What images are made from: sources at a commit.
    Source,
}

impl TargetKind {
    /// As evidence writes it (`seen`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disk => "disk",
            Self::RootFs => "rootfs",
            Self::Sbom => "sbom",
            Self::ContainerImage => "container-image",
            Self::Report => "report",
            Self::Source => "source",
        }
    }
}

/// How to scan.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// What is looked for, of what [`crate::Scanner::looks_for`] lists.
    pub look_for: &'a [model::Class],
    /// The scanner's cache directory, with the database in it.
    pub cache: &'a Path,
    /// Where the report goes.
    pub output: &'a Path,
    /// The scanner's own time-out.
    pub timeout: Duration,
    /// What the scanner may reach, and what its database is good for.
    pub access: Access,
    /// Where databases come from, in order; none means the scanner's own default.
    pub database_repositories: &'a [String],
    /// Rules to go by: files or folders. None means the scanner's own, where it has any.
    pub rules: &'a [&'a Path],
}

/// What the scanner may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The network, for what a database lacks.
    Network,
    /// Nothing: what the cache has must do.
    Cache,
    /// Nothing, and the database is the sample: what needs another database is left alone.
    Sample,
}
