//! Of all the evidence, the statements of one kind by somebody who is trusted; and, where there is none that fits,
//! what came closest and why it did not.

use attest::{
    EvidenceFile, Form, Kind, Predicate, ProofError, Signer, Statement, Trust, VerifyError, verify,
};
use jiff::Timestamp;
use model::{Reason, Sha256};

use crate::reason;

/// A statement by somebody who is trusted.
#[derive(Debug, Clone)]
pub struct Signed<P> {
    /// Its file's name.
    pub file: String,
    /// The SHA-256 of what was signed.
    pub payload_digest: Sha256,
    /// Who signed it.
    pub signer: Signer,
    /// When it was signed at the latest, where a log or a timestamp authority vouches for that.
    pub signed_by: Option<Timestamp>,
    /// What was signed.
    pub statement: Statement,
    /// What it says.
    pub predicate: P,
}

/// Everything of one kind that was found.
#[derive(Debug)]
pub struct Found<P> {
    /// What counts.
    pub signed: Vec<Signed<P>>,
    /// Files that say they are of this kind, and that somebody else signed; with who did, or what differs.
    pub by_others: Vec<(String, String)>,
    /// Files that say they are of this kind, and that nobody signed.
    pub unsigned: Vec<String>,
    /// What was tampered with: none of it is passed over.
    pub broken: Vec<Reason>,
}

const CLEARS: &str = "Remove what was changed or broken from the evidence, and find out who did it";

/// Sorts the files of the evidence by who signed them.
#[must_use]
pub fn find<P: Predicate>(files: &[EvidenceFile], trust: &Trust) -> Found<P> {
    let slug = P::KIND.slug();
    let mut found =
        Found { signed: Vec::new(), by_others: Vec::new(), unsigned: Vec::new(), broken: Vec::new() };
    for file in files {
        // A name is a claim like any other: it only decides how a file that proves nothing is reported.
        let claims = file.name.starts_with(&format!("{slug}."));
        let broken = |what: &str, why: &dyn std::fmt::Display| {
            let mut reason = reason(format!("{slug}-{what}"), format!("{}: {why}", file.name), CLEARS);
            reason.evidence.push(file.name.clone());
            reason
        };
        if file.form == Form::Unsigned {
            if claims {
                found.unsigned.push(file.name.clone());
            }
            continue;
        }
        match verify(&file.bytes, trust) {
            Ok(verified) if verified.kind == P::KIND => match verified.statement.predicate() {
                Ok(predicate) => found.signed.push(Signed {
                    file: file.name.clone(),
                    payload_digest: verified.payload_digest,
                    signer: verified.signer,
                    signed_by: verified.signed_by,
                    statement: verified.statement,
                    predicate,
                }),
                Err(error) => found.broken.push(broken("malformed", &error)),
            },
            Err(error) if claims && is_of_another(&error) => {
                found.by_others.push((file.name.clone(), error.to_string()));
            }
            Err(error) if claims => found.broken.push(broken(error.code(), &error)),
            Ok(_) | Err(_) => {}
        }
    }
    found
}

/// Whether it may be genuine, and is by somebody else.
const fn is_of_another(error: &VerifyError) -> bool {
    matches!(
        error,
        VerifyError::UnknownSigner(_)
            | VerifyError::Proof(ProofError::UnknownSigner(_) | ProofError::UnknownIdentity { .. })
    )
}

/// The words for a kind in sentences.
#[must_use]
pub const fn called(kind: Kind) -> &'static str {
    match kind {
        Kind::Vsa => "verification summary",
        Kind::Verdict => "verdict",
        Kind::Approval => "approval",
        Kind::Release => "release",
        Kind::Closure => "closure",
        Kind::SignatureVerification
        | Kind::Provenance
        | Kind::TestResult
        | Kind::Sbom
        | Kind::SpdxSbom
        | Kind::Vulns => "statement",
    }
}
