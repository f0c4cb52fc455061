//! What can go wrong, in words that say where and what to do.

use std::path::PathBuf;

use model::Sha256;

use crate::Platform;

/// Why a tool could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The lock has no such tool.
    #[error("tools.lock has no tool `{name}`; it has {known}")]
    UnknownTool {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A tool that comes as Python packages cannot be had.
    #[error("{name}: {problem}")]
    Python {
        /// The tool.
        name: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The lock has nothing for this platform.
    #[error("tools.lock has no {name} for {platform}; add [tool.{name}.platform.{platform}] to it")]
    NoPlatform {
        /// The tool.
        name: String,
        /// The platform.
        platform: Platform,
    },
    /// Bytes that are not the pinned ones. They have been deleted.
    #[error(
        "{name}: wrong SHA-256 of {what}: expected {expected}, found {found}. The file is gone. If {name} was \
         updated on purpose, update tools.lock from a trusted source; otherwise somebody replaced it"
    )]
    Checksum {
        /// The tool.
        name: String,
        /// The address or the file.
        what: String,
        /// What the lock says.
        expected: Sha256,
        /// What came.
        found: Sha256,
    },
    /// A download that is larger than any tool.
    #[error("{name}: {url} is larger than {limit} bytes: not taken")]
    TooLarge {
        /// The tool.
        name: String,
        /// The address.
        url: String,
        /// The most that is taken.
        limit: u64,
    },
    /// An archive that has not exactly one regular file where the lock says.
    #[error("{name}: the archive {} cannot be used: {problem}", .archive.display())]
    Archive {
        /// The tool.
        name: String,
        /// The archive.
        archive: PathBuf,
        /// What is the matter with it.
        problem: String,
    },
    /// The Go build failed.
    #[error("{name}: building it with {} failed: {problem}", .go.display())]
    Build {
        /// The tool.
        name: String,
        /// The Go command.
        go: PathBuf,
        /// Why, with the end of what Go said.
        problem: String,
    },
    /// Not on PATH, not in the cache, not downloadable, not buildable.
    #[error(
        "{name} {version} cannot be had: {why}. Give this machine a network or Go {go}, or set HALLMARK_MIRROR to \
         a copy of the release addresses, or {by_hand}"
    )]
    Unobtainable {
        /// The tool.
        name: String,
        /// Its version.
        version: String,
        /// Why it could neither be downloaded nor built.
        why: String,
        /// The Go version that the lock pins.
        go: String,
        /// How to put it in its place by hand.
        by_hand: String,
    },
    /// A file of the cache could not be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No cache folder can be named.
    #[error("no folder for the tools: set HALLMARK_CACHE (or HOME, or XDG_CACHE_HOME) to an absolute path")]
    NoCacheFolder,
    /// The mirror's address is not usable.
    #[error("HALLMARK_MIRROR `{value}` cannot be used: {problem}")]
    Mirror {
        /// What was given, without a password.
        value: String,
        /// What is the matter with it.
        problem: String,
    },
    /// No tool is pinned for what this program runs on.
    #[error(
        "Hallmark's tools are not pinned for {os} on {arch}; tools.lock has linux and darwin, amd64 and arm64"
    )]
    Platform {
        /// The operating system.
        os: &'static str,
        /// The processor.
        arch: &'static str,
    },
    /// The lock is malformed.
    #[error(transparent)]
    Lock(#[from] LockError),
}

impl Error {
    /// For `map_err`: what happened to this file.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

/// A mistake in a lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Not TOML, or not of the lock's shape; the message has line and column.
    #[error("tools.lock does not parse: {0}")]
    Toml(#[from] toml::de::Error),
    /// A value that means nothing, or something unsafe.
    #[error("tools.lock: {at}: {problem}")]
    Value {
        /// The key's path.
        at: String,
        /// What is the matter, and what is wanted.
        problem: String,
    },
}
