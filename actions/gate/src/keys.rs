//! The policy's signers as keys and identities: who signed what, by the policy's names.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use attest::{IdentityRule, PublicKey, Signer, Trust, TrustRoot, TrustedIdentity, Verified};
use jiff::Timestamp;
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
    Identity(Box<IdentityRule>, Sha256),
}

impl Keys {
    /// Of a policy, with the trusted roots that its identities need.
    pub(crate) fn of(policy: &ResolvedPolicy, roots: &[Item], now: Timestamp) -> Result<Self> {
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
                    if let Some(ended) = vouches.ended(now) {
                        bail!(
                            "the trusted root {} of the signer `{name}`: all that it vouches for ended on {ended}, and a newer one is wanted",
                            vouches.name()
                        );
                    }
                    let trusted = TrustedIdentity { rule: (**rule).clone(), root: Arc::clone(vouches) };
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
        let vouched = |rule: &IdentityRule, root| {
            verified.under.as_ref().is_some_and(|under| under.satisfies(rule, &root))
        };
        self.by(&verified.signer, vouched)
    }

    /// Who somebody would be who has not signed yet: an identity as its token announces it.
    #[must_use]
    pub fn announced(&self, signer: &Signer) -> Signed {
        self.by(signer, |_, _| true)
    }

    fn by(&self, signer: &Signer, vouched_by: impl Fn(&IdentityRule, Sha256) -> bool) -> Signed {
        let is = |means: &Means| match (means, signer) {
            (Means::Key(key), Signer::KeyId(id)) => key.key_id() == *id,
            (Means::Identity(rule, root), Signer::Identity(identity)) => {
                vouched_by(rule, *root) && rule.matches(identity)
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use signers::instance::Instance;
    use signers::{Claims, GITHUB_ISSUER, Identity};

    use super::*;

    const POLICY: &str = "version: 1
name: p
signers:
  bake: {pem: KEY}
  assay: {identity: {workflow: a/b/.github/workflows/assay.yml@refs/heads/main}, trusted-root: root.json}
  gate: {identity: {workflow: a/b/.github/workflows/assay.yml@refs/heads/main, environment: gate}, trusted-root: root.json}
evidence:
  provenance: {signed-by: [bake], required: true}
  vulns: {signed-by: [assay, gate], required: true, seen: [disk], max-age: 24h}
vulnerabilities:
  - {severity: critical, then: fail}
";

    /// Before it has signed, an identity is whatever its token announces: every name whose rule it satisfies.
    #[test]
    fn who_somebody_would_be() {
        let now: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        let pem = attest::PrivateKey::generate_p256().unwrap();
        let key = PublicKey::from_pem(&pem.public).unwrap();
        let root = Item {
            name: "root.json".into(),
            bytes: Instance::new("2026-11-22T11:00:00Z".parse().unwrap()).trusted_root().into(),
        };
        let text = POLICY.replace("KEY", &format!("{:?}", pem.public));
        let digests: BTreeMap<_, _> = [("root.json".to_owned(), Sha256::of(&root.bytes))].into();
        let policy =
            policy::Policy::parse("p.yml", &text).unwrap().resolve_with(&BTreeMap::new(), &digests).unwrap();
        let keys = Keys::of(&policy, &[root], now).unwrap();
        let identity = |file: &str, environment: Option<&str>| {
            let url = format!("https://github.com/a/b/.github/workflows/{file}@refs/heads/main");
            Signer::Identity(Box::new(Identity {
                issuer: GITHUB_ISSUER.into(),
                subject: url.clone(),
                claims: Claims {
                    workflow: Some(url),
                    repository: Some("https://github.com/a/b".into()),
                    environment: environment.map(str::to_owned),
                    ..Claims::default()
                },
            }))
        };
        for (signer, names) in [
            (Signer::KeyId(key.key_id()), vec!["bake"]),
            (Signer::KeyId(Sha256::of(b"another")), vec![]),
            (identity("assay.yml", None), vec!["assay"]),
            (identity("assay.yml", Some("gate")), vec!["assay", "gate"]),
            (identity("assay.yml", Some("x")), vec!["assay"]),
            (identity("bake.yml", Some("gate")), vec![]),
        ] {
            let wanted = Signed::By(names.into_iter().map(str::to_owned).collect());
            assert_eq!(keys.announced(&signer), wanted, "{signer:?}");
        }
        assert!(Keys::of(&policy, &[], now).is_err(), "without its root, no identity is known");
    }
}
