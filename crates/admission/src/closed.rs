//! Whether a verdict was closed: a run that asked people about it was rejected, or nobody answered, or it was ended.
//!
//! A closure only ever shuts, so that it counts whoever signed it: whoever can put one there could as well take the
//! verdict away. That one was taken away, nobody can see.

use std::collections::BTreeSet;

use attest::predicate::{approval, closure, verdict};
use attest::{EvidenceFile, Kind, Predicate, Statement, Stray, StrayReason};
use model::{ContentDigest, Reason, Sha256};

use crate::admit::Allowed;
use crate::reason;

const CLEARS: &str = "Have the image decided on again, and the new verdict approved where that is needed";

/// What says by its name that it is a closure, and is no evidence that could be read: too long, or behind a link.
#[must_use]
pub fn hidden(strays: &[Stray]) -> Vec<Reason> {
    let claims = format!("{}.", Kind::Closure.slug());
    let one = |stray: &Stray| {
        let name = stray.path.file_name()?.to_string_lossy().into_owned();
        let is_one = name.starts_with(&claims) && stray.reason != StrayReason::Partial;
        is_one.then(|| {
            let message = format!("{name} cannot be read as a closure: {}", stray.reason);
            let mut reason = reason("closure-malformed", message, CLEARS);
            reason.evidence.push(name);
            reason
        })
    };
    strays.iter().filter_map(one).collect()
}

/// Every closure that speaks against publishing or using an image by this verdict, or that may.
#[must_use]
pub fn closed(
    files: &[EvidenceFile],
    verdict: &Allowed<verdict::Predicate>,
    about: &ContentDigest,
) -> Vec<Reason> {
    let (named, all_known) = verdicts(files, verdict);
    let one = |file: &EvidenceFile| {
        let (code, message) = match read(file)? {
            Err(why) => ("closure-malformed", format!("{} cannot be read as a closure: {why}", file.name)),
            Ok((_, closure)) if !closure.outcome.closes() => return None,
            Ok((_, closure)) if named.contains(&closure.verdict.sha256) => {
                let outcome = closure.outcome.as_str();
                (
                    "verdict-closed",
                    format!("by {} the verdict is closed: {outcome} on {}", file.name, closure.closed_on),
                )
            }
            Ok((statement, _)) if !all_known && statement.is_about(about) => {
                let message = format!(
                    "{} closes a verdict about this image, and the approval that says whether it is this one is not in the \
                     evidence",
                    file.name
                );
                ("closure-unsettled", message)
            }
            Ok(_) => return None,
        };
        let mut reason = reason(code, message, CLEARS);
        reason.evidence.push(file.name.clone());
        Some(reason)
    };
    files.iter().filter_map(one).collect()
}

/// The verdict itself and the one that people approved, if it was resumed from one; and whether all of them are known.
fn verdicts(files: &[EvidenceFile], verdict: &Allowed<verdict::Predicate>) -> (BTreeSet<Sha256>, bool) {
    let mut named = BTreeSet::from([verdict.payload_digest]);
    let Some(approval) = &verdict.predicate.approval else { return (named, true) };
    let payload = files
        .iter()
        .filter_map(EvidenceFile::payload)
        .find(|payload| Sha256::of(payload) == approval.payload_digest);
    let approved = payload.and_then(|payload| Statement::from_bytes(&payload).ok());
    match approved.and_then(|statement| statement.predicate::<approval::Predicate>().ok()) {
        Some(approval) => {
            named.insert(approval.verdict.sha256);
            (named, true)
        }
        None => (named, false),
    }
}

/// What a file says, if it is a closure or says by its name that it is one.
fn read(file: &EvidenceFile) -> Option<Result<(Statement, closure::Predicate), String>> {
    let claims = file.name.starts_with(&format!("{}.", Kind::Closure.slug()));
    let statement = file
        .payload()
        .ok_or_else(|| "it is no statement".to_owned())
        .and_then(|bytes| Statement::from_bytes(&bytes).map_err(|error| error.to_string()));
    match statement {
        Ok(statement) if statement.predicate_type == closure::Predicate::KIND.predicate_type() => {
            let predicate = statement.predicate().map_err(|error| error.to_string());
            Some(predicate.map(|predicate| (statement, predicate)))
        }
        Ok(_) => None,
        Err(why) => claims.then_some(Err(why)),
    }
}
