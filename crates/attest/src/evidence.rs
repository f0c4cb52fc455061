//! The evidence directory: one file per statement, full reports beside them.
//!
//! Files are written whole or not at all. What is found there is handed on with its bytes, so that
//! what is verified is what was listed; whatever does not belong there is reported.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::{fs, io};

use model::Sha256;
use signers::Sign;
use signers::detached::strict_base64;

use crate::bundle::{MAX_BUNDLE, SignStatementError, sign};
use crate::files::{PARTIAL, copy_whole, io, is_dir, make_dir, read_plain, sweep, write_whole};
use crate::json::JsonError;
use crate::statement::{Statement, StatementError};

/// The folder of full reports inside an evidence directory.
pub const REPORTS: &str = "reports";

/// The longest report that is kept.
pub const MAX_REPORT: usize = 2 << 30;

/// The most files that a directory may hold: more is somebody's mistake, or somebody's attack.
const MAX_FILES: usize = 4096;

const SIGNED: &str = ".sigstore.json";
const UNSIGNED: &str = ".intoto.json";

/// Evidence that could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
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
    /// The statement cannot be written.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The statement cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignStatementError),
    /// The bundle cannot be written as JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Something in the place of a directory or file that is neither.
    #[error("{} is {what}: evidence is kept in plain files and folders only", path.display())]
    NotPlain {
        /// What it is instead.
        what: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// Too long to be read or kept.
    #[error("{} is longer than the {limit} bytes that are kept", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// How long it may be.
        limit: usize,
    },
    /// Too many files.
    #[error("{} holds more than {MAX_FILES} files", .0.display())]
    TooMany(PathBuf),
    /// A report that is not what its name says.
    #[error("the report {} has the SHA-256 {found}: it was changed after it was recorded", path.display())]
    ReportChanged {
        /// The report.
        path: PathBuf,
        /// What it has become.
        found: Sha256,
    },
}

/// Whether a statement file claims to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A Sigstore bundle, for [`crate::verify`].
    Signed,
    /// A bare statement, for [`crate::read_unsigned`]: nothing vouches for it.
    Unsigned,
}

/// A statement file as it was found. Nothing in it is believed yet.
#[derive(Clone, PartialEq, Eq)]
pub struct EvidenceFile {
    /// Its name in the directory.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What its name says that it is.
    pub form: Form,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// The SHA-256 of these bytes.
    pub sha256: Sha256,
}

impl EvidenceFile {
    /// What a file says, whoever signed it: to see what it is about, and to find it by its digest. It is believed
    /// only after [`crate::verify`]. `None` where it is no bundle with a statement in it.
    #[must_use]
    pub fn payload(&self) -> Option<Vec<u8>> {
        if self.form == Form::Unsigned {
            return Some(self.bytes.clone());
        }
        let bundle: serde_json::Value = serde_json::from_slice(&self.bytes).ok()?;
        strict_base64(bundle.get("dsseEnvelope")?.get("payload")?.as_str()?)
    }
}

impl std::fmt::Debug for EvidenceFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EvidenceFile({:?}, {} bytes, {})", self.name, self.bytes.len(), self.sha256)
    }
}

/// Why something in the directory is no evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StrayReason {
    /// A symbolic link, which could show one file now and another later.
    #[error("it is a symbolic link")]
    Symlink,
    /// A folder, a device, a pipe.
    #[error("it is not a plain file")]
    NotAFile,
    /// Not named as evidence is.
    #[error("its name is not <kind>.<digest>.sigstore.json or <kind>.<digest>.intoto.json")]
    Name,
    /// More than is read.
    #[error("it is longer than the {MAX_BUNDLE} bytes that are read")]
    TooLong,
    /// What an interrupted writer left.
    #[error("it was left by a writer that was interrupted")]
    Partial,
}

/// Something in the directory that is no evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Where it is.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: StrayReason,
}

/// What a directory holds: both lists sorted by name, and neither to be passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Listing {
    /// Statement files.
    pub files: Vec<EvidenceFile>,
    /// Everything else.
    pub strays: Vec<Stray>,
}

/// A directory of evidence. It is made when the first file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceDir {
    path: PathBuf,
}

impl EvidenceDir {
    /// The directory at a path.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a statement, signed where there is a signer; returns the file. Writing the same
    /// statement again replaces it.
    ///
    /// # Errors
    /// The statement cannot be written or signed, or the file system refuses.
    pub fn write(&self, statement: &Statement, signer: Option<&dyn Sign>) -> Result<PathBuf, EvidenceError> {
        let payload = statement.to_bytes()?;
        let stem = format!("{}.{}", statement.kind()?.slug(), Sha256::of(&payload).short());
        let (name, bytes) = match signer {
            Some(signer) => (stem + SIGNED, sign(statement, signer)?.to_bytes()?),
            None => (stem + UNSIGNED, payload),
        };
        make_dir(&self.path)?;
        write_whole(&self.path, &name, &bytes)
    }

    /// Removes the half-written files of writers that were killed; that of one who still writes stays.
    pub fn sweep(&self) {
        for folder in [&self.path, &self.path.join(REPORTS)] {
            if is_dir(folder).is_ok_and(|there| there) {
                sweep(folder);
            }
        }
    }

    /// Everything in the directory. A directory that is not there holds nothing.
    ///
    /// # Errors
    /// The directory is a symbolic link or no directory, holds too much, or cannot be read.
    pub fn list(&self) -> Result<Listing, EvidenceError> {
        let mut listing = Listing::default();
        if !is_dir(&self.path)? {
            return Ok(listing);
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(io("cannot list", &self.path))? {
            let entry = entry.map_err(io("cannot list", &self.path))?;
            names.push(entry.file_name());
            if names.len() > MAX_FILES {
                return Err(EvidenceError::TooMany(self.path.clone()));
            }
        }
        names.sort_unstable();
        for name in names {
            let path = self.path.join(&name);
            if name == REPORTS && is_dir(&path)? {
                continue;
            }
            match self.read_listed(&name.to_string_lossy(), &path)? {
                Ok(file) => listing.files.push(file),
                Err(reason) => listing.strays.push(Stray { path, reason }),
            }
        }
        Ok(listing)
    }

    fn read_listed(
        &self,
        name: &str,
        path: &Path,
    ) -> Result<Result<EvidenceFile, StrayReason>, EvidenceError> {
        let kind = fs::symlink_metadata(path).map_err(io("cannot look at", path))?.file_type();
        if kind.is_symlink() {
            return Ok(Err(StrayReason::Symlink));
        }
        if !kind.is_file() {
            return Ok(Err(StrayReason::NotAFile));
        }
        if name.starts_with(PARTIAL) {
            return Ok(Err(StrayReason::Partial));
        }
        let Some(form) = form_of(name) else {
            return Ok(Err(StrayReason::Name));
        };
        match read_plain(path, MAX_BUNDLE) {
            Ok(bytes) => {
                let sha256 = Sha256::of(&bytes);
                Ok(Ok(EvidenceFile { name: name.to_owned(), path: path.to_owned(), form, bytes, sha256 }))
            }
            Err(EvidenceError::TooLong { .. }) => Ok(Err(StrayReason::TooLong)),
            Err(error) => Err(error),
        }
    }

    /// Keeps a full report under its own digest.
    ///
    /// # Errors
    /// It is too long, or the file system refuses.
    pub fn put_report(&self, bytes: &[u8]) -> Result<Sha256, EvidenceError> {
        let digest = Sha256::of(bytes);
        if bytes.len() > MAX_REPORT {
            return Err(EvidenceError::TooLong { path: self.report_path(&digest), limit: MAX_REPORT });
        }
        make_dir(&self.path)?;
        make_dir(&self.path.join(REPORTS))?;
        write_whole(&self.path.join(REPORTS), &report_name(&digest), bytes)?;
        Ok(digest)
    }

    /// As [`EvidenceDir::put_report`], of what does not have to be in memory.
    ///
    /// # Errors
    /// It cannot be read, it is too long, or the file system refuses.
    pub fn put_report_from(&self, report: &mut dyn Read) -> Result<Sha256, EvidenceError> {
        let reports = self.path.join(REPORTS);
        make_dir(&self.path)?;
        make_dir(&reports)?;
        copy_whole(&reports, report, MAX_REPORT, report_name)
    }

    /// A report by its digest, which its bytes are checked against.
    ///
    /// # Errors
    /// It is not there, is a symbolic link, or has other bytes.
    pub fn report(&self, digest: &Sha256) -> Result<Vec<u8>, EvidenceError> {
        let reports = self.path.join(REPORTS);
        is_dir(&self.path)?;
        is_dir(&reports)?;
        let path = self.report_path(digest);
        let bytes = read_plain(&path, MAX_REPORT)?;
        match Sha256::of(&bytes) {
            found if found == *digest => Ok(bytes),
            found => Err(EvidenceError::ReportChanged { path, found }),
        }
    }

    /// Where the report with a digest is kept.
    #[must_use]
    pub fn report_path(&self, digest: &Sha256) -> PathBuf {
        self.path.join(REPORTS).join(report_name(digest))
    }
}

fn report_name(digest: &Sha256) -> String {
    format!("{digest}.json")
}

/// The form that a file's name promises: `<kind>.<12 hex>.sigstore.json`, `….intoto.json`.
fn form_of(name: &str) -> Option<Form> {
    let (stem, form) = match (name.strip_suffix(SIGNED), name.strip_suffix(UNSIGNED)) {
        (Some(stem), _) => (stem, Form::Signed),
        (None, Some(stem)) => (stem, Form::Unsigned),
        (None, None) => return None,
    };
    let (kind, digest) = stem.split_once('.')?;
    // The kind is read from the payload, never from the name: evidence of a kind that is not known
    // has to be refused with that reason.
    let kind_like = !kind.is_empty() && kind.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let digest_like = digest.len() == 12 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (kind_like && digest_like).then_some(form)
}
