//! A bundle as it is read: nothing in it is ignored, and what its signature is verified over.

use serde_json::Value;
use signers::detached::Message;
use sigstore_types::{Artifact, ArtifactDigest, Bundle, HashAlgorithm, Sha256Hash, SignatureContent};

use super::ProofError;
use crate::bundle::MAX_BUNDLE;
use crate::json;
use crate::statement::shown;

/// Reads a bundle: strictly as JSON, then as the library does.
pub(crate) fn read(bytes: &[u8]) -> Result<Bundle, ProofError> {
    let value = json::value(bytes, MAX_BUNDLE).map_err(|error| ProofError::Malformed(error.to_string()))?;
    one_of_each(&value)?;
    let text = std::str::from_utf8(bytes).map_err(|error| ProofError::Malformed(error.to_string()))?;
    Bundle::from_json(text).map_err(|error| ProofError::Malformed(error.to_string()))
}

/// The library takes the first of two materials or contents, and passes over what it does not know. Here nothing is
/// ignored that somebody may have meant.
fn one_of_each(bundle: &Value) -> Result<(), ProofError> {
    const MATERIAL: [&str; 3] = ["certificate", "x509CertificateChain", "publicKey"];
    const CONTENT: [&str; 2] = ["messageSignature", "dsseEnvelope"];
    const BESIDE_CONTENT: [&str; 2] = ["mediaType", "verificationMaterial"];
    const BESIDE_MATERIAL: [&str; 2] = ["tlogEntries", "timestampVerificationData"];
    let check = |value: &Value, one: &[&str], beside: &[&str], what: &str| {
        let members =
            value.as_object().ok_or_else(|| ProofError::Malformed(format!("its {what} is no object")))?;
        let unknown =
            members.keys().find(|name| !one.contains(&name.as_str()) && !beside.contains(&name.as_str()));
        if let Some(name) = unknown {
            return Err(ProofError::Malformed(format!("its {what} has an unknown member {:?}", shown(name))));
        }
        match one.iter().filter(|name| members.get(**name).is_some_and(|value| !value.is_null())).count() {
            1 => Ok(()),
            count => Err(ProofError::Malformed(format!("its {what} has {count} of {}", one.join(", ")))),
        }
    };
    check(bundle, &CONTENT, &BESIDE_CONTENT, "top level")?;
    let material = &bundle["verificationMaterial"];
    check(material, &MATERIAL, &BESIDE_MATERIAL, "verification material")?;
    match &material["timestampVerificationData"] {
        Value::Null => Ok(()),
        Value::Object(members) if members.keys().all(|name| name == "rfc3161Timestamps") => Ok(()),
        _ => {
            Err(ProofError::Malformed("its timestampVerificationData has more than rfc3161Timestamps".into()))
        }
    }
}

/// What the signature is verified over: a digest where that is enough, which needs no file in memory.
pub(super) fn subject<'m>(bundle: &Bundle, message: &'m Message) -> Result<Artifact<'m>, ProofError> {
    let sha256 =
        || Artifact::from_digest(ArtifactDigest::sha256(Sha256Hash::new(*message.sha256().as_bytes())));
    let declared = match &bundle.content {
        SignatureContent::MessageSignature(signature) => {
            signature.message_digest.as_ref().map(|digest| digest.algorithm)
        }
        SignatureContent::DsseEnvelope(envelope) if only_sha512(envelope.payload.as_bytes()) => {
            return message.whole().map(Artifact::from_blob).ok_or(ProofError::NeedsWhole);
        }
        _ => return Ok(sha256()),
    };
    let key = bundle.signing_certificate().map(sigstore_crypto::parse_certificate_info);
    let p256 = match key {
        Some(Ok(info)) => info.key_algorithm == sigstore_crypto::KeyAlgorithm::EcdsaP256,
        Some(Err(error)) => return Err(ProofError::Certificate(error.to_string())),
        // By the key that is trusted; a digest does for all but those of P-384 and Ed25519.
        None => message.whole().is_none(),
    };
    match (p256, declared) {
        (true, None | Some(HashAlgorithm::Sha2256)) => Ok(sha256()),
        _ => message.whole().map(Artifact::from_blob).ok_or(ProofError::NeedsWhole),
    }
}

/// Whether a statement names its subjects by SHA-512 and by no SHA-256, as npm's provenance does.
fn only_sha512(payload: &[u8]) -> bool {
    let Ok(statement) = serde_json::from_slice::<Value>(payload) else { return false };
    let subjects = statement["subject"].as_array().map_or(&[][..], Vec::as_slice);
    let has = |name| subjects.iter().any(|subject| !subject["digest"][name].is_null());
    has("sha512") && !has("sha256")
}
