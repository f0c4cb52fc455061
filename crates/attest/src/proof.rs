//! What vouches for a signature beside a key: certificates, transparency logs, timestamps. The proofs themselves are
//! verified by the Sigstore project's own crate; here it is decided which of them are wanted, who is meant, and what
//! each refusal is called.

mod bare;
mod by_certificate;
mod by_key;
mod error;
mod legacy;
mod reading;

use jiff::Timestamp;
use model::Sha256;
use signers::detached::Message;
use signers::{KeyId, Requirement, Signer};
use sigstore_types::{
    Artifact, ArtifactDigest, Bundle, Sha256Hash, SignatureContent, bundle::VerificationMaterialContent,
};
use sigstore_verify::VerificationResult;

pub use error::ProofError;
pub(crate) use reading::read;

use crate::statement::{PAYLOAD_TYPE, shown};
use crate::trust::{Trust, TrustRoot};

/// What a bundle proves: who signed, when at the latest, and what vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Who signed.
    pub signer: Signer,
    /// Every time that a log or timestamp authority vouches for, earliest first. The signature is not younger.
    pub times: Vec<Timestamp>,
    /// The signature's index in a transparency log, where that was verified.
    pub log_index: Option<u64>,
    /// Whether a timestamp authority vouches for a time (RFC 3161).
    pub timestamped: bool,
    /// Whether the certificate is proven to be in a certificate transparency log.
    pub certificate_log: bool,
    /// The trusted root that it was verified against, by its name and digest, where one was needed.
    pub root: Option<(String, Sha256)>,
    /// What was waived when it was verified.
    pub waived: Vec<Requirement>,
    /// The signed statement, where the bundle is an attestation.
    pub payload: Option<Vec<u8>>,
}

impl Proof {
    /// A signature that nothing but this key vouches for.
    #[must_use]
    pub const fn by_key(id: KeyId) -> Self {
        Self {
            signer: Signer::KeyId(id),
            times: Vec::new(),
            log_index: None,
            timestamped: false,
            certificate_log: false,
            root: None,
            waived: Vec::new(),
            payload: None,
        }
    }

    /// The earliest time that somebody vouches for.
    #[must_use]
    pub fn signed_by(&self) -> Option<Timestamp> {
        self.times.first().copied()
    }

    /// What vouches for it, in a few words.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut words = vec![match (&self.signer, &self.payload) {
            (Signer::KeyId(_), None) => "key".to_owned(),
            (Signer::KeyId(_), Some(_)) => "key, attestation".to_owned(),
            (Signer::Identity(_), None) => "certificate".to_owned(),
            (Signer::Identity(_), Some(_)) => "certificate, attestation".to_owned(),
        }];
        if self.certificate_log {
            words.push("certificate log".to_owned());
        }
        if let Some(index) = self.log_index {
            words.push(format!("log entry {index}"));
        }
        if self.timestamped {
            words.push("timestamp".to_owned());
        }
        words.join(", ")
    }
}

/// Verifies what a bundle, a legacy cosign bundle (`--bundle` before version 3), or a file with one bundle a line
/// says about a file.
///
/// Of several bundles one has to verify. In a bundle everything that it carries has to.
///
/// # Errors
/// See [`ProofError`]; of several bundles the error of the one that came furthest.
pub fn verify_file(bundle: &[u8], message: &Message, trust: &Trust) -> Result<Proof, ProofError> {
    verify_each(bundle, message, trust)?.into_iter().next().ok_or(ProofError::BadSignature)
}

/// The same, and tells each of several bundles that verifies: one has to.
///
/// # Errors
/// As [`verify_file`].
pub fn verify_each(bundle: &[u8], message: &Message, trust: &Trust) -> Result<Vec<Proof>, ProofError> {
    let mut proofs = Vec::new();
    let mut needs_whole = false;
    let mut nearest: Option<ProofError> = None;
    for bundle in &legacy::bundles(bundle, message)? {
        let verified = match bare::file(bundle, message, trust) {
            Some(verified) => verified,
            None => {
                reading::subject(bundle, message).and_then(|artifact| verify_one(bundle, &artifact, trust))
            }
        };
        match verified {
            Ok(proof) => proofs.push(proof),
            Err(ProofError::NeedsWhole) => needs_whole = true,
            Err(error) if nearest.as_ref().is_none_or(|known| error.phase() > known.phase()) => {
                nearest = Some(error)
            }
            Err(_) => {}
        }
    }
    match (proofs.is_empty(), needs_whole, nearest) {
        (false, ..) => Ok(proofs),
        // What could not be tried may be the one.
        (true, true, _) => Err(ProofError::NeedsWhole),
        (true, false, nearest) => {
            Err(nearest.unwrap_or_else(|| ProofError::Malformed("there is no bundle in it".into())))
        }
    }
}

/// Verifies a bundle whose payload is a statement: one subject of it has a `sha256`, and that is what the log's
/// entry and the library's check are about.
pub(crate) fn verify_statement(bundle: &Bundle, trust: &Trust) -> Result<Proof, ProofError> {
    let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
        return Err(ProofError::Unsupported("a message signature where a statement is wanted".into()));
    };
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(ProofError::Unsupported(format!("the payload type {:?}", shown(&envelope.payload_type))));
    }
    let digest = crate::Statement::from_bytes(envelope.payload.as_bytes())
        .map_err(|error| ProofError::Malformed(error.to_string()))?
        .subject
        .iter()
        .find_map(model::Subject::sha256)
        .ok_or_else(|| {
            ProofError::Unsupported(
                "a certificate, log entry or timestamp over a statement none of whose subjects has a sha256"
                    .into(),
            )
        })?;
    let digest = ArtifactDigest::sha256(Sha256Hash::new(*digest.as_bytes()));
    verify_one(bundle, &Artifact::from_digest(digest), trust)
}

fn verify_one(bundle: &Bundle, artifact: &Artifact<'_>, trust: &Trust) -> Result<Proof, ProofError> {
    // The library is content with one entry that is proven, and verifies of each what is there.
    let entries = &bundle.verification_material.tlog_entries;
    if entries.iter().any(|entry| entry.inclusion_proof.is_none() && entry.inclusion_promise.is_none()) {
        return Err(ProofError::InclusionProof("an entry has neither a proof nor a promise".into()));
    }
    match &bundle.verification_material.content {
        VerificationMaterialContent::PublicKey(hint) => {
            by_key::verify(bundle, artifact, trust, hint.hint.as_str())
        }
        _ => by_certificate::verify(bundle, artifact, trust),
    }
}

/// That each log was to be believed when the signature was made. The library looks at that only where the log itself says
/// when that was.
fn believed(bundle: &Bundle, root: &TrustRoot, result: &VerificationResult) -> Result<(), ProofError> {
    let earliest = result.verified_timestamps().iter().min().copied();
    for entry in &bundle.verification_material.tlog_entries {
        let id = &entry.log_id.key_id;
        match root.believes_log(id.as_bytes(), earliest) {
            Some(true) => {}
            Some(false) => {
                return Err(ProofError::ExpiredRoot {
                    root: root.name().to_owned(),
                    what: "it does not vouch for the log when it was signed".into(),
                });
            }
            None => return Err(ProofError::UnknownLog(id.to_string())),
        }
    }
    Ok(())
}

/// What was proven of a bundle by a root.
fn proof(bundle: &Bundle, signer: Signer, result: &VerificationResult, root: &TrustRoot) -> Proof {
    let entry = bundle.verification_material.tlog_entries.first().filter(|_| result.tlog_verified());
    let payload = match &bundle.content {
        SignatureContent::DsseEnvelope(envelope) => Some(envelope.payload.as_bytes().to_vec()),
        _ => None,
    };
    let mut times = result.verified_timestamps().to_vec();
    times.sort_unstable();
    times.dedup();
    Proof {
        signer,
        times,
        log_index: entry.map(|entry| entry.log_index.get()),
        // The library refuses a bundle with a timestamp that does not verify.
        timestamped: !bundle.verification_material.timestamp_verification_data.rfc3161_timestamps.is_empty(),
        certificate_log: result.sct_verified(),
        root: Some((root.name().to_owned(), root.digest())),
        waived: Vec::new(),
        payload,
    }
}
