//! Everybody whom the manifest declares: keys that were read, identities with the root that vouches for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use attest::{
    Algorithm, IdentityRule, KeyError, MAX_TRUST_ROOT, PublicKey, Trust, TrustRoot, TrustedIdentity,
};

use super::{Checked, Good};
use crate::folder::Folder;
use crate::manifest::{Manifest, RootName, RootSource, SignerEntry, SignerSource};
use crate::reason::Code;

/// The longest key file that is read.
const MAX_KEY: u64 = 64 << 10;

/// What does not stand in the manifest's folder.
pub(crate) struct Given {
    /// The keys that a service keeps, by the manifest's names, or why each was not had.
    pub(crate) kms: BTreeMap<String, Result<PublicKey, String>>,
    /// The root that the step names, in place of the manifest's.
    pub(crate) root: Option<Arc<TrustRoot>>,
    pub(crate) now: jiff::Timestamp,
}

/// One whose signatures count.
pub(super) struct Who {
    /// The key, where it is one.
    pub(super) key: Option<PublicKey>,
    /// This one and nobody else.
    pub(super) trust: Trust,
}

impl Who {
    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        self.key.as_ref().map(PublicKey::algorithm)
    }
}

/// Everybody who is declared; `None` for one that does not read, which has been told.
pub(super) struct Known<'a> {
    signers: BTreeMap<&'a str, Option<Who>>,
    roots: Vec<Arc<TrustRoot>>,
}

impl<'a> Known<'a> {
    pub(super) fn load(manifest: &'a Manifest, folder: &Folder, given: Given, checked: &mut Checked) -> Self {
        let wanted = manifest.files.iter().map(|entry| &entry.wanted);
        let wanted: Vec<_> = wanted.chain(manifest.checksums.iter().map(|entry| &entry.wanted)).collect();
        let used: BTreeSet<&str> =
            wanted.iter().flat_map(|wanted| &wanted.signed_by).map(|name| name.name.as_str()).collect();
        let bundles = wanted.iter().any(|wanted| !wanted.bundles.is_empty());
        let mut loader = Loader { folder, given, checked, roots: BTreeMap::new() };
        // Logs and timestamps beside the signatures of keys are verified against it too.
        let key_root = bundles.then(|| loader.default_root(manifest, false)).flatten();
        let mut signers = BTreeMap::new();
        for (name, entry) in &manifest.signers {
            let who = loader.signer(name, entry, manifest, key_root.as_ref());
            signers.insert(name.as_str(), who);
            if !used.contains(name.as_str()) {
                loader.checked.unused.push((entry.source.noun(), name.clone(), entry.place));
            }
        }
        let roots = loader.roots.into_values().flatten().chain(loader.given.root).collect();
        Self { signers, roots }
    }

    /// The one of this name, if there is one, and if it reads.
    pub(super) fn get(&self, name: &str) -> Option<Option<(&str, &Who)>> {
        let (name, who) = self.signers.get_key_value(name)?;
        Some(who.as_ref().map(|who| (*name, who)))
    }

    /// Every root that was read, each once.
    pub(super) fn roots(&self) -> Vec<Arc<TrustRoot>> {
        let by_digest: BTreeMap<_, _> = self.roots.iter().map(|root| (root.digest(), root)).collect();
        by_digest.into_values().cloned().collect()
    }

    /// The roots that vouch for something of these.
    pub(super) fn used(&self, good: &[Good]) -> Vec<Arc<TrustRoot>> {
        let vouching: BTreeSet<_> = good
            .iter()
            .flat_map(|good| &good.signed)
            .filter_map(|signed| signed.proof.root.as_ref().map(|(_, digest)| *digest))
            .collect();
        let root = |digest| self.roots.iter().find(|root| root.digest() == digest).cloned();
        vouching.into_iter().filter_map(root).collect()
    }
}

struct Loader<'a> {
    folder: &'a Folder,
    given: Given,
    checked: &'a mut Checked,
    /// By their names; `None` for one that does not read, which has been told.
    roots: BTreeMap<String, Option<Arc<TrustRoot>>>,
}

impl Loader<'_> {
    fn signer(
        &mut self,
        name: &str,
        entry: &SignerEntry,
        manifest: &Manifest,
        key_root: Option<&Arc<TrustRoot>>,
    ) -> Option<Who> {
        let read = match &entry.source {
            SignerSource::Identity { rule, root } => {
                return self.identity(rule, root.as_ref(), manifest);
            }
            SignerSource::Pem(pem) => PublicKey::from_pem(pem),
            SignerSource::Jwk(jwk) => PublicKey::from_jwk(jwk),
            SignerSource::File(path) => match self.folder.read(path, MAX_KEY) {
                Ok(bytes) => PublicKey::from_text(&String::from_utf8_lossy(&bytes)),
                Err(error) => {
                    let what = format!("the key `{name}` ({path})");
                    self.checked.not_opened(Code::MissingKey, &what, error, entry.place);
                    return None;
                }
            },
            SignerSource::Kms(uri) => match self.given.kms.remove(name) {
                Some(Ok(key)) => Ok(key),
                Some(Err(error)) => {
                    let message = format!("the key `{name}` ({uri}) was not had: {error}");
                    self.checked.unreadable(Code::KeyService, message, entry.place);
                    return None;
                }
                None => return None,
            },
        };
        match read {
            Ok(key) => {
                let trust = Trust::keys([&key]);
                let trust = match key_root {
                    Some(root) => trust.with_key_root(Arc::clone(root)),
                    None => trust,
                };
                Some(Who { key: Some(key), trust })
            }
            Err(error) => {
                let code = match error {
                    KeyError::Weak(_) => Code::WeakKey,
                    KeyError::Pem(_)
                    | KeyError::Jwk(_)
                    | KeyError::Label { .. }
                    | KeyError::Encrypted
                    | KeyError::Unsupported(_) => Code::UnsupportedKey,
                };
                self.checked.against(code, format!("the key `{name}`: {error}"), entry.place);
                None
            }
        }
    }

    fn identity(&mut self, rule: &IdentityRule, root: Option<&RootName>, manifest: &Manifest) -> Option<Who> {
        let root = match root {
            Some(root) => self.root(root, true)?,
            None => self.default_root(manifest, true)?,
        };
        let trusted = TrustedIdentity { rule: rule.clone(), root };
        Some(Who { key: None, trust: Trust::nobody().and_identity(trusted) })
    }

    /// The root where nothing else is said.
    fn default_root(&mut self, manifest: &Manifest, certificates: bool) -> Option<Arc<TrustRoot>> {
        if let Some(root) = self.given.root.clone() {
            return self.living(root, None, certificates);
        }
        let public_good = RootName { source: RootSource::Embedded(attest::PUBLIC_GOOD), place: None };
        self.root(manifest.root.as_ref().unwrap_or(&public_good), certificates)
    }

    fn root(&mut self, name: &RootName, certificates: bool) -> Option<Arc<TrustRoot>> {
        let key = match &name.source {
            RootSource::Embedded(name) => (*name).to_owned(),
            RootSource::File(path) => format!("./{path}"),
        };
        let loaded = match self.roots.get(&key) {
            Some(known) => known.clone(),
            None => {
                let loaded = self.load_root(name);
                self.roots.insert(key, loaded.clone());
                loaded
            }
        };
        self.living(loaded?, name.place, certificates)
    }

    fn load_root(&mut self, name: &RootName) -> Option<Arc<TrustRoot>> {
        let read = match &name.source {
            RootSource::Embedded(embedded) => TrustRoot::embedded(embedded)?,
            RootSource::File(path) => match self.folder.read(path, MAX_TRUST_ROOT as u64) {
                Ok(bytes) => TrustRoot::parse(path.as_str(), &bytes).map(Arc::new),
                Err(error) => {
                    let what = format!("the trusted root `{path}`");
                    self.checked.not_opened(Code::MissingTrustRoot, &what, error, name.place);
                    return None;
                }
            },
        };
        match read {
            Ok(root) => Some(root),
            Err(error) => {
                self.checked.against(Code::BadTrustRoot, error.to_string(), name.place);
                None
            }
        }
    }

    /// A root of which every certificate authority has ended vouches for nobody who signs today: whoever keeps one
    /// has missed that it was replaced, and would miss that it was taken back.
    fn living(
        &mut self,
        root: Arc<TrustRoot>,
        place: Option<crate::manifest::Place>,
        certificates: bool,
    ) -> Option<Arc<TrustRoot>> {
        match root.ended(self.given.now) {
            Some(ended) if certificates => {
                let message = format!(
                    "the trusted root {} has expired: the last of its certificate authorities ended at {ended}; fetch the instance's current trusted_root.json",
                    root.name()
                );
                // Once, however many identities it vouches for.
                if !self.checked.against.iter().any(|told| told.message == message) {
                    self.checked.against(Code::ExpiredTrustRoot, message, place);
                }
                None
            }
            _ => Some(root),
        }
    }
}
