//! The policy's signers as keys: who signed what, by the policy's names.

use anyhow::{Context as _, Result};
use attest::{PublicKey, Signer, Trust};
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

    /// Everybody who may have signed anything.
    pub(crate) fn trust(&self) -> Trust {
        Trust::keys(self.named.iter().map(|(_, key)| key))
    }

    /// Whose key it is.
    pub(crate) fn signed(&self, signer: Option<&Signer>) -> Signed {
        match signer {
            None => Signed::Unsigned,
            Some(signer) => Signed::By(
                self.named
                    .iter()
                    .filter(|(_, key)| signer.key_id() == Some(key.key_id()))
                    .map(|(name, _)| name.clone())
                    .collect(),
            ),
        }
    }
}
