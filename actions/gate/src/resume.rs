//! An approval against the verdict that it names: the same image, policy, exceptions and evidence.

use std::collections::BTreeSet;

use admission::dated;
use attest::Kind;
use attest::predicate::verdict::EvidenceRef;
use attest::predicate::{approval, verdict};
use model::{ImageManifest, Sha256};
use policy::{Approval, Code, EvidenceKind, Objection, Policy, Prior, Signed};

use crate::case::Case;
use crate::click;
use crate::exact::{self, Genuine, sentence};
use crate::gather::reference;
use crate::keys::Keys;

/// A genuine approval, as the decision takes it and as the verdict lists it.
pub(crate) struct Resumed {
    pub(crate) approval: Approval,
    /// None as long as nobody has signed for it: an approval of GitHub's, before the job writes it down.
    pub(crate) reference: Option<EvidenceRef>,
    pub(crate) comment: String,
    /// The statement of the verdict that was approved in GitHub.
    pub(crate) verdict: Option<Sha256>,
}

/// What an approval is measured against.
pub(crate) struct Now<'n> {
    pub(crate) image: &'n ImageManifest,
    pub(crate) policy: &'n Policy,
    pub(crate) policy_digest: Sha256,
    pub(crate) evidence: &'n [EvidenceRef],
}

/// Reads the case's approval. One that does not even read is refused with a reason of its own.
pub(crate) fn read(case: &Case, keys: &Keys, now: &Now<'_>) -> Result<Option<Resumed>, Objection> {
    if case.click.is_some() {
        return click::read(case, keys, now).map(Some);
    }
    let Some(item) = &case.approval else { return Ok(None) };
    let refused =
        |message: String| Objection { code: Code::ApprovalRefused, file: item.name.clone(), message };
    let genuine = exact::read(item, keys).map_err(|objection| refused(objection.message))?;
    if genuine.kind != Kind::Approval {
        return Err(refused(format!("This is a {} and no approval.", genuine.kind)));
    }
    let read: approval::Predicate =
        genuine.statement.predicate().map_err(|error| refused(sentence(&error)))?;
    let decided_on = match dated(Some(read.decided_on), genuine.signed_by) {
        Ok(on) => on.unwrap_or(read.decided_on),
        Err(misdated) => return Err(refused(format!("The approval is refused: {misdated}."))),
    };
    if read.github.is_some() {
        return Err(refused(
            "This approval was given in GitHub: it counts in the run that it was given to, and in no other."
                .into(),
        ));
    }
    let prior = about(now, &genuine)
        .and_then(|()| named(case, keys, read.verdict.sha256))
        .and_then(|verdict| prior(case, now, &verdict, read.brief.sha256))
        .map(|verdict| Prior { reasons: verdict.reasons });
    let approval = Approval {
        file: genuine.file.clone(),
        signed: genuine.signed.clone(),
        own_key: is_own(case, &genuine),
        approver: read.approver.clone(),
        waives: read.waives.into_iter().collect(),
        decided_on,
        expires_on: read.expires_on,
        click: None,
        prior,
    };
    Ok(Some(Resumed { approval, reference: Some(reference(&genuine)), comment: read.comment, verdict: None }))
}

/// Whether whoever decides is whoever approved.
fn is_own(case: &Case, approval: &Genuine) -> bool {
    let (Some(gate), Some(approver)) = (&case.gate.signer, &approval.signer) else { return false };
    gate.is_same_as(approver)
}

fn about(now: &Now<'_>, approval: &Genuine) -> Result<(), String> {
    if approval.statement.is_about(&now.image.content_digest()) {
        return Ok(());
    }
    Err("it is about another image".into())
}

/// The verdict that an approval names.
fn named(case: &Case, keys: &Keys, payload: Sha256) -> Result<Genuine, String> {
    let item = case.prior.as_ref().ok_or("the verdict that it names is not in the evidence")?;
    let genuine = exact::read(item, keys).map_err(objected)?;
    if genuine.payload != payload {
        return Err("the verdict that it names is not in the evidence".into());
    }
    Ok(genuine)
}

pub(crate) fn objected(objection: Objection) -> String {
    objection.message.trim_end_matches('.').to_owned()
}

/// The verdict that the approver saw, or in what it differs from what is decided now.
pub(crate) fn prior(
    case: &Case,
    now: &Now<'_>,
    genuine: &Genuine,
    brief: Sha256,
) -> Result<verdict::Predicate, String> {
    let may = now.policy.signers_of(EvidenceKind::Verdict);
    match &genuine.signed {
        Signed::By(names) if names.iter().any(|name| may.contains(name)) => {}
        Signed::By(_) | Signed::Unsigned => return Err("that verdict's signer may not sign verdicts".into()),
    }
    if !genuine.statement.is_about(&now.image.content_digest()) {
        return Err("that verdict is about another image".into());
    }
    // The same disk as another machine (boot mode, devices, family) is not what the approver saw.
    let manifest = Sha256::of(&case.image);
    if !genuine.statement.subject.iter().any(|subject| subject.sha256() == Some(manifest)) {
        return Err("that verdict is about this content with another image.json".into());
    }
    let verdict: verdict::Predicate = genuine.statement.predicate().map_err(|error| error.to_string())?;
    if brief_of(genuine) != Some(brief) {
        return Err("the brief that was approved is not that verdict's".into());
    }
    same_inputs(case, now, &verdict)?;
    Ok(verdict)
}

fn same_inputs(case: &Case, now: &Now<'_>, verdict: &verdict::Predicate) -> Result<(), String> {
    if verdict.policy.digest.sha256 != now.policy_digest {
        return Err("the policy has changed since".into());
    }
    if verdict.environment != case.environment {
        return Err("it was decided for another environment".into());
    }
    let exceptions = case.exceptions.as_ref().map(|bytes| Sha256::of(bytes));
    if verdict.exceptions_file.as_ref().and_then(attest::predicate::ResourceDescriptor::sha256) != exceptions
    {
        return Err("the exceptions have changed since".into());
    }
    let payloads =
        |refs: &[EvidenceRef]| -> BTreeSet<Sha256> { refs.iter().map(|one| one.payload_digest).collect() };
    if payloads(&verdict.evidence) != payloads(now.evidence) {
        return Err("the evidence has changed since".into());
    }
    Ok(())
}

/// The digest of the brief that a verdict names.
pub(crate) fn brief_of(verdict: &Genuine) -> Option<Sha256> {
    verdict.statement.predicate.get("brief")?.get("sha256")?.as_str()?.parse().ok()
}
