//! The decision itself: every part put together, sorted so that equal input in any order gives
//! equal output.

use jiff::Timestamp;
use model::{Reason, Verdict};

use crate::approval::{Approval, Standing};
use crate::auto_approve::{self, AutoApproved};
use crate::changes::{self, Changes};
use crate::demands;
use crate::evidence::{Evidence, Statement};
use crate::exceptions::{ExceptionUse, Exceptions};
use crate::findings::{self, Judged, Outcome};
use crate::newest::newest;
use crate::policy::{Policy, ResolvedPolicy};
use crate::reasons::Reasons;
use crate::rego;

/// What was decided, and everything it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The verdict: the worst of the reasons.
    pub verdict: Verdict,
    /// Why, heaviest first.
    pub reasons: Vec<Reason>,
    /// What the policy's own `auto-approve` cleared.
    pub auto_approved: Vec<AutoApproved>,
    /// What an approval cleared.
    pub waived: Option<Waived>,
    /// Every finding of the deciding scans, worst first.
    pub findings: Vec<Judged>,
    /// Every exception and what became of it.
    pub exceptions: Vec<ExceptionUse>,
    /// The files of the statements that decided.
    pub deciding: Vec<String>,
    /// The files of statements that newer ones supersede.
    pub superseded: Vec<String>,
    /// What is another than in the image before; none where there is none to compare with.
    pub changes: Option<Changes>,
    /// The policy only looks on: the verdict holds nothing up, and opens nothing.
    pub report_only: bool,
}

/// What an approval cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waived {
    /// Who approved. Hostile text.
    pub approver: String,
    /// Whether the approval counts. One that does not clears nothing.
    pub counts: bool,
    /// The reasons that no longer stand.
    pub reasons: Vec<Reason>,
}

/// Decides.
#[must_use]
pub fn decide(
    policy: &ResolvedPolicy,
    exceptions: &Exceptions,
    evidence: &Evidence,
    approval: Option<&Approval>,
    now: Timestamp,
) -> Decision {
    let checked = policy.policy();
    let standing = approval.map(|approval| Standing::of(checked, approval, now));
    let more = standing.as_ref().map_or(&[] as &[_], Standing::exceptions);
    // What was not to be waived without them is not waived with them.
    let before = (!more.is_empty()).then(|| decide(policy, exceptions, evidence, None, now));
    let more = if before.as_ref().is_some_and(|one| one.verdict == Verdict::Fail) { &[] } else { more };
    let exceptions = &exceptions.and(more);
    let before = before.as_ref().map(|one| one.reasons.as_slice());
    let mut gathered = gather(policy, exceptions, evidence, now);
    if let Some(module) = &checked.rego {
        let answer = module.evaluate(gathered.document(checked, evidence, now));
        gathered.reasons.list.extend(rego::reasons(answer));
    }
    let Gathered { mut reasons, deciding, superseded, outcome, changes } = gathered;
    let auto_approved = auto_approve::apply(
        checked,
        evidence,
        &outcome.findings,
        outcome.found,
        &outcome.prints,
        &mut reasons,
    );
    reasons.sort();
    let waived = approval.zip(standing).map(|(approval, standing)| Waived {
        approver: approval.approver.clone(),
        counts: standing.counts(),
        reasons: standing.apply(before, &mut reasons),
    });
    reasons.sort();
    Decision {
        verdict: Verdict::of(&reasons.list),
        reasons: reasons.list,
        auto_approved,
        waived,
        findings: outcome.findings,
        exceptions: outcome.exceptions,
        deciding: files(&deciding),
        superseded: files(&superseded),
        changes,
        report_only: checked.report_only(),
    }
}

/// The document that the policy's Rego module sees, as JSON: what `opa eval --input` wants.
#[must_use]
pub fn rego_input(
    policy: &ResolvedPolicy,
    exceptions: &Exceptions,
    evidence: &Evidence,
    now: Timestamp,
) -> String {
    let document = gather(policy, exceptions, evidence, now).document(policy.policy(), evidence, now);
    // What it is made of (objects with names for keys, numbers, text) is all JSON.
    document.to_json_str().unwrap_or_default()
}

/// Everything that was found, before anything is cleared.
struct Gathered<'d> {
    reasons: Reasons<'d>,
    deciding: Vec<&'d Statement>,
    superseded: Vec<&'d Statement>,
    outcome: Outcome<'d>,
    changes: Option<Changes>,
}

fn gather<'d>(
    policy: &'d ResolvedPolicy,
    exceptions: &Exceptions,
    evidence: &'d Evidence,
    now: Timestamp,
) -> Gathered<'d> {
    let checked = policy.policy();
    let mut reasons = Reasons::new(checked);
    for objection in &evidence.objections {
        reasons.add(objection.code, [objection.file.as_str()], objection.message.clone());
    }
    demands::shared_keys(policy, &mut reasons);
    let admitted = demands::admitted(checked, evidence, &mut reasons);
    let (deciding, superseded) = newest(admitted);
    demands::check(checked, evidence, &deciding, now, &mut reasons);
    let mut outcome = findings::judge(checked, exceptions, evidence, &deciding, now);
    reasons.list.append(&mut outcome.about_exceptions);
    let changes = changes::changes(evidence, &deciding, &outcome.findings, &outcome.prints);
    Gathered { reasons, deciding, superseded, outcome, changes }
}

impl Gathered<'_> {
    /// What the policy's Rego module sees.
    fn document(&self, policy: &Policy, evidence: &Evidence, now: Timestamp) -> regorus::Value {
        let found = self.outcome.found.iter().map(|group| &group.reason);
        let reasons: Vec<&Reason> = self.reasons.list.iter().chain(found).collect();
        rego::document(rego::Input {
            policy,
            evidence,
            deciding: &self.deciding,
            findings: &self.outcome.findings,
            exceptions: &self.outcome.exceptions,
            reasons: &reasons,
            changes: self.changes.as_ref(),
            now,
        })
    }
}

fn files(statements: &[&Statement]) -> Vec<String> {
    let mut files: Vec<String> = statements.iter().map(|s| s.file.clone()).collect();
    files.sort_unstable();
    files
}
