//! Signatures that nothing but a key vouches for: the library asks for a log entry or a timestamp.

use model::{Sha256, Subject};
use serde::Deserialize;
use signers::PublicKey;
use signers::detached::{Message, Signature};
use sigstore_crypto::ArtifactHasher;
use sigstore_types::{
    Artifact, Bundle, HashAlgorithm, SignatureContent, bundle::VerificationMaterialContent,
};

use super::by_key::{is_bare, tried};
use super::{Proof, ProofError};
use crate::json;
use crate::statement::{MAX_STATEMENT, PAYLOAD_TYPE, STATEMENT_TYPE, shown};
use crate::trust::Trust;

/// A file's signature that nothing but a key vouches for: by what was read of the file for these keys, so that no key
/// but Ed25519 needs it in memory. Nothing where the bundle is another one.
pub(super) fn file(bundle: &Bundle, message: &Message, trust: &Trust) -> Option<Result<Proof, ProofError>> {
    let SignatureContent::MessageSignature(signature) = &bundle.content else { return None };
    let VerificationMaterialContent::PublicKey(hint) = &bundle.verification_material.content else {
        return None;
    };
    if !is_bare(bundle) {
        return None;
    }
    let verified = tried(trust, hint.hint.as_str()).and_then(|keys| {
        if let Some(declared) = &signature.message_digest
            && declared.digest != digest(message, declared.algorithm)?.as_slice()
        {
            return Err(ProofError::OtherArtifact(format!("it names another {}", declared.algorithm)));
        }
        let bytes = Signature::from(signature.signature.as_bytes().to_vec());
        let key = keys.into_iter().find(|key| message.verify(key, &bytes).is_ok());
        Ok(Proof::by_key(key.ok_or(ProofError::BadSignature)?.key_id()))
    });
    Some(verified)
}

fn digest(message: &Message, algorithm: HashAlgorithm) -> Result<Vec<u8>, ProofError> {
    match (algorithm, message.sha384(), message.whole()) {
        (HashAlgorithm::Sha2256, ..) => Ok(message.sha256().as_bytes().to_vec()),
        (HashAlgorithm::Sha2384, Some(sha384), _) => Ok(sha384.to_vec()),
        (algorithm, _, Some(whole)) => {
            let mut hasher = ArtifactHasher::new(algorithm)
                .map_err(|_| ProofError::Unsupported(format!("a digest by {algorithm}")))?;
            hasher.update(whole);
            Ok(hasher.finalize().as_bytes().to_vec())
        }
        _ => Err(ProofError::NeedsWhole),
    }
}

/// A statement that nothing but a key vouches for.
pub(super) fn statement(
    bundle: &Bundle,
    artifact: &Artifact<'_>,
    keys: &[&PublicKey],
) -> Result<Proof, ProofError> {
    match &bundle.content {
        SignatureContent::DsseEnvelope(envelope) => {
            if envelope.payload_type != PAYLOAD_TYPE {
                return Err(ProofError::Unsupported(format!(
                    "the payload type {:?}",
                    shown(&envelope.payload_type)
                )));
            }
            let pae = envelope.pae();
            let key = keys.iter().find(|key| key.verify(&pae, envelope.signature.sig.as_bytes()).is_ok());
            let key = key.ok_or(ProofError::BadSignature)?;
            names_artifact(envelope.payload.as_bytes(), artifact)?;
            let payload = Some(envelope.payload.as_bytes().to_vec());
            Ok(Proof { payload, ..Proof::by_key(key.key_id()) })
        }
        _ => Err(ProofError::Unsupported("a kind of content that is not known".into())),
    }
}

/// What is needed of a statement by others: cosign still writes the one before v1, whose subjects are the same.
#[derive(Deserialize)]
struct Subjects {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
}

const BEFORE_V1: &str = "https://in-toto.io/Statement/v0.1";

fn names_artifact(payload: &[u8], artifact: &Artifact<'_>) -> Result<(), ProofError> {
    let statement: Subjects = json::typed(payload, MAX_STATEMENT)
        .map_err(|error| ProofError::Malformed(format!("its payload is no in-toto statement: {error}")))?;
    if ![STATEMENT_TYPE, BEFORE_V1].contains(&statement.kind.as_str()) {
        return Err(ProofError::Unsupported(format!("a statement of the type {:?}", shown(&statement.kind))));
    }
    let sha256 = match (artifact.blob(), artifact.digest()) {
        (Some(blob), _) => Some(Sha256::of(blob)),
        (None, Some(digest)) => hex::encode(digest.as_bytes()).parse().ok(),
        (None, None) => None,
    };
    let named = |wanted: Sha256| statement.subject.iter().any(|subject| subject.sha256() == Some(wanted));
    let sha512 = artifact.blob().map(|blob| sigstore_crypto::sha512(blob).to_hex());
    let named_512 = |wanted: String| {
        statement.subject.iter().any(|subject| subject.digest.get("sha512") == Some(&wanted))
    };
    if sha256.is_some_and(named) || sha512.is_some_and(named_512) {
        Ok(())
    } else {
        Err(ProofError::OtherArtifact("none of the statement's subjects has this file's digest".into()))
    }
}
