//! The policy's signers as keys: who signed what, by the policy's names.

use anyhow::{Context as _, Result};
use attest::PublicKey;
use model::Sha256;
use policy::{ResolvedPolicy, Signed};

/// The signers of a resolved policy.
pub(crate) struct Keys {
    named: Vec<(String, PublicKey)>,
}

impl Keys {
    pub(crate) fn of(policy: &ResolvedPolicy) -> Result<Self> {
        let read = |(name, pem): (&String, &String)| {
            let key = PublicKey::from_pem(pem).with_context(|| format!("the key of the signer `{name}`"))?;
            Ok((name.clone(), key))
        };
        Ok(Self { named: policy.keys().iter().map(read).collect::<Result<_>>()? })
    }

    /// Every key once.
    pub(crate) fn all(&self) -> Vec<PublicKey> {
        let mut keys: Vec<PublicKey> = Vec::new();
        for (_, key) in &self.named {
            if !keys.iter().any(|known| known.key_id() == key.key_id()) {
                keys.push(key.clone());
            }
        }
        keys
    }

    /// Whose key it is.
    pub(crate) fn signed(&self, signer: Option<Sha256>) -> Signed {
        match signer {
            None => Signed::Unsigned,
            Some(id) => Signed::By(
                self.named
                    .iter()
                    .filter(|(_, key)| key.key_id() == id)
                    .map(|(name, _)| name.clone())
                    .collect(),
            ),
        }
    }
}
