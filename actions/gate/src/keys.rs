//! The policy's signers as keys and identities: who signed what, by the policy's names.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use attest::{IdentityRule, PublicKey, Signer, Trust, TrustRoot, TrustedIdentity, Verified};
use model::Sha256;
use policy::{ResolvedPolicy, ResolvedSigner, Signed};

use crate::case::Item;

/// The signers of a resolved policy.
pub struct Keys {
    named: Vec<(String, Means)>,
    trust: Trust,
}

/// By what a signer is told from others.
enum Means {
    Key(PublicKey),
    Identity(IdentityRule, Sha256),
}

impl Keys {
    /// Of a policy, with the trusted roots that its identities need.
    pub(crate) fn of(policy: &ResolvedPolicy, roots: &[Item]) -> Result<Self> {
        let roots = read(roots)?;
        let mut keys = Self { named: Vec::new(), trust: Trust::nobody() };
        for (name, signer) in policy.signers() {
            let means = match signer {
                ResolvedSigner::Key(pem) => {
                    let key = PublicKey::from_pem(pem)
                        .with_context(|| format!("the key of the signer `{name}`"))?;
                    keys.trust = keys.trust.and_keys([&key]);
                    Means::Key(key)
                }
                ResolvedSigner::Identity { rule, root } => {
                    let vouches = roots.get(root).with_context(|| {
                        format!("the trusted root {root} of the signer `{name}` is not there")
                    })?;
                    let trusted = TrustedIdentity { rule: rule.clone(), root: Arc::clone(vouches) };
                    keys.trust = keys.trust.and_identity(trusted);
                    Means::Identity(rule.clone(), *root)
                }
            };
            keys.named.push((name.clone(), means));
        }
        Ok(keys)
    }

    /// Everybody who may have signed anything.
    #[must_use]
    pub const fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Who signed a statement that verified: whose key it is, or whose rule the identity satisfies, by the word of
    /// that rule's own root.
    #[must_use]
    pub fn signed(&self, verified: &Verified) -> Signed {
        self.by(&verified.signer, |root| verified.root == Some(root))
    }

    /// Who somebody would be who has not signed yet: an identity as its token announces it.
    #[must_use]
    pub fn announced(&self, signer: &Signer) -> Signed {
        self.by(signer, |_| true)
    }

    fn by(&self, signer: &Signer, vouched_by: impl Fn(Sha256) -> bool) -> Signed {
        let is = |means: &Means| match (means, signer) {
            (Means::Key(key), Signer::KeyId(id)) => key.key_id() == *id,
            (Means::Identity(rule, root), Signer::Identity(identity)) => {
                vouched_by(*root) && rule.matches(identity)
            }
            (Means::Key(_), Signer::Identity(_)) | (Means::Identity(..), Signer::KeyId(_)) => false,
        };
        Signed::By(self.named.iter().filter(|(_, means)| is(means)).map(|(name, _)| name.clone()).collect())
    }
}

/// The trusted roots by the digest of their bytes.
fn read(roots: &[Item]) -> Result<BTreeMap<Sha256, Arc<TrustRoot>>> {
    let parsed = |root: &Item| {
        let parsed = TrustRoot::parse(&root.name, &root.bytes)?;
        Ok((parsed.digest(), Arc::new(parsed)))
    };
    roots.iter().map(parsed).collect()
}
