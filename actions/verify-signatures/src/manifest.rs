//! `signatures.yml`: which files there are, and whose signature each needs. Read once into a
//! checked type; every mistake is told with its line and column.

use std::collections::BTreeMap;

use model::Sha256;
use serde::Deserialize;
use serde_saphyr::{Location, Spanned, UserMessageFormatter};

use crate::path::{Pattern, RelPath, shown};

/// The longest manifest that is read.
pub(crate) const MAX_MANIFEST: usize = 1 << 20;

/// Where in the manifest something stands, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) col: u32,
}

impl Place {
    /// A place, if there is one: YAML's end has none.
    fn of(location: Location) -> Option<Self> {
        let line = u32::try_from(location.line()).ok().filter(|line| *line > 0)?;
        Some(Self { line, col: u32::try_from(location.column()).ok()? })
    }
}

/// What has to be mended before anything can be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) place: Option<Place>,
    pub(crate) message: String,
}

/// The checked manifest.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) keys: BTreeMap<String, KeyEntry>,
    pub(crate) files: Vec<FileEntry>,
    /// Where the list of files stands.
    pub(crate) files_place: Option<Place>,
}

/// A key and its name.
#[derive(Debug)]
pub(crate) struct KeyEntry {
    pub(crate) source: KeySource,
    pub(crate) place: Option<Place>,
}

/// Where a key's PEM is.
#[derive(Debug)]
pub(crate) enum KeySource {
    File(RelPath),
    Pem(String),
}

/// One entry of `files`.
#[derive(Debug)]
pub(crate) struct FileEntry {
    pub(crate) path: Pattern,
    /// Where its signature is, if not beside it as `<path>.sig`.
    pub(crate) signature: Option<RelPath>,
    /// Any one of these keys.
    pub(crate) keys: Vec<KeyName>,
    pub(crate) sha256: Option<Sha256>,
    pub(crate) place: Option<Place>,
}

/// A key as a file's entry names it.
#[derive(Debug)]
pub(crate) struct KeyName {
    pub(crate) name: String,
    pub(crate) place: Option<Place>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawManifest {
    version: Spanned<u64>,
    keys: BTreeMap<String, Spanned<RawKey>>,
    files: Spanned<Vec<Spanned<RawFile>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKey {
    file: Option<Spanned<String>>,
    pem: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    path: Spanned<String>,
    signature: Option<Spanned<String>>,
    key: Option<Spanned<String>>,
    keys: Option<Spanned<Vec<Spanned<String>>>>,
    sha256: Option<Spanned<String>>,
}

/// Reads a manifest.
pub(crate) fn parse(bytes: &[u8]) -> Result<Manifest, Vec<Mistake>> {
    if bytes.len() > MAX_MANIFEST {
        let message = format!("the manifest is longer than the {MAX_MANIFEST} bytes that are read");
        return Err(vec![Mistake { place: None, message }]);
    }
    let options = serde_saphyr::options! { with_snippet: false };
    let raw: RawManifest =
        serde_saphyr::from_slice_with_options(bytes, options).map_err(|error| vec![yaml_mistake(&error)])?;
    Checker::default().check(raw)
}

fn yaml_mistake(error: &serde_saphyr::Error) -> Mistake {
    let location = error.location();
    let message = error.without_snippet().render_with_formatter(&UserMessageFormatter);
    // The place is told once, by the annotation.
    let suffix = location.map(|at| format!(" at line {}, column {}", at.line(), at.column()));
    let message =
        suffix.and_then(|suffix| message.strip_suffix(&suffix).map(str::to_owned)).unwrap_or(message);
    Mistake { place: location.and_then(Place::of), message }
}

/// Collects every mistake, so that one run tells them all.
#[derive(Default)]
struct Checker {
    mistakes: Vec<Mistake>,
}

impl Checker {
    fn check(mut self, raw: RawManifest) -> Result<Manifest, Vec<Mistake>> {
        if raw.version.value != 1 {
            let message = format!("version {} is not known; this program reads version 1", raw.version.value);
            return Err(vec![Mistake { place: Place::of(raw.version.referenced), message }]);
        }
        let mut keys = BTreeMap::new();
        for (name, key) in raw.keys {
            if let Some(entry) = self.key(&name, key) {
                keys.insert(name, entry);
            }
        }
        let files_place = Place::of(raw.files.referenced);
        let files = raw.files.value.into_iter().filter_map(|file| self.file(file)).collect();
        if self.mistakes.is_empty() {
            Ok(Manifest { keys, files, files_place })
        } else {
            self.mistakes.sort_by_key(|mistake| mistake.place);
            Err(self.mistakes)
        }
    }

    fn key(&mut self, name: &str, raw: Spanned<RawKey>) -> Option<KeyEntry> {
        let place = Place::of(raw.referenced);
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            self.mistake(
                place,
                format!("`{}` is no name for a key: letters, digits, `-`, `_`, `.` are", shown(name)),
            );
        }
        let source = match (raw.value.file, raw.value.pem) {
            (Some(file), None) => KeySource::File(self.path(&file)?),
            (None, Some(pem)) => KeySource::Pem(pem.value),
            (None, None) | (Some(_), Some(_)) => {
                self.mistake(place, format!("the key `{}` needs either `file` or `pem`", shown(name)));
                return None;
            }
        };
        Some(KeyEntry { source, place })
    }

    fn file(&mut self, raw: Spanned<RawFile>) -> Option<FileEntry> {
        let place = Place::of(raw.value.path.referenced);
        let entry = Place::of(raw.referenced);
        let RawFile { path, signature, key, keys, sha256 } = raw.value;
        let path = self.told(place, Pattern::parse(&path.value));
        let signature_place = signature.as_ref().and_then(|text| Place::of(text.referenced));
        let has_signature = signature.is_some();
        let signature = signature.and_then(|text| self.path(&text));
        let sha256_place = sha256.as_ref().and_then(|text| Place::of(text.referenced));
        let sha256 = sha256.and_then(|text| {
            let read = text.value.parse::<Sha256>().map_err(|error| error.to_string());
            self.told(sha256_place, read)
        });
        let keys = self.key_names(entry, key, keys)?;
        let path = path?;
        if matches!(path, Pattern::Glob { .. }) {
            if has_signature {
                self.mistake(
                    signature_place,
                    "a pattern takes no `signature`: each file's is `<path>.sig`".into(),
                );
            }
            if sha256.is_some() {
                self.mistake(
                    sha256_place,
                    "a pattern takes no `sha256`: it names one file, so name its path".into(),
                );
            }
        }
        Some(FileEntry { path, signature, keys, sha256, place })
    }

    fn key_names(
        &mut self,
        entry: Option<Place>,
        key: Option<Spanned<String>>,
        keys: Option<Spanned<Vec<Spanned<String>>>>,
    ) -> Option<Vec<KeyName>> {
        let names = match (key, keys) {
            (Some(key), None) => vec![key],
            (None, Some(keys)) if !keys.value.is_empty() => keys.value,
            _ => {
                self.mistake(entry, "a file needs either `key`, or `keys` with at least one".into());
                return None;
            }
        };
        Some(
            names
                .into_iter()
                .map(|name| KeyName { place: Place::of(name.referenced), name: name.value })
                .collect(),
        )
    }

    fn path(&mut self, text: &Spanned<String>) -> Option<RelPath> {
        self.told(Place::of(text.referenced), RelPath::parse(&text.value))
    }

    fn told<T>(&mut self, place: Option<Place>, read: Result<T, String>) -> Option<T> {
        read.map_err(|message| self.mistake(place, message)).ok()
    }

    fn mistake(&mut self, place: Option<Place>, message: String) {
        self.mistakes.push(Mistake { place, message });
    }
}
