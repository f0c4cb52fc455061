//! From what YAML spells to what is meant. Every mistake is collected, so that one run tells them all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use attest::{GITHUB, IdentityRule, PUBLIC_GOOD};
use model::Sha256;
use serde_saphyr::Spanned;
use signers::{FIELDS, RuleText};

use super::fields::{REQUIRE, TRUSTED_ROOT};
use super::raw::{self, Texts, each};
use super::{
    ChecksumsEntry, FileEntry, Manifest, Mistake, Place, Provenance, RootName, RootSource, SignerEntry,
    SignerName, SignerSource, Wanted,
};
use crate::path::{Beside, Pattern, RelPath, shown};

/// Checks what was spelled.
pub(super) fn read(raw: raw::Manifest) -> Result<Manifest, Vec<Mistake>> {
    Reader::default().manifest(raw)
}

#[derive(Default)]
struct Reader {
    mistakes: Vec<Mistake>,
    /// The names of all identities, and of all keys.
    identities: BTreeSet<String>,
    keys: BTreeSet<String>,
}

impl Reader {
    fn manifest(mut self, raw: raw::Manifest) -> Result<Manifest, Vec<Mistake>> {
        if raw.version.value != 1 {
            let message = format!("version {} is not known; this program reads version 1", raw.version.value);
            return Err(vec![Mistake { place: Place::of(raw.version.referenced), message }]);
        }
        let root = raw.trusted_root.and_then(|text| self.root(&text.value, Place::of(text.referenced)));
        self.keys = raw.keys.keys().cloned().collect();
        self.identities = raw.identities.keys().cloned().collect();
        let mut signers = BTreeMap::new();
        for (name, key) in raw.keys {
            if let Some(entry) = self.key(&name, key) {
                signers.insert(name, entry);
            }
        }
        for (name, identity) in raw.identities {
            if let Some(entry) = self.identity(&name, identity) {
                signers.insert(name, entry);
            }
        }
        if raw.files.is_none() && raw.checksums.is_none() {
            let place = Place::of(raw.version.referenced);
            self.mistake(place, "there is neither `files` nor `checksums`".into());
        }
        let lists = raw.files.as_ref().map(|list| list.referenced);
        let lists = lists.or(raw.checksums.as_ref().map(|list| list.referenced));
        let files_place = lists.and_then(Place::of);
        let files = raw.files.map(|list| list.value).unwrap_or_default();
        let files = files.into_iter().filter_map(|file| self.file(file)).collect();
        let checksums = raw.checksums.map(|list| list.value).unwrap_or_default();
        let checksums = checksums.into_iter().filter_map(|entry| self.checksums(entry)).collect();
        if self.mistakes.is_empty() {
            Ok(Manifest { root, signers, files, checksums, files_place })
        } else {
            self.mistakes.sort_by_key(|mistake| mistake.place);
            Err(self.mistakes)
        }
    }

    fn root(&mut self, text: &str, place: Option<Place>) -> Option<RootName> {
        let source = match text {
            PUBLIC_GOOD => RootSource::Embedded(PUBLIC_GOOD),
            GITHUB => RootSource::Embedded(GITHUB),
            path => RootSource::File(self.told(place, RelPath::parse(path))?),
        };
        Some(RootName { source, place })
    }

    fn key(&mut self, name: &str, raw: Spanned<raw::Key>) -> Option<SignerEntry> {
        let place = Place::of(raw.referenced);
        self.name("a key", name, place);
        let source = match (raw.value.file, raw.value.pem, raw.value.jwk, raw.value.kms) {
            (Some(file), None, None, None) => {
                let at = Place::of(file.referenced);
                SignerSource::File(self.told(at, RelPath::parse(&file.value))?)
            }
            (None, Some(pem), None, None) => SignerSource::Pem(pem.value),
            (None, None, Some(jwk), None) => {
                SignerSource::Jwk(serde_json::Value::from(jwk.value).to_string())
            }
            (None, None, None, Some(kms)) => {
                self.told(Place::of(kms.referenced), services::kms::check_uri(&kms.value))?;
                SignerSource::Kms(kms.value)
            }
            _ => {
                let message = format!("the key `{}` needs one of `file`, `pem`, `jwk`, `kms`", shown(name));
                self.mistake(place, message);
                return None;
            }
        };
        Some(SignerEntry { source, place })
    }

    fn identity(&mut self, name: &str, raw: Spanned<raw::Identity>) -> Option<SignerEntry> {
        let place = Place::of(raw.referenced);
        self.name("an identity", name, place);
        if self.keys.contains(name) {
            self.mistake(place, format!("`{}` is the name of a key already", shown(name)));
        }
        let before = self.mistakes.len();
        let mut root = None;
        let mut members = serde_json::Map::new();
        let mut places = BTreeMap::new();
        for (field, value) in raw.value {
            let at = Place::of(value.referenced);
            places.insert(field.clone(), at);
            let value = match (field.as_str(), value.value) {
                ("waive", Texts::One(text)) => vec![text].into(),
                ("waive", Texts::List(list)) => {
                    list.into_iter().map(|text| text.value).collect::<Vec<_>>().into()
                }
                (_, Texts::One(text)) if field == TRUSTED_ROOT.0 => {
                    root = self.root(&text, at);
                    continue;
                }
                (_, Texts::One(text)) if FIELDS.iter().any(|(known, _)| *known == field) => text.into(),
                (_, Texts::List(_)) if FIELDS.iter().any(|(known, _)| *known == field) => {
                    self.mistake(at, format!("`{field}` is one text, not a list"));
                    continue;
                }
                _ => {
                    let known = FIELDS.map(|(known, _)| known).join(", ");
                    let message = format!(
                        "unknown field `{}`, expected one of {known}, {}",
                        shown(&field),
                        TRUSTED_ROOT.0
                    );
                    self.mistake(at, message);
                    continue;
                }
            };
            members.insert(field, value);
        }
        if self.mistakes.len() > before {
            return None;
        }
        let waive = places.get("waive").copied().flatten();
        let text: RuleText = self.told(waive.or(place), serde_json::from_value(members.into()))?;
        let rule = IdentityRule::new(text)
            .map_err(|error| {
                let at = error.field.and_then(|field| places.get(field).copied().flatten()).or(place);
                self.mistake(at, format!("the identity `{}`: {error}", shown(name)));
            })
            .ok()?;
        Some(SignerEntry { source: SignerSource::Identity { rule: Box::new(rule), root }, place })
    }

    fn name(&mut self, noun: &str, name: &str, place: Option<Place>) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            let message =
                format!("`{}` is no name for {noun}: letters, digits, `-`, `_`, `.` are", shown(name));
            self.mistake(place, message);
        }
    }

    fn file(&mut self, mut raw: Spanned<raw::File>) -> Option<FileEntry> {
        let (place, entry) = (Place::of(raw.value.path.referenced), Place::of(raw.referenced));
        let wanted = raw.value.wanted();
        let path = self.told(place, Pattern::parse(&raw.value.path.value));
        let is_pattern = path.as_ref().is_some_and(|path| matches!(path, Pattern::Glob { .. }));
        if let (true, Some(sha256)) = (is_pattern, &wanted.sha256) {
            let message = "a pattern takes no `sha256`: it names one file, so name its path";
            self.mistake(Place::of(sha256.referenced), message.into());
        }
        let (wanted, sha256) = self.wanted(wanted, entry, is_pattern)?;
        Some(FileEntry { path: path?, sha256, wanted, place })
    }

    fn checksums(&mut self, mut raw: Spanned<raw::Checksums>) -> Option<ChecksumsEntry> {
        let (place, entry) = (Place::of(raw.value.manifest.referenced), Place::of(raw.referenced));
        let list = self.told(place, RelPath::parse(&raw.value.manifest.value));
        let only = raw.value.only.take().map(each).unwrap_or_default();
        let only = only.into_iter().filter_map(|(text, at)| self.told(at, Pattern::parse(&text))).collect();
        let wanted = raw.value.wanted();
        let (wanted, sha256) = self.wanted(wanted, entry, false)?;
        Some(ChecksumsEntry { list: list?, only, sha256, wanted, place })
    }

    fn wanted(
        &mut self,
        raw: raw::Wanted,
        entry: Option<Place>,
        is_pattern: bool,
    ) -> Option<(Wanted, Option<Sha256>)> {
        let sha256 =
            raw.sha256.and_then(|text| self.told(Place::of(text.referenced), text.value.parse::<Sha256>()));
        let provenance = raw.provenance.and_then(|provenance| self.provenance(provenance));
        let (mut transparency_log, mut timestamp) = (false, false);
        for (name, at) in raw.require.map(each).unwrap_or_default() {
            match name.as_str() {
                "transparency-log" => transparency_log = true,
                "timestamp" => timestamp = true,
                _ => {
                    let known = REQUIRE.map(|(known, _)| format!("`{known}`")).join(" or ");
                    self.mistake(at, format!("`{}` cannot be required: {known} can", shown(&name)));
                }
            }
        }
        let mut predicate_types = Vec::new();
        for (name, at) in raw.predicate_type.map(each).unwrap_or_default() {
            if name.trim().is_empty() || name.trim() != name {
                self.mistake(at, "a `predicate-type` is empty or has blanks around it".into());
            }
            predicate_types.push(name);
        }
        let mut signatures = self.beside(raw.signature, is_pattern);
        let mut bundles = self.beside(raw.bundle, is_pattern);
        let threshold_place = raw.threshold.as_ref().and_then(|value| Place::of(value.referenced));
        let threshold = raw.threshold.map(|value| value.value);
        let signed_by = self.signed_by(entry, raw.signed_by, raw.key, raw.keys)?;
        let names: BTreeSet<_> = signed_by.iter().map(|name| name.name.as_str()).collect();
        if let Some(threshold) = threshold
            && !usize::try_from(threshold).is_ok_and(|threshold| (1..=names.len()).contains(&threshold))
        {
            let message =
                format!("a `threshold` of {threshold} of the {} who may sign it cannot be", names.len());
            self.mistake(threshold_place, message);
        }
        if !signatures.is_empty() && names.iter().all(|name| self.identities.contains(*name)) {
            let message = "a `signature` alone is by a key, and no key is named: name the `bundle`";
            self.mistake(entry, message.into());
        }
        // What only a bundle carries has to be in one.
        let in_bundle = transparency_log || timestamp || provenance.is_some();
        if signatures.is_empty() && bundles.is_empty() {
            if !in_bundle && names.iter().any(|name| !self.identities.contains(*name)) {
                signatures.push(Beside::default_signature());
            }
            // By a key as well: it is all that newer signers write.
            bundles.push(Beside::default_bundle());
        } else if in_bundle && bundles.is_empty() {
            let message =
                "`require` and `provenance` are about bundles: name the `bundle`, and no `signature`";
            self.mistake(entry, message.into());
        }
        let threshold = threshold.and_then(|threshold| usize::try_from(threshold).ok()).unwrap_or(1);
        let wanted = Wanted {
            signed_by,
            threshold,
            signatures,
            bundles,
            transparency_log,
            timestamp,
            predicate_types,
            provenance,
        };
        Some((wanted, sha256))
    }

    fn beside(&mut self, raw: Option<Spanned<Texts>>, is_pattern: bool) -> Vec<Beside> {
        let texts = raw.map(each).unwrap_or_default();
        texts
            .into_iter()
            .filter_map(|(text, at)| {
                let beside = self.told(at, Beside::parse(&text))?;
                if is_pattern && !beside.names_the_file() {
                    let message = format!(
                        "a pattern's files cannot all have `{}`: write `{{path}}` or `{{name}}` where the file's path or name stands in it",
                        shown(&text)
                    );
                    self.mistake(at, message);
                    return None;
                }
                Some(beside)
            })
            .collect()
    }

    fn signed_by(
        &mut self,
        entry: Option<Place>,
        signed_by: Option<Spanned<Texts>>,
        key: Option<Spanned<String>>,
        keys: Option<Spanned<Vec<Spanned<String>>>>,
    ) -> Option<Vec<SignerName>> {
        let named = |name: Spanned<String>| (name.value, Place::of(name.referenced));
        let (names, only_keys) = match (signed_by, key, keys) {
            (Some(names), None, None) => (each(names), false),
            (None, Some(key), None) => (vec![named(key)], true),
            (None, None, Some(keys)) => (keys.value.into_iter().map(named).collect(), true),
            _ => (Vec::new(), false),
        };
        if names.is_empty() {
            let message = "a file needs one of `signed-by`, `key` and `keys`, with at least one name in it";
            self.mistake(entry, message.into());
            return None;
        }
        for (name, at) in names.iter().filter(|(name, _)| only_keys && self.identities.contains(name)) {
            let message = format!("`{}` is an identity: write `signed-by`", shown(name));
            self.mistakes.push(Mistake { place: *at, message });
        }
        Some(names.into_iter().map(|(name, place)| SignerName { name, place }).collect())
    }

    fn provenance(&mut self, raw: Spanned<raw::Provenance>) -> Option<Provenance> {
        let place = Place::of(raw.referenced);
        let raw::Provenance { builder, source, git_ref, workflow } = raw.value;
        let before = self.mistakes.len();
        let mut text = |field: &str, value: Option<Spanned<String>>| {
            let value = value?;
            if value.value.trim().is_empty() || value.value.trim() != value.value {
                let message = format!("`{field}` is empty or has blanks around it");
                self.mistake(Place::of(value.referenced), message);
                return None;
            }
            if field == "source" && value.value.contains("://") {
                let message = "`source` is written without a scheme: github.com/owner/repository";
                self.mistake(Place::of(value.referenced), message.into());
                return None;
            }
            Some(value.value)
        };
        let provenance = Provenance {
            builder: text("builder", builder),
            source: text("source", source),
            git_ref: text("ref", git_ref),
            workflow: text("workflow", workflow),
        };
        if provenance == Provenance::default() && self.mistakes.len() == before {
            let message = "`provenance` names nothing: name `builder`, `source`, `ref` or `workflow`";
            self.mistake(place, message.into());
        }
        Some(provenance)
    }

    fn told<T>(&mut self, place: Option<Place>, read: Result<T, impl Display>) -> Option<T> {
        read.map_err(|error| self.mistake(place, error.to_string())).ok()
    }

    fn mistake(&mut self, place: Option<Place>, message: String) {
        self.mistakes.push(Mistake { place, message });
    }
}
