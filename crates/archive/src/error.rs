//! What can be wrong with an archive, where, and what helps.

use std::io;
use std::path::{Path, PathBuf};

use model::{ParseDigestError, Sha256};

/// An archive that cannot be read or written. What others wrote (names in a bucket, words of a server) is in these
/// texts as it came: it is escaped where it is shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text names no place.
    #[error("{shown:?} is no place for an archive: {why}; a folder or s3://BUCKET/PREFIX is wanted")]
    Location {
        /// The text, cut short.
        shown: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Nobody has put anything there.
    #[error(
        "there is no archive at {0}: its marker is missing, which the first put writes; mend the place's name, or put something first"
    )]
    NoArchive(String),
    /// Something else is there.
    #[error("{0} holds something, and is no archive: give an empty place, or one below it")]
    Occupied(String),
    /// The place cannot do what is asked of it.
    #[error("{place} {what}")]
    Unable {
        /// The place.
        place: String,
        /// What it cannot do, and what helps.
        what: String,
    },
    /// A later layout, or none that is known.
    #[error("{place} does not read: {what}; nothing of it is believed")]
    Malformed {
        /// The object.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// Other bytes than its name says.
    #[error(
        "{place} was changed: it has the SHA-256 {found}, and its name says {wanted}; bring back the version that has it, from the bucket's versions or a copy"
    )]
    Damaged {
        /// The object.
        place: String,
        /// What the name says.
        wanted: Sha256,
        /// What the bytes are.
        found: Sha256,
    },
    /// Another length than its entry says.
    #[error(
        "{place} was changed: it has not the {wanted} bytes that were put; bring back the version that has them, from the bucket's versions or a copy"
    )]
    Length {
        /// The object.
        place: String,
        /// How long it was.
        wanted: u64,
    },
    /// Something that an entry names is not there.
    #[error(
        "{place} is missing, and {by} names it: bring it back from a copy of the archive, or put it once more"
    )]
    Missing {
        /// The object.
        place: String,
        /// Who names it.
        by: String,
    },
    /// It was there, and somebody deleted it.
    #[error(
        "{place} was deleted: its earlier versions are still in the bucket, so take its delete marker away, and find out who set it"
    )]
    Deleted {
        /// The object.
        place: String,
    },
    /// Something that does not belong there.
    #[error("{0} does not belong into an archive: take it out, and find out who put it there")]
    Stray(String),
    /// More than is read or kept.
    #[error("{place} is longer than the {limit} bytes that are kept")]
    TooLong {
        /// The file or object.
        place: String,
        /// How long it may be.
        limit: u64,
    },
    /// More files than are kept.
    #[error("{place} holds more than {limit}: more than is read")]
    TooMany {
        /// The place.
        place: String,
        /// How many there may be.
        limit: usize,
    },
    /// A name that could lead elsewhere.
    #[error("the {what} {shown:?} is refused: {why}")]
    Name {
        /// What it is the name of.
        what: &'static str,
        /// The name, cut short.
        shown: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Two files of one role with one name.
    #[error("two files of the kind {role} have the name {name}: give them different names")]
    Twice {
        /// Their role.
        role: crate::Role,
        /// Their name.
        name: String,
    },
    /// A file that is no plain file.
    #[error("{} is no plain file: give the file itself, no link and no folder", .0.display())]
    NotPlain(PathBuf),
    /// A file that became another while it was put.
    #[error("{} changed while it was put: run it again when nobody writes to it", .0.display())]
    Changed(PathBuf),
    /// The system says so.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// What came of it.
        source: io::Error,
    },
    /// The place to restore to is taken.
    #[error("{} is in the way: give a folder that is empty or not there yet", .0.display())]
    InTheWay(PathBuf),
    /// Others kept changing a pointer.
    #[error("{place} is changed by somebody else again and again: run it again")]
    Raced {
        /// The pointer.
        place: String,
    },
    /// The server refuses, or does not answer.
    #[error("{place}: {call} failed: {what}{}; {next}", id(request))]
    Service {
        /// The bucket and key.
        place: String,
        /// What was asked.
        call: &'static str,
        /// What came of it.
        what: String,
        /// The server's id of the request.
        request: Option<String>,
        /// What helps.
        next: String,
    },
    /// The image's manifest is none.
    #[error("{place}: {source}")]
    Manifest {
        /// The file or object.
        place: String,
        /// What is wrong.
        source: model::ManifestError,
    },
    /// A value that has no JSON form; never in practice.
    #[error("this cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A digest that is none.
    #[error(transparent)]
    Digest(#[from] ParseDigestError),
}

fn id(request: &Option<String>) -> String {
    request.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default()
}

impl Error {
    pub(crate) fn malformed(place: impl Into<String>, what: impl ToString) -> Self {
        Self::Malformed { place: place.into(), what: what.to_string() }
    }
}

/// An I/O error with what was tried, and where.
pub(crate) fn io<'p>(what: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> Error + 'p {
    move |source| Error::Io { what, path: path.to_owned(), source }
}
