//! The approval that a verdict was resumed with: who answered for what, and whether it is theirs.

use admission::{Whom, reason};
use attest::predicate::approval::Predicate;
use attest::predicate::verdict::EvidenceRef;
use attest::{EvidenceFile, Kind, Statement};
use jiff::Timestamp;
use model::{ContentDigest, Reason, Sha256};
use serde::Serialize;

/// What is known of an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Approved {
    /// Who, by their own words. Hostile text. None where the statement is not at hand.
    pub(crate) approver: Option<String>,
    /// Who signed it, as the gate verified it.
    pub(crate) signer: Option<String>,
    /// What they waived.
    pub(crate) waives: Vec<String>,
    /// Why. Hostile text.
    pub(crate) comment: String,
    /// When.
    pub(crate) decided_on: Option<Timestamp>,
    /// Until when the verdict could be resumed with it.
    pub(crate) expires_on: Option<Timestamp>,
    /// Whether that is over.
    pub(crate) over: bool,
    /// Whose word it is: the gate's, or the caller's own check of the signature.
    pub(crate) verified_by: &'static str,
}

/// Looks at the approval that a verdict names.
pub(crate) fn approved(
    named: &EvidenceRef,
    files: &[EvidenceFile],
    approver: Option<&Whom>,
    about: &ContentDigest,
    verdict: Timestamp,
    now: Timestamp,
) -> Result<Approved, Reason> {
    let mut known = Approved {
        approver: None,
        signer: named.signer.as_ref().map(ToString::to_string),
        waives: Vec::new(),
        comment: String::new(),
        decided_on: None,
        expires_on: None,
        over: false,
        verified_by: "the gate",
    };
    let found = files
        .iter()
        .filter_map(|file| Some((file, file.payload()?)))
        .find(|(_, payload)| Sha256::of(payload) == named.payload_digest);
    let clears =
        "Put the approval that the verdict names into the evidence, signed by whoever may approve here";
    let Some((file, payload)) = found else {
        return match approver {
            None => Ok(known),
            Some(_) => Err(reason(
                "approval-missing",
                format!("the approval that the verdict rests on ({}) is not in the evidence", named.file),
                clears,
            )),
        };
    };
    if let Some(whom) = approver {
        match attest::verify(&file.bytes, &whom.trust) {
            Ok(verified) if verified.kind == Kind::Approval && !verified.statement.is_about(about) => {
                let message = format!("{} is about another image", file.name);
                return Err(reason("approval-of-another-image", message, clears));
            }
            Ok(verified) if verified.kind == Kind::Approval => {
                known.signer = Some(verified.signer.to_string());
                known.verified_by = "its signature";
            }
            Ok(verified) => {
                let message = format!("{} is a {} and no approval", file.name, verified.kind);
                return Err(reason("approval-malformed", message, clears));
            }
            Err(error) => {
                let message = format!("the approval is not by {}: {error}", whom.name);
                let mut reason = reason("approval-wrong-signer", message, clears);
                reason.evidence.push(file.name.clone());
                return Err(reason);
            }
        }
    }
    // Its bytes are those that the verdict names by digest, and whoever signed that is trusted.
    let read = Statement::from_bytes(&payload).ok().and_then(|one| one.predicate::<Predicate>().ok());
    let Some(read) = read else {
        return Err(reason(
            "approval-malformed",
            format!("{} does not read as an approval", file.name),
            clears,
        ));
    };
    if verdict < read.decided_on || read.expires_on <= verdict {
        let message = format!(
            "the approval in {} held from {} until {}, and the verdict is of {verdict}",
            file.name, read.decided_on, read.expires_on
        );
        return Err(reason("approval-of-another-time", message, clears));
    }
    known.over = read.expires_on < now;
    known.approver = Some(read.approver);
    known.waives = read.waives;
    known.comment = read.comment;
    known.decided_on = Some(read.decided_on);
    known.expires_on = Some(read.expires_on);
    Ok(known)
}
