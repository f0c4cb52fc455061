//! What an approval clears: exactly the reasons for review that its signer saw, and no others.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{Reason, Weight};

use crate::click::{Bound, Refusal};
use crate::code::{Code, SetBy};
use crate::evidence::Signed;
use crate::exceptions::Exception;
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
    /// What GitHub says of it, where it was given there by a click; none where it is somebody's own signature.
    pub click: Option<Bound>,
    /// The verdict it is bound to, or why there is none that it could be bound to.
    pub prior: Result<Prior, String>,
}

/// The verdict that the approver saw, over the same image, policy, exceptions and evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prior {
    /// Its reasons.
    pub reasons: Vec<Reason>,
}

/// An approval, looked at.
pub(crate) struct Standing<'a> {
    approval: &'a Approval,
    /// Whether it clears anything.
    valid: bool,
    /// What has to be said about it.
    refusals: Vec<Refusal>,
}

impl<'a> Standing<'a> {
    pub(crate) fn of(policy: &Policy, approval: &'a Approval, now: Timestamp) -> Self {
        let mut refusals: Vec<Refusal> = match &approval.click {
            Some(click) => click.refusals.clone(),
            None => Vec::new(),
        };
        // A policy may take some of what speaks against an environment for a note.
        let holds_up = |refusal: &Refusal| policy.weight(refusal.code) > Weight::Note;
        if !refusals.iter().any(holds_up)
            && let Err((code, message)) = valid(policy, approval, now)
        {
            refusals.push(Refusal { code, message });
        }
        Self { approval, valid: !refusals.iter().any(holds_up), refusals }
    }

    /// Whether it clears anything.
    pub(crate) const fn counts(&self) -> bool {
        self.valid
    }

    /// The exceptions that the approver made for this decision alone.
    pub(crate) fn exceptions(&self) -> &'a [Exception] {
        match &self.approval.click {
            Some(click) if self.valid => &click.exceptions,
            _ => &[],
        }
    }

    /// Takes out of `reasons` what the approval clears, and returns it. `before` are the reasons without the
    /// approver's exceptions, where there are any.
    pub(crate) fn apply(&self, before: Option<&[Reason]>, reasons: &mut Reasons<'_>) -> Vec<Reason> {
        let file = self.approval.file.as_str();
        for refusal in &self.refusals {
            reasons.add(refusal.code, [file], refusal.message.clone());
        }
        let Ok(prior) = &self.approval.prior else { return Vec::new() };
        if !self.valid {
            return Vec::new();
        }
        let seen = |reason: &Reason| prior.reasons.contains(reason);
        let cleared = |reason: &Reason| {
            reason.weight == Weight::Review
                && self.approval.waives.contains(&reason.code)
                && (seen(reason) || before.is_some_and(|before| narrowed(reason, before, seen)))
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
}

/// Whether a reason about findings says less than the approver saw. Exceptions only take findings away: where
/// everything of its code was seen without them, so was what is left of it.
pub(crate) fn narrowed(reason: &Reason, before: &[Reason], seen: impl Fn(&Reason) -> bool) -> bool {
    let by_rule = Code::from_name(&reason.code)
        .is_some_and(|code| code.set_by() == SetBy::Rules && code != Code::RegoDenied);
    let mut same =
        before.iter().filter(|one| one.code == reason.code && one.weight == Weight::Review).peekable();
    by_rule && same.peek().is_some() && same.all(seen)
}

fn valid(policy: &Policy, approval: &Approval, now: Timestamp) -> Result<(), (Code, String)> {
    signed(policy, approval)?;
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

/// Whether all of those who may approve among these also sign verdicts.
fn decides(policy: &Policy, names: &[String]) -> bool {
    let (approve, decide) =
        (policy.signers_of(EvidenceKind::Approval), policy.signers_of(EvidenceKind::Verdict));
    names.iter().filter(|name| approve.contains(name)).all(|name| decide.contains(name))
}

/// Whether somebody signed it who may.
fn signed(policy: &Policy, approval: &Approval) -> Result<(), (Code, String)> {
    let may = policy.signers_of(EvidenceKind::Approval);
    match &approval.signed {
        Signed::Unsigned => return Err((Code::ApprovalRefused, "The approval is not signed.".into())),
        Signed::By(names) if !names.iter().any(|name| may.contains(name)) => {
            return Err((Code::ApprovalRefused, "The approval's signer is none who may approve.".into()));
        }
        // Who clicked is not the gate, which only writes down what GitHub says.
        Signed::By(_) if approval.own_key && approval.click.is_none() => {
            return Err((Code::ApprovalRefused, "The approval is signed with the gate's own key.".into()));
        }
        // Else the job that publishes, which signs what it read in GitHub, could approve by a file that nobody clicked for.
        Signed::By(names) if approval.click.is_none() && decides(policy, names) => {
            let message = "The approval is signed by someone who signs verdicts: as a file it does not count, only as a click in GitHub.";
            return Err((Code::ApprovalRefused, message.into()));
        }
        Signed::By(_) => {}
    }
    Ok(())
}
