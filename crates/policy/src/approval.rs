//! What an approval clears: exactly the reasons for review that its signer saw, and no others.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{Reason, Weight};

use crate::code::Code;
use crate::evidence::Signed;
use crate::kind::EvidenceKind;
use crate::policy::Policy;
use crate::reasons::Reasons;

/// A genuine approval statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Its file's name.
    pub file: String,
    /// Who signed it.
    pub signed: Signed,
    /// Whether that is the gate's own key: nobody approves their own verdict.
    pub own_key: bool,
    /// Who approves. Hostile text.
    pub approver: String,
    /// The codes it waives.
    pub waives: BTreeSet<String>,
    /// When it was given.
    pub decided_on: Timestamp,
    /// Until when it holds by its own word; the policy may end it sooner.
    pub expires_on: Timestamp,
    /// The verdict it is bound to, or why there is none that it could be bound to.
    pub prior: Result<Prior, String>,
}

/// The verdict that the approver saw, over the same image, policy, exceptions and evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prior {
    /// Its reasons.
    pub reasons: Vec<Reason>,
}

/// Takes out of `reasons` what the approval clears, and returns it.
pub(crate) fn apply(
    policy: &Policy,
    approval: &Approval,
    now: Timestamp,
    reasons: &mut Reasons<'_>,
) -> Vec<Reason> {
    let file = approval.file.as_str();
    if let Err((code, message)) = valid(policy, approval, now) {
        reasons.add(code, [file], message);
        return Vec::new();
    }
    let Ok(prior) = &approval.prior else { return Vec::new() };
    let cleared = |reason: &Reason| {
        reason.weight == Weight::Review
            && approval.waives.contains(&reason.code)
            && prior.reasons.iter().any(|seen| seen == reason)
    };
    let (waived, left): (Vec<Reason>, Vec<Reason>) =
        std::mem::take(&mut reasons.list).into_iter().partition(cleared);
    let open = left.iter().filter(|reason| reason.weight == Weight::Review).count();
    reasons.list = left;
    if open > 0 {
        let message = format!("{open} reasons for review are not among those that the approval waives.");
        reasons.add(Code::ApprovalIncomplete, [file], message);
    }
    waived
}

fn valid(policy: &Policy, approval: &Approval, now: Timestamp) -> Result<(), (Code, String)> {
    let may = policy.signers_of(EvidenceKind::Approval);
    match &approval.signed {
        Signed::Unsigned => return Err((Code::ApprovalRefused, "The approval is not signed.".into())),
        Signed::By(names) if !names.iter().any(|name| may.contains(name)) => {
            return Err((Code::ApprovalRefused, "The approval's signer is none who may approve.".into()));
        }
        Signed::By(_) if approval.own_key => {
            return Err((Code::ApprovalRefused, "The approval is signed with the gate's own key.".into()));
        }
        Signed::By(_) => {}
    }
    if let Err(why) = &approval.prior {
        return Err((Code::ApprovalOfAnother, format!("The approval is for another verdict: {why}.")));
    }
    if approval.decided_on > now {
        return Err((
            Code::ApprovalOfAnother,
            format!("The approval is dated {}, after this decision.", approval.decided_on),
        ));
    }
    let ends = approval
        .decided_on
        .checked_add(policy.approval_timeout())
        .map_or(approval.expires_on, |longest| longest.min(approval.expires_on));
    if now >= ends {
        return Err((
            Code::ApprovalExpired,
            format!("The approval of {} held until {ends}.", approval.decided_on),
        ));
    }
    Ok(())
}
