//! A signature by a key, and the log entries and timestamps beside it.

use signers::{PublicKey, Signer};
use sigstore_types::{Artifact, Bundle, DerPublicKey};
use sigstore_verify::PublicKeyVerificationPolicy;

use super::{Proof, ProofError, bare, believed, proof};
use crate::statement::shown;
use crate::trust::Trust;

/// Verifies what a key that is trusted has signed, with all that stands beside it.
pub(super) fn verify(
    bundle: &Bundle,
    artifact: &Artifact<'_>,
    trust: &Trust,
    hint: &str,
) -> Result<Proof, ProofError> {
    let material = &bundle.verification_material;
    let tried = tried(trust, hint)?;
    if is_bare(bundle) {
        return bare::statement(bundle, artifact, &tried);
    }
    let root = trust.key_root.as_ref().ok_or_else(|| {
        ProofError::Unsupported(
            "a log entry or timestamp beside a key's signature, which needs a trusted root".into(),
        )
    })?;
    // What stands there is verified, a log entry is no must: bundles of a key with a timestamp alone are usual.
    let wants_log = !material.tlog_entries.is_empty();
    let mut nearest: Option<ProofError> = None;
    for key in tried {
        let policy = PublicKeyVerificationPolicy::new(DerPublicKey::new(key.to_der().to_vec()));
        let policy = if wants_log { policy } else { policy.skip_tlog_unsafe() };
        match root.verifier().verify(artifact.clone(), bundle, &policy) {
            Ok(result) => {
                believed(bundle, root, &result)?;
                return Ok(proof(bundle, Signer::KeyId(key.key_id()), &result, root));
            }
            Err(error) => {
                let error = ProofError::of(error, root);
                if nearest.as_ref().is_none_or(|known| error.phase() > known.phase()) {
                    nearest = Some(error);
                }
            }
        }
    }
    Err(nearest.unwrap_or(ProofError::BadSignature))
}

/// Whether nothing stands beside the signature.
pub(super) fn is_bare(bundle: &Bundle) -> bool {
    let material = &bundle.verification_material;
    material.tlog_entries.is_empty() && material.timestamp_verification_data.rfc3161_timestamps.is_empty()
}

/// The keys that a bundle with this hint may be of.
pub(super) fn tried<'t>(trust: &'t Trust, hint: &str) -> Result<Vec<&'t PublicKey>, ProofError> {
    let named: Vec<&PublicKey> = trust
        .keys
        .iter()
        .filter(|key| hint.is_empty() || crate::bundle::names(hint, &key.key_id()))
        .collect();
    // A hint is nobody's word. One that names none of the keys may be of another tool's making: all are tried.
    let tried = if named.is_empty() { trust.keys.iter().collect() } else { named };
    if tried.is_empty() {
        return Err(ProofError::UnknownSigner(format!(
            "a key ({:?}), and no key is trusted here",
            shown(hint)
        )));
    }
    Ok(tried)
}
