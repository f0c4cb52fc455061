//! Verifying: each file that the manifest lists, against everybody whom it names. Everything that
//! is wrong is told, not only the first of it.

mod checksums;
mod known;
mod proofs;
mod threshold;

use std::sync::Arc;

use attest::predicate::signature_verification::BuiltBy;
use attest::{Algorithm, Proof, TrustRoot};
use model::Sha256;

use crate::folder::{Folder, OpenError};
use crate::manifest::{FileEntry, Manifest, Place};
use crate::path::{Pattern, RelPath};
use crate::reason::{Code, Reason};

pub(crate) use known::Given;
use known::Known;
use proofs::Named;

/// One file that is good.
#[derive(Debug)]
pub(crate) struct Good {
    pub(crate) path: RelPath,
    pub(crate) sha256: Sha256,
    pub(crate) size: u64,
    /// The list of checksums that vouches for it, and who signed that.
    pub(crate) listed: Option<Arc<List>>,
    /// Everybody who signed it, each once.
    pub(crate) signed: Vec<Signed>,
    pub(crate) provenance: Option<BuiltBy>,
}

/// A list of checksums that is good.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) path: RelPath,
    pub(crate) sha256: Sha256,
    /// The manifest's names of those who signed it.
    pub(crate) signers: Vec<String>,
}

/// One signature that is good.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    /// The manifest's name of the signer.
    pub(crate) name: String,
    /// What kind of key it is, where it is one.
    pub(crate) algorithm: Option<Algorithm>,
    /// Where the signature is.
    pub(crate) file: RelPath,
    pub(crate) file_sha256: Sha256,
    pub(crate) proof: Proof,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) good: Vec<Good>,
    /// What speaks against it: decided.
    pub(crate) against: Vec<Reason>,
    /// What could not be read: not decided.
    pub(crate) unreadable: Vec<Reason>,
    /// What was not needed in the end, and does not count.
    pub(crate) not_counted: Vec<Reason>,
    /// Signers that no file needs: what each is, and its name.
    pub(crate) unused: Vec<(&'static str, String, Option<Place>)>,
    /// The trusted roots that vouch for what is good; where something is refused, all that were asked.
    pub(crate) roots: Vec<Arc<TrustRoot>>,
}

/// Verifies everything that the manifest lists. `on_file` is told each file before it is read.
pub(crate) fn check(
    manifest: &Manifest,
    folder: &Folder,
    given: Given,
    on_file: &mut dyn FnMut(&RelPath),
) -> Checked {
    let mut told = Checked::default();
    let known = Known::load(manifest, folder, given, &mut told);
    let mut checker = Checker { folder, known: &known, checked: told, on_file };
    for entry in &manifest.files {
        checker.entry(entry);
    }
    for entry in &manifest.checksums {
        checker.checksums(entry);
    }
    let mut checked = checker.checked;
    if manifest.files.is_empty() && manifest.checksums.is_empty() {
        let message = "the manifest lists no files: nothing was verified".to_owned();
        checked.against.push(Reason { code: Code::NoFiles, message, place: manifest.files_place });
    }
    checked.roots = if checked.against.is_empty() { known.used(&checked.good) } else { known.roots() };
    checked
}

struct Checker<'a> {
    folder: &'a Folder,
    known: &'a Known<'a>,
    checked: Checked,
    on_file: &'a mut dyn FnMut(&RelPath),
}

impl<'a> Checker<'a> {
    fn entry(&mut self, entry: &FileEntry) {
        let Some(named) = self.named(&entry.wanted, &entry.path) else { return };
        for path in self.paths_of(entry) {
            let file = match self.folder.file(&path) {
                Ok(file) => file,
                Err(error) => {
                    self.checked.not_opened(Code::MissingFile, &format!("`{path}`"), error, entry.place);
                    continue;
                }
            };
            (self.on_file)(&path);
            if let Some(good) = self.file(&path, file, &entry.wanted, &named, entry.sha256, entry.place) {
                self.checked.good.push(good);
            }
        }
    }

    /// Everybody whom an entry names, each once; `None` when one of them has been told to be wrong.
    fn named(
        &mut self,
        wanted: &crate::manifest::Wanted,
        what: &impl std::fmt::Display,
    ) -> Option<Vec<Named<'a>>> {
        let known = self.known;
        let mut named: Option<Vec<Named<'a>>> = Some(Vec::new());
        for signer in &wanted.signed_by {
            match known.get(&signer.name) {
                Some(Some((name, who))) => {
                    if let Some(named) = &mut named
                        && !named.iter().any(|known| known.name == name)
                    {
                        named.push(Named { name, who });
                    }
                }
                Some(None) => named = None,
                None => {
                    let message = format!(
                        "{what}: `{}` is declared neither under `keys` nor under `identities`",
                        crate::path::shown(&signer.name)
                    );
                    self.checked.against(Code::UnknownKey, message, signer.place);
                    named = None;
                }
            }
        }
        named
    }

    fn paths_of(&mut self, entry: &FileEntry) -> Vec<RelPath> {
        let (text, matcher, folder) = match &entry.path {
            Pattern::Exact(path) => return vec![path.clone()],
            Pattern::Glob { text, matcher, folder } => (text, matcher, folder),
        };
        let found = match self.folder.matching(folder, matcher) {
            Ok(found) => found,
            Err(error) => {
                let what = format!("the folder of `{text}`");
                self.checked.not_opened(Code::MissingFile, &what, error, entry.place);
                return Vec::new();
            }
        };
        let mut paths = Vec::new();
        for path in found {
            match path {
                Ok(path) if path.as_str().chars().any(char::is_control) => {
                    let message = unsupported_name(text, path.as_str());
                    self.checked.against(Code::UnsupportedName, message, entry.place);
                }
                Ok(path) => paths.push(path),
                Err(name) => {
                    self.checked.against(Code::UnsupportedName, unsupported_name(text, &name), entry.place);
                }
            }
        }
        // The signature of a file that matches as well is not a file that needs a signature.
        let beside = entry.wanted.signatures.iter().chain(&entry.wanted.bundles);
        let beside: Vec<_> = beside.collect();
        // Nothing is its own signature: what maps to itself stays a file that needs one.
        let of = |path: &RelPath| {
            beside.iter().filter_map(|one| one.of(path).ok()).filter(|one| one != path).collect::<Vec<_>>()
        };
        let signatures: std::collections::BTreeSet<_> = paths.iter().flat_map(of).collect();
        paths.retain(|path| !signatures.contains(path));
        if paths.is_empty() {
            self.checked.against(Code::MissingFile, format!("`{text}` matches no file"), entry.place);
        }
        paths
    }
}

impl Checked {
    /// What it means that something was not opened.
    fn not_opened(&mut self, missing: Code, what: &str, error: OpenError, place: Option<Place>) {
        let (decided, code, message) = opening(missing, what, error);
        if decided { self.against(code, message, place) } else { self.unreadable(code, message, place) }
    }

    fn against(&mut self, code: Code, message: String, place: Option<Place>) {
        self.against.push(Reason { code, message, place });
    }

    fn unreadable(&mut self, code: Code, message: String, place: Option<Place>) {
        self.unreadable.push(Reason { code, message, place });
    }
}

/// What it means that something was not opened, and whether that decides.
fn opening(missing: Code, what: &str, error: OpenError) -> (bool, Code, String) {
    match error {
        OpenError::Missing => (true, missing, format!("{what} is not there")),
        OpenError::SymbolicLink => {
            let message = format!("{what} is or lies behind a symbolic link, which is not followed");
            (true, Code::SymbolicLink, message)
        }
        OpenError::NotAFile => (true, Code::NotAFile, format!("{what} is not a plain file")),
        OpenError::TooLong(limit) => (true, Code::TooLong, format!("{what} is longer than {limit} bytes")),
        OpenError::Io(error) => (false, missing, format!("{what} cannot be read: {error}")),
    }
}

fn unsupported_name(pattern: &str, name: &str) -> String {
    format!(
        "`{pattern}` matches a name that evidence cannot carry (not UTF-8, or with control characters): {name:?}"
    )
}
