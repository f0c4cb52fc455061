//! A signature by whom a certificate names: whose word counts for that, who is meant, and what is waived.

use model::Sha256;
use signers::{Claims, Identity, Requirement, Signer};
use sigstore_crypto::CertificateInfo;
use sigstore_types::{Artifact, Bundle};
use sigstore_verify::VerificationPolicy;

use super::{Proof, ProofError, believed, error, proof};
use crate::trust::{Trust, TrustRoot};

/// Verifies what somebody signed whose identity a certificate names: every root and rule that is trusted is tried.
pub(super) fn verify(bundle: &Bundle, artifact: &Artifact<'_>, trust: &Trust) -> Result<Proof, ProofError> {
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
    Ok(proof(bundle, Signer::Identity(Box::new(identity)), &result, root))
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
