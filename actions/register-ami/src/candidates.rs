//! Of all the evidence, the statements of one kind that the trusted key signed; and, where there is none that fits,
//! what came closest and why it did not.

use attest::{EvidenceFile, Form, Kind, Predicate, PublicKey, Statement, Trust, VerifyError, verify};
use model::{Reason, Sha256};

use crate::refusal::reason;

/// A statement that the trusted key signed.
pub(crate) struct Signed<P> {
    pub(crate) file: String,
    pub(crate) payload_digest: Sha256,
    pub(crate) statement: Statement,
    pub(crate) predicate: P,
}

/// Everything of one kind that was found.
pub(crate) struct Found<P> {
    pub(crate) signed: Vec<Signed<P>>,
    /// Files that say they are of this kind, but that the trusted key did not sign.
    pub(crate) by_others: Vec<String>,
    /// Files that say they are of this kind, and that nobody signed.
    pub(crate) unsigned: Vec<String>,
    /// What was tampered with: none of it is passed over.
    pub(crate) broken: Vec<Reason>,
}

const CLEARS: &str = "Remove what was changed or broken from the evidence, and find out who did it";

/// Sorts the files of the evidence by what the trusted key says about them.
pub(crate) fn find<P: Predicate>(files: &[EvidenceFile], signer: &PublicKey) -> Found<P> {
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
        match verify(&file.bytes, &Trust::from(signer)) {
            Ok(verified) if verified.kind == P::KIND => match verified.statement.predicate() {
                Ok(predicate) => found.signed.push(Signed {
                    file: file.name.clone(),
                    payload_digest: verified.payload_digest,
                    statement: verified.statement,
                    predicate,
                }),
                Err(error) => found.broken.push(broken("malformed", &error)),
            },
            Err(VerifyError::UnknownSigner(_)) if claims => found.by_others.push(file.name.clone()),
            Err(error) if claims => found.broken.push(broken(error.code(), &error)),
            Ok(_) | Err(_) => {}
        }
    }
    found
}

/// The words for a kind in sentences.
pub(crate) const fn called(kind: Kind) -> &'static str {
    match kind {
        Kind::Vsa => "verification summary",
        Kind::Verdict => "verdict",
        Kind::SignatureVerification
        | Kind::Provenance
        | Kind::TestResult
        | Kind::Vulns
        | Kind::Approval
        | Kind::Release => "statement",
    }
}
