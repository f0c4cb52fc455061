//! Verifying: each file that the manifest lists, against each key that it names. Everything that
//! is wrong is told, not only the first of it.

use std::collections::BTreeMap;

use attest::detached::{MAX_SIGNATURE, Message, MessageError, Signature};
use attest::{KeyError, PublicKey};
use model::Sha256;

use crate::folder::{Folder, OpenError};
use crate::manifest::{FileEntry, KeyEntry, KeySource, Manifest, Place};
use crate::path::{Pattern, RelPath};
use crate::reason::{Code, Reason};

/// The longest key file that is read.
const MAX_KEY: u64 = 64 << 10;

/// One file whose signature is good.
#[derive(Debug)]
pub(crate) struct Good {
    pub(crate) path: RelPath,
    pub(crate) sha256: Sha256,
    pub(crate) size: u64,
    pub(crate) signature: RelPath,
    pub(crate) signature_sha256: Sha256,
    pub(crate) key_name: String,
    pub(crate) key: PublicKey,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) good: Vec<Good>,
    /// What speaks against it: decided.
    pub(crate) against: Vec<Reason>,
    /// What could not be read: not decided.
    pub(crate) unreadable: Vec<Reason>,
    /// Keys that no file needs.
    pub(crate) unused: Vec<(String, Option<Place>)>,
}

/// Verifies everything that the manifest lists. `on_file` is told each file before it is read.
pub(crate) fn check(manifest: &Manifest, folder: &Folder, on_file: &mut dyn FnMut(&RelPath)) -> Checked {
    let mut checker = Checker { folder, keys: BTreeMap::new(), checked: Checked::default(), on_file };
    checker.load_keys(manifest);
    for entry in &manifest.files {
        checker.entry(entry);
    }
    let mut checked = checker.checked;
    if manifest.files.is_empty() {
        let message = "the manifest lists no files: nothing was verified".to_owned();
        checked.against.push(Reason { code: Code::NoFiles, message, place: manifest.files_place });
    }
    checked
}

struct Checker<'a> {
    folder: &'a Folder,
    /// The declared keys; `None` for one that does not read, which has been told.
    keys: BTreeMap<&'a str, Option<PublicKey>>,
    checked: Checked,
    on_file: &'a mut dyn FnMut(&RelPath),
}

/// One file to verify, and where the manifest asks for it.
struct Wanted<'a> {
    path: RelPath,
    signature: RelPath,
    keys: Vec<(&'a str, PublicKey)>,
    sha256: Option<Sha256>,
    place: Option<Place>,
}

impl<'a> Checker<'a> {
    fn load_keys(&mut self, manifest: &'a Manifest) {
        for (name, entry) in &manifest.keys {
            let key = self.load_key(name, entry);
            self.keys.insert(name, key);
            let used = |file: &FileEntry| file.keys.iter().any(|key| key.name == *name);
            if !manifest.files.iter().any(used) {
                self.checked.unused.push((name.clone(), entry.place));
            }
        }
    }

    fn load_key(&mut self, name: &str, entry: &KeyEntry) -> Option<PublicKey> {
        let pem = match &entry.source {
            KeySource::Pem(pem) => pem.clone(),
            KeySource::File(path) => match self.folder.read(path, MAX_KEY) {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(error) => {
                    self.not_opened(
                        Code::MissingKey,
                        &format!("the key `{name}` ({path})"),
                        error,
                        entry.place,
                    );
                    return None;
                }
            },
        };
        match PublicKey::from_pem(&pem) {
            Ok(key) => Some(key),
            Err(error) => {
                let code = match error {
                    KeyError::Weak(_) => Code::WeakKey,
                    KeyError::Pem(_)
                    | KeyError::Label { .. }
                    | KeyError::Encrypted
                    | KeyError::Unsupported(_) => Code::UnsupportedKey,
                };
                self.against(code, format!("the key `{name}`: {error}"), entry.place);
                None
            }
        }
    }

    fn entry(&mut self, entry: &'a FileEntry) {
        let Some(keys) = self.keys_of(entry) else { return };
        for path in self.paths_of(entry) {
            let signature = entry.signature.clone().unwrap_or_else(|| path.with_suffix(".sig"));
            (self.on_file)(&path);
            self.file(Wanted {
                path,
                signature,
                keys: keys.clone(),
                sha256: entry.sha256,
                place: entry.place,
            });
        }
    }

    /// The keys that an entry may be signed by; `None` when one of them has been told to be wrong.
    fn keys_of(&mut self, entry: &'a FileEntry) -> Option<Vec<(&'a str, PublicKey)>> {
        let mut keys = Some(Vec::new());
        for named in &entry.keys {
            match self.keys.get(named.name.as_str()) {
                Some(Some(key)) => {
                    if let Some(keys) = &mut keys {
                        keys.push((named.name.as_str(), key.clone()));
                    }
                }
                Some(None) => keys = None,
                None => {
                    let message = format!(
                        "{}: the key `{}` is not declared under `keys`",
                        entry.path,
                        crate::path::shown(&named.name)
                    );
                    self.against(Code::UnknownKey, message, named.place);
                    keys = None;
                }
            }
        }
        keys
    }

    fn paths_of(&mut self, entry: &FileEntry) -> Vec<RelPath> {
        let (text, matcher, folder) = match &entry.path {
            Pattern::Exact(path) => return vec![path.clone()],
            Pattern::Glob { text, matcher, folder } => (text, matcher, folder),
        };
        let found = match self.folder.matching(folder, matcher) {
            Ok(found) => found,
            Err(error) => {
                self.not_opened(Code::MissingFile, &format!("the folder of `{text}`"), error, entry.place);
                return Vec::new();
            }
        };
        let mut paths = Vec::new();
        for path in found {
            match path {
                Ok(path) if path.as_str().chars().any(char::is_control) => {
                    self.against(Code::UnsupportedName, unsupported_name(text, path.as_str()), entry.place);
                }
                Ok(path) => paths.push(path),
                Err(name) => self.against(Code::UnsupportedName, unsupported_name(text, &name), entry.place),
            }
        }
        // The signature of a file that matches as well is not a file that needs a signature.
        let all = paths.clone();
        let is_signature = |path: &RelPath| {
            let of = path.as_str().strip_suffix(".sig");
            of.is_some_and(|of| all.binary_search_by(|other| other.as_str().cmp(of)).is_ok())
        };
        paths.retain(|path| !is_signature(path));
        if paths.is_empty() {
            self.against(Code::MissingFile, format!("`{text}` matches no file"), entry.place);
        }
        paths
    }

    fn file(&mut self, wanted: Wanted<'_>) {
        let Wanted { path, signature: signature_path, keys, sha256, place } = wanted;
        let file = match self.folder.file(&path) {
            Ok(file) => file,
            Err(error) => return self.not_opened(Code::MissingFile, &format!("`{path}`"), error, place),
        };
        let signature_bytes = match self.folder.read(&signature_path, MAX_SIGNATURE as u64) {
            Ok(bytes) => bytes,
            Err(error) => {
                let what = format!("the signature `{signature_path}` of `{path}`");
                return self.not_opened(Code::MissingSignature, &what, error, place);
            }
        };
        let signature = match Signature::from_file_bytes(&signature_bytes) {
            Ok(signature) => signature,
            Err(error) => {
                return self.against(
                    Code::UnsupportedSignature,
                    format!("`{signature_path}`: {error}"),
                    place,
                );
            }
        };
        let message = match Message::read(file, keys.iter().map(|(_, key)| key)) {
            Ok(message) => message,
            Err(MessageError::Io(error)) => {
                return self.unreadable(
                    Code::MissingFile,
                    format!("`{path}` cannot be read: {error}"),
                    place,
                );
            }
            Err(error @ MessageError::TooLongForEd25519) => {
                return self.against(Code::TooLong, format!("`{path}`: {error}"), place);
            }
        };
        let pinned = sha256.is_none_or(|sha256| sha256 == message.sha256());
        if let (false, Some(sha256)) = (pinned, sha256) {
            let found = message.sha256();
            self.against(
                Code::DigestMismatch,
                format!("`{path}` has the SHA-256 {found}, not {sha256}"),
                place,
            );
        }
        match keys.iter().find(|(_, key)| message.verify(key, &signature).is_ok()) {
            Some((name, key)) if pinned => self.checked.good.push(Good {
                path,
                sha256: message.sha256(),
                size: message.size(),
                signature: signature_path,
                signature_sha256: Sha256::of(&signature_bytes),
                key_name: (*name).to_owned(),
                key: key.clone(),
            }),
            Some(_) => {}
            None => self.against(Code::BadSignature, bad_signature(&path, &signature_path, &keys), place),
        }
    }

    /// What it means that something was not opened.
    fn not_opened(&mut self, missing: Code, what: &str, error: OpenError, place: Option<Place>) {
        match error {
            OpenError::Missing => self.against(missing, format!("{what} is not there"), place),
            OpenError::SymbolicLink => {
                let message = format!("{what} is or lies behind a symbolic link, which is not followed");
                self.against(Code::SymbolicLink, message, place);
            }
            OpenError::NotAFile => self.against(Code::NotAFile, format!("{what} is not a plain file"), place),
            OpenError::TooLong(limit) => {
                self.against(Code::TooLong, format!("{what} is longer than {limit} bytes"), place);
            }
            OpenError::Io(error) => {
                self.unreadable(missing, format!("{what} cannot be read: {error}"), place)
            }
        }
    }

    fn against(&mut self, code: Code, message: String, place: Option<Place>) {
        self.checked.against.push(Reason { code, message, place });
    }

    fn unreadable(&mut self, code: Code, message: String, place: Option<Place>) {
        self.checked.unreadable.push(Reason { code, message, place });
    }
}

fn unsupported_name(pattern: &str, name: &str) -> String {
    format!(
        "`{pattern}` matches a name that evidence cannot carry (not UTF-8, or with control characters): {name:?}"
    )
}

fn bad_signature(path: &RelPath, signature: &RelPath, keys: &[(&str, PublicKey)]) -> String {
    let keys: Vec<_> = keys
        .iter()
        .map(|(name, key)| format!("`{name}` ({}, {})", key.algorithm(), key.key_id().short()))
        .collect();
    format!("`{signature}` is not a signature over `{path}` by {}", keys.join(" or "))
}
