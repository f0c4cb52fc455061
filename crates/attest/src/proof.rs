//! What vouches for a signature beside a key: certificates, transparency logs, timestamps. The proofs themselves are
//! verified by the Sigstore project's own crate; here it is decided which of them are wanted, who is meant, and what
//! each refusal is called.

mod bare;
mod error;
mod legacy;

use jiff::Timestamp;
use model::Sha256;
use serde_json::Value;
use signers::detached::Message;
use signers::{Claims, Identity, KeyId, PublicKey, Requirement, Signer};
use sigstore_crypto::CertificateInfo;
use sigstore_types::{
    Artifact, ArtifactDigest, Bundle, DerPublicKey, HashAlgorithm, Sha256Hash, SignatureContent,
    bundle::VerificationMaterialContent,
};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult};

pub use error::ProofError;

use crate::bundle::MAX_BUNDLE;
use crate::json;
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
            None => subject(bundle, message).and_then(|artifact| verify_one(bundle, &artifact, trust)),
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
fn subject<'m>(bundle: &Bundle, message: &'m Message) -> Result<Artifact<'m>, ProofError> {
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

fn verify_one(bundle: &Bundle, artifact: &Artifact<'_>, trust: &Trust) -> Result<Proof, ProofError> {
    // The library is content with one entry that is proven, and verifies of each what is there.
    let entries = &bundle.verification_material.tlog_entries;
    if entries.iter().any(|entry| entry.inclusion_proof.is_none() && entry.inclusion_promise.is_none()) {
        return Err(ProofError::InclusionProof("an entry has neither a proof nor a promise".into()));
    }
    match &bundle.verification_material.content {
        VerificationMaterialContent::PublicKey(hint) => {
            verify_by_key(bundle, artifact, trust, hint.hint.as_str())
        }
        _ => verify_by_certificate(bundle, artifact, trust),
    }
}

fn verify_by_key(
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
                return Ok(proof(bundle, Signer::KeyId(key.key_id()), &result, Some(root)));
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

fn is_bare(bundle: &Bundle) -> bool {
    let material = &bundle.verification_material;
    material.tlog_entries.is_empty() && material.timestamp_verification_data.rfc3161_timestamps.is_empty()
}

/// The keys that a bundle with this hint may be of.
fn tried<'t>(trust: &'t Trust, hint: &str) -> Result<Vec<&'t PublicKey>, ProofError> {
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

fn verify_by_certificate(
    bundle: &Bundle,
    artifact: &Artifact<'_>,
    trust: &Trust,
) -> Result<Proof, ProofError> {
    if trust.identities.is_empty() {
        return Err(ProofError::UnknownSigner("a certificate, and no identity is trusted here".into()));
    }
    let mut nearest: Option<ProofError> = None;
    let mut tried: Vec<(Sha256, Vec<Requirement>)> = Vec::new();
    // Those who waive least first: what holds without a waiver counts for everybody who waives more.
    let mut identities: Vec<_> = trust.identities.iter().collect();
    identities.sort_by_key(|trusted| trusted.rule.text().waive.len());
    for trusted in identities {
        // The proofs are the same for each rule with the same root and the same waivers.
        let how = (trusted.root.digest(), trusted.rule.text().waive.clone());
        if tried.contains(&how) {
            continue;
        }
        tried.push(how.clone());
        let error = match by_root(bundle, artifact, &trusted.root, &how.1) {
            Ok(proof) => {
                let Signer::Identity(identity) = &proof.signer else { continue };
                let meant = trust
                    .identities
                    .iter()
                    .filter(|other| (other.root.digest(), &other.rule.text().waive) == (how.0, &how.1))
                    .any(|other| other.rule.matches(identity));
                if meant {
                    return Ok(Proof { waived: how.1, ..proof });
                }
                if identity.issuer.is_empty() {
                    ProofError::EmptyIdentity
                } else {
                    ProofError::UnknownIdentity {
                        identity: identity.clone(),
                        differs: trust.nearest(identity),
                    }
                }
            }
            Err(error) => error,
        };
        if nearest.as_ref().is_none_or(|known| error.phase() > known.phase()) {
            nearest = Some(error);
        }
    }
    Err(nearest.unwrap_or(ProofError::BadSignature))
}

fn by_root(
    bundle: &Bundle,
    artifact: &Artifact<'_>,
    root: &TrustRoot,
    waived: &[Requirement],
) -> Result<Proof, ProofError> {
    let entries = &bundle.verification_material.tlog_entries;
    // What is waived need not be there; what is there is verified all the same.
    let without_log = waived.contains(&Requirement::TransparencyLog) && entries.is_empty();
    let mut policy = VerificationPolicy::any_identity();
    if without_log {
        policy = policy.skip_tlog_unsafe();
    } else if entries.is_empty() {
        return Err(ProofError::NoLogEntry);
    }
    // Said last: where the chain or the log is wrong, the root is the wrong one, and this no reason to waive anything.
    let unlogged = !root.has_certificate_log()
        && (!waived.contains(&Requirement::CertificateLog) || error::has_sct(bundle));
    if unlogged {
        policy = policy.skip_sct();
    }
    let strict = root.verifier().verify(artifact.clone(), bundle, &policy);
    let result = match strict {
        Err(sigstore_verify::Error::Certificate(sigstore_verify::CertificateError::Sct(_)))
            if waived.contains(&Requirement::CertificateLog) && !error::has_sct(bundle) =>
        {
            root.verifier().verify(artifact.clone(), bundle, &policy.skip_sct())
        }
        other => other,
    }
    .map_err(|error| match ProofError::of(error, root) {
        error @ (ProofError::InclusionPromise(_) | ProofError::Checkpoint(_)) => {
            of_log(bundle, root).unwrap_or(error)
        }
        error => error,
    })?;
    if unlogged {
        return Err(ProofError::CertificateLog(format!(
            "the trusted root {} names no certificate log",
            root.name()
        )));
    }
    believed(bundle, root, &result)?;
    let info = result.certificate().ok_or_else(|| ProofError::Certificate("it carries none".into()))?;
    let identity = identity(info)?;
    if !result.certificate_verified() || (!without_log && !result.tlog_verified()) {
        return Err(ProofError::Certificate("it was not verified".into()));
    }
    if result.verified_timestamps().is_empty() {
        return Err(ProofError::NoTime);
    }
    Ok(proof(bundle, Signer::Identity(Box::new(identity)), &result, Some(root)))
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

/// What the root has against the logs of a bundle: the library calls it a signature that does not verify.
fn of_log(bundle: &Bundle, root: &TrustRoot) -> Option<ProofError> {
    bundle.verification_material.tlog_entries.iter().find_map(|entry| {
        let id = &entry.log_id.key_id;
        match root.believes_log(id.as_bytes(), entry.integrated_time) {
            None => Some(ProofError::UnknownLog(id.to_string())),
            Some(true) => None,
            Some(false) => Some(ProofError::ExpiredRoot {
                root: root.name().to_owned(),
                what: "it does not vouch for the log at the time of the entry".into(),
            }),
        }
    })
}

/// What the certificate says.
fn identity(info: &CertificateInfo) -> Result<Identity, ProofError> {
    let text = |text: Option<&str>| text.unwrap_or_default().trim().to_owned();
    let subject = text(info.identity.as_ref().map(sigstore_crypto::SubjectAltName::as_str));
    // A rule says so where none is wanted.
    let issuer = text(info.issuer.as_deref());
    if subject.is_empty() {
        return Err(ProofError::EmptyIdentity);
    }
    let claims = &info.ci_claims;
    Ok(Identity {
        issuer,
        subject,
        claims: Claims {
            workflow: claims.build_signer_uri.clone(),
            repository: claims.source_repository_uri.clone(),
            repository_id: claims.source_repository_identifier.clone(),
            git_ref: claims.source_repository_ref.clone(),
            commit: claims.source_repository_digest.clone(),
            runner_environment: claims.runner_environment.clone(),
            trigger: claims.build_trigger.clone(),
            run: claims.run_invocation_uri.clone(),
            environment: claims.deployment_environment.clone(),
        },
    })
}

#[derive(Default)]
struct VerificationResultParts {
    times: Vec<Timestamp>,
    log_index: Option<u64>,
    timestamped: bool,
    certificate_log: bool,
}

impl VerificationResultParts {
    fn into_proof(self, signer: Signer, root: Option<&TrustRoot>, payload: Option<Vec<u8>>) -> Proof {
        let root = root.map(|root| (root.name().to_owned(), root.digest()));
        let Self { mut times, log_index, timestamped, certificate_log } = self;
        times.sort_unstable();
        times.dedup();
        Proof { signer, times, log_index, timestamped, certificate_log, root, waived: Vec::new(), payload }
    }
}

fn proof(bundle: &Bundle, signer: Signer, result: &VerificationResult, root: Option<&TrustRoot>) -> Proof {
    let entry = bundle.verification_material.tlog_entries.first().filter(|_| result.tlog_verified());
    let payload = match &bundle.content {
        SignatureContent::DsseEnvelope(envelope) => Some(envelope.payload.as_bytes().to_vec()),
        _ => None,
    };
    VerificationResultParts {
        times: result.verified_timestamps().to_vec(),
        log_index: entry.map(|entry| entry.log_index.get()),
        // The library refuses a bundle with a timestamp that does not verify.
        timestamped: !bundle.verification_material.timestamp_verification_data.rfc3161_timestamps.is_empty(),
        certificate_log: result.sct_verified(),
    }
    .into_proof(signer, root, payload)
}
