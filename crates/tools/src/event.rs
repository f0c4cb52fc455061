//! What is happening while a tool is got: for whoever shows it.

use std::fmt;
use std::path::PathBuf;

use model::Sha256;

/// A step on the way to a tool. `Display` is a sentence for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A file on PATH has the tool's name but is not the pinned one.
    NotThePinnedOne {
        /// The tool.
        name: String,
        /// The file.
        path: PathBuf,
        /// Its digest.
        found: Sha256,
    },
    /// A file of the cache had other bytes than its name says; it was deleted.
    PoisonedCache {
        /// The tool.
        name: String,
        /// The file.
        path: PathBuf,
        /// Its digest.
        found: Sha256,
    },
    /// Another process is getting the same tool.
    Waiting {
        /// The tool.
        name: String,
    },
    /// A download begins.
    Downloading {
        /// The tool.
        name: String,
        /// From where (without a password).
        url: String,
    },
    /// Wheels are fetched by pip.
    Fetching {
        /// The tool.
        name: String,
    },
    /// The wheels of the cache were not the lock's, or not all of them; they were deleted.
    BadWheels {
        /// The tool.
        name: String,
        /// What was the matter.
        why: String,
    },
    /// How far a download is.
    Downloaded {
        /// The tool.
        name: String,
        /// Bytes so far.
        bytes: u64,
        /// Bytes in all, where the server says so.
        total: Option<u64>,
    },
    /// A download failed; it is tried again, or the tool is built.
    DownloadFailed {
        /// The tool.
        name: String,
        /// Why.
        why: String,
    },
    /// A Go build begins.
    Building {
        /// The tool.
        name: String,
        /// Module and version.
        module: String,
    },
    /// A line that Go or pip wrote: hostile text, as all output is.
    Says {
        /// The tool.
        name: String,
        /// The line.
        line: String,
    },
}

impl Event {
    /// Whether it only says how far something is: for a terminal's progress bar, not for a log.
    #[must_use]
    pub const fn is_progress(&self) -> bool {
        matches!(self, Self::Downloaded { .. })
    }
}

/// Bytes as people count them.
fn megabytes(bytes: u64) -> String {
    format!("{}.{}", bytes / 1_000_000, bytes / 100_000 % 10)
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThePinnedOne { name, path, found } => {
                write!(f, "{} is not the pinned {name} (SHA-256 {found}): not used", path.display())
            }
            Self::PoisonedCache { name, path, found } => {
                write!(f, "{name}: {} had wrong bytes (SHA-256 {found}): deleted", path.display())
            }
            Self::Waiting { name } => write!(f, "{name}: another process is getting it; waiting"),
            Self::Downloading { name, url } => write!(f, "{name}: downloading {url}"),
            Self::Fetching { name } => write!(f, "{name}: fetching its wheels with pip"),
            Self::BadWheels { name, why } => write!(f, "{name}: {why}: its wheels are deleted"),
            Self::Downloaded { name, bytes, total: Some(total) } => {
                write!(f, "{name}: {} of {} MB", megabytes(*bytes), megabytes(*total))
            }
            Self::Downloaded { name, bytes, total: None } => write!(f, "{name}: {} MB", megabytes(*bytes)),
            Self::DownloadFailed { name, why } => write!(f, "{name}: {why}"),
            Self::Building { name, module } => {
                write!(f, "{name}: building {module} with Go (minutes, the first time)")
            }
            Self::Says { name, line } => write!(f, "{name}: {line}"),
        }
    }
}
