//! One statement file, verified and looked at: what it is, who signed it, and what it is about.

use attest::{Form, Kind, ProofError, Signer, Statement, StatementError, VerifyError};
use jiff::Timestamp;
use model::Sha256;
use policy::{Code, Objection, Signed};

use crate::case::Item;
use crate::keys::Keys;

/// A statement file that is genuine, whatever it is about.
pub(crate) struct Genuine {
    pub(crate) file: String,
    pub(crate) sha256: Sha256,
    pub(crate) statement: Statement,
    pub(crate) kind: Kind,
    pub(crate) payload: Sha256,
    pub(crate) signer: Option<Signer>,
    pub(crate) signed: Signed,
    /// When it was signed at the latest, where a log or a timestamp authority vouches for that.
    pub(crate) signed_by: Option<Timestamp>,
}

/// Reads and verifies a file.
pub(crate) fn read(item: &Item, keys: &Keys) -> Result<Genuine, Objection> {
    let refused = |code: Code, message: String| Objection { code, file: item.name.clone(), message };
    let (file, sha256) = (item.name.clone(), Sha256::of(&item.bytes));
    match item.form() {
        Form::Signed => {
            let verified = attest::verify(&item.bytes, keys.trust())
                .map_err(|error| refused(code_of(&error), sentence(&error)))?;
            Ok(Genuine {
                file,
                sha256,
                signed: keys.signed(&verified),
                statement: verified.statement,
                kind: verified.kind,
                payload: verified.payload_digest,
                signer: Some(verified.signer),
                signed_by: verified.signed_by,
            })
        }
        Form::Unsigned => {
            let read = attest::read_unsigned(&item.bytes)
                .map_err(|error| refused(code_of_statement(&error), sentence(&error)))?;
            Ok(Genuine {
                file,
                sha256,
                statement: read.statement,
                kind: read.kind,
                payload: read.payload_digest,
                signer: None,
                signed: Signed::Unsigned,
                signed_by: None,
            })
        }
    }
}

fn code_of(error: &VerifyError) -> Code {
    match error {
        VerifyError::Malformed(_)
        | VerifyError::Invalid(_)
        | VerifyError::MediaType(_)
        | VerifyError::PayloadType(_)
        | VerifyError::Unsupported(_) => Code::MalformedEvidence,
        VerifyError::UnknownSigner(_) => Code::UnknownSigner,
        VerifyError::BadSignature => Code::BadSignature,
        VerifyError::Proof(error) => code_of_proof(error),
        VerifyError::Statement(error) => code_of_statement(error),
    }
}

const fn code_of_proof(error: &ProofError) -> Code {
    match error {
        ProofError::Malformed(_) | ProofError::Unsupported(_) | ProofError::NeedsWhole => {
            Code::MalformedEvidence
        }
        ProofError::UnknownSigner(_) | ProofError::UnknownIdentity { .. } | ProofError::EmptyIdentity => {
            Code::UnknownSigner
        }
        _ => Code::BadSignature,
    }
}

const fn code_of_statement(error: &StatementError) -> Code {
    match error {
        StatementError::UnknownPredicateType(_) => Code::UnknownKind,
        _ => Code::MalformedEvidence,
    }
}

/// An error's text as a reason's sentence.
pub(crate) fn sentence(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}
