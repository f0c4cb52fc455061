//! What is trusted: keys, and identities together with the roots that vouch for them.

use std::fmt;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use model::Sha256;
use signers::{FIELDS, Identity, IdentityRule, Mismatch, PublicKey, RuleText, Sign, Signer};
use sigstore_trust_root::{SIGSTORE_GITHUB_TRUSTED_ROOT, SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use sigstore_types::TimeRange;
use sigstore_verify::Verifier;

use crate::json;

/// The longest trusted root that is read.
pub const MAX_TRUST_ROOT: usize = 4 << 20;

pub use signers::{GITHUB, PUBLIC_GOOD};

/// A Sigstore trusted root: the certificate authorities, logs and timestamp authorities of one instance, each with
/// the time in which it was to be believed.
pub struct TrustRoot {
    name: String,
    bytes: Vec<u8>,
    root: TrustedRoot,
    verifier: Verifier,
}

/// A trusted root that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the trusted root {name} {what}")]
pub struct TrustRootError {
    /// As it was called.
    pub name: String,
    /// What is wrong with it.
    pub what: String,
}

static EMBEDDED_PUBLIC_GOOD: LazyLock<Result<Arc<TrustRoot>, TrustRootError>> = LazyLock::new(|| {
    TrustRoot::parse(PUBLIC_GOOD, SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes()).map(Arc::new)
});
static EMBEDDED_GITHUB: LazyLock<Result<Arc<TrustRoot>, TrustRootError>> =
    LazyLock::new(|| TrustRoot::parse(GITHUB, SIGSTORE_GITHUB_TRUSTED_ROOT.as_bytes()).map(Arc::new));

impl TrustRoot {
    /// Reads the JSON of a trusted root (`application/vnd.dev.sigstore.trustedroot…`).
    ///
    /// # Errors
    /// It does not read, has a key or certificate that does not, or trusts nobody.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, TrustRootError> {
        let error = |what: String| TrustRootError { name: name.to_owned(), what };
        // Repeated members are refused first: two readers may each believe another one.
        json::value(bytes, MAX_TRUST_ROOT).map_err(|e| error(format!("does not read: {e}")))?;
        let text = std::str::from_utf8(bytes).map_err(|e| error(format!("is no text: {e}")))?;
        let root = TrustedRoot::from_json(text).map_err(|e| error(format!("does not read: {e}")))?;
        if root.certificate_authorities.is_empty()
            && root.tlogs.is_empty()
            && root.timestamp_authorities.is_empty()
        {
            return Err(error(
                "trusts nobody: it has no certificate authority, log or timestamp authority".into(),
            ));
        }
        let verifier = Verifier::new(&root).map_err(|e| error(format!("cannot be used: {e}")))?;
        Ok(Self { name: name.to_owned(), bytes: bytes.to_owned(), root, verifier })
    }

    /// One of those that the program carries: [`PUBLIC_GOOD`], [`GITHUB`].
    ///
    /// # Errors
    /// It does not read (a test holds that it does).
    #[must_use]
    pub fn embedded(name: &str) -> Option<Result<Arc<Self>, TrustRootError>> {
        match name {
            PUBLIC_GOOD => Some(EMBEDDED_PUBLIC_GOOD.clone()),
            GITHUB => Some(EMBEDDED_GITHUB.clone()),
            _ => None,
        }
    }

    /// As it is called: the name of an embedded one, or a file's.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As it was read.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The SHA-256 of its bytes.
    #[must_use]
    pub fn digest(&self) -> Sha256 {
        Sha256::of(&self.bytes)
    }

    /// The newest date that it knows: how old it is at least.
    #[must_use]
    pub fn as_of(&self) -> Option<Timestamp> {
        self.windows().map(|window| window.start).max()
    }

    /// When the last of its certificate authorities ended, where all of them have by then.
    #[must_use]
    pub fn ended(&self, now: Timestamp) -> Option<Timestamp> {
        let authorities = &self.root.certificate_authorities;
        let ends: Option<Vec<_>> =
            authorities.iter().map(|ca| ca.valid_for.and_then(|window| window.end)).collect();
        ends?.into_iter().max().filter(|end| *end < now)
    }

    /// Whether a certificate authority or a log had been believed before this time, and was no longer.
    pub(crate) fn had_ended(&self, at: Timestamp) -> bool {
        self.windows().any(|window| window.end.is_some_and(|end| end < at))
    }

    /// Whether it names a certificate transparency log.
    pub(crate) const fn has_certificate_log(&self) -> bool {
        !self.root.ctlogs.is_empty()
    }

    /// Whether the transparency log with this id was to be believed at that time; `None` where it is not named.
    pub(crate) fn believes_log(&self, id: &[u8], at: Option<Timestamp>) -> Option<bool> {
        let named = self.root.tlogs.iter().filter(|log| log.log_id.key_id.as_bytes() == id);
        let believed = |window: Option<TimeRange>| match (window, at) {
            (Some(window), Some(at)) => window.start <= at && window.end.is_none_or(|end| at <= end),
            _ => true,
        };
        named.map(|log| believed(log.public_key.valid_for)).reduce(|one, other| one || other)
    }

    pub(crate) const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    fn windows(&self) -> impl Iterator<Item = TimeRange> {
        let root = &self.root;
        let logs = root.tlogs.iter().map(|log| log.public_key.valid_for);
        let certificate_logs = root.ctlogs.iter().map(|log| log.public_key.valid_for);
        let authorities = root.certificate_authorities.iter().map(|ca| ca.valid_for);
        let timestamps = root.timestamp_authorities.iter().map(|tsa| tsa.valid_for);
        logs.chain(certificate_logs).chain(authorities).chain(timestamps).flatten()
    }
}

impl fmt::Debug for TrustRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustRoot({:?}, {})", self.name, self.digest())
    }
}

/// An identity that may sign, and whose word it is that somebody has it.
#[derive(Debug, Clone)]
pub struct TrustedIdentity {
    /// Which identities.
    pub rule: IdentityRule,
    /// The root that their certificates, log entries and timestamps are verified against.
    pub root: Arc<TrustRoot>,
}

/// Everybody who may have signed something.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    pub(crate) keys: Vec<PublicKey>,
    pub(crate) identities: Vec<TrustedIdentity>,
    pub(crate) key_root: Option<Arc<TrustRoot>>,
}

impl Trust {
    /// Nobody.
    #[must_use]
    pub fn nobody() -> Self {
        Self::default()
    }

    /// These keys, and no one else.
    #[must_use]
    pub fn keys<'k>(keys: impl IntoIterator<Item = &'k PublicKey>) -> Self {
        Self::nobody().and_keys(keys)
    }

    /// These keys as well.
    #[must_use]
    pub fn and_keys<'k>(mut self, keys: impl IntoIterator<Item = &'k PublicKey>) -> Self {
        for key in keys {
            if !self.keys.contains(key) {
                self.keys.push(key.clone());
            }
        }
        self
    }

    /// This identity as well.
    #[must_use]
    pub fn and_identity(mut self, identity: TrustedIdentity) -> Self {
        self.identities.push(identity);
        self
    }

    /// The root that log entries and timestamps beside a key's signature are verified against. Without one a bundle
    /// of a key that carries such is refused.
    #[must_use]
    pub fn with_key_root(mut self, root: Arc<TrustRoot>) -> Self {
        self.key_root = Some(root);
        self
    }

    /// Whoever this is, and no one else: what a signer's own earlier signatures are verified with. `root` vouches for
    /// it where it has no key.
    #[must_use]
    pub fn own(signer: &dyn Sign, root: Option<&Arc<TrustRoot>>) -> Self {
        match (signer.public_key(), signer.signer(), root) {
            (Some(key), ..) => Self::keys([key]),
            (None, Signer::Identity(identity), Some(root)) => {
                let claims = &identity.claims;
                let exact = RuleText {
                    issuer: Some(identity.issuer.clone()),
                    subject: Some(identity.subject.clone()),
                    repository: claims.repository.clone(),
                    environment: claims.environment.clone(),
                    runner_environment: claims.runner_environment.clone(),
                    ..RuleText::default()
                };
                match IdentityRule::new(exact) {
                    Ok(rule) => Self::nobody().and_identity(TrustedIdentity { rule, root: Arc::clone(root) }),
                    Err(_) => Self::nobody(),
                }
            }
            (None, ..) => Self::nobody(),
        }
    }

    /// What differs from the rule that comes nearest, in words: from the one that holds furthest, in the order of
    /// [`FIELDS`].
    pub(crate) fn nearest(&self, identity: &Identity) -> String {
        let at = |mismatches: &Vec<Mismatch>| {
            mismatches.first().and_then(|first| FIELDS.iter().position(|(known, _)| *known == first.field))
        };
        let rules = self.identities.iter().map(|trusted| trusted.rule.mismatches(identity));
        let nearest = rules.filter(|mismatches| !mismatches.is_empty()).max_by_key(at).unwrap_or_default();
        nearest.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl From<&PublicKey> for Trust {
    fn from(key: &PublicKey) -> Self {
        Self::keys([key])
    }
}
