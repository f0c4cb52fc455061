//! The decision itself: every part put together, sorted so that equal input in any order gives
//! equal output.

use jiff::Timestamp;
use model::{Reason, Verdict};

use crate::approval::{self, Approval};
use crate::demands::{self, Reasons};
use crate::evidence::Evidence;
use crate::exceptions::{ExceptionUse, Exceptions};
use crate::findings::{self, Judged};
use crate::newest::newest;
use crate::policy::ResolvedPolicy;

/// What was decided, and everything it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The verdict: the worst of the reasons.
    pub verdict: Verdict,
    /// Why, heaviest first.
    pub reasons: Vec<Reason>,
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
}

/// What an approval cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waived {
    /// Who approved. Hostile text.
    pub approver: String,
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
    let mut reasons = Reasons::new(checked);
    for objection in &evidence.objections {
        reasons.add(objection.code, [objection.file.as_str()], objection.message.clone());
    }
    demands::shared_keys(policy, &mut reasons);
    let admitted = demands::admitted(checked, evidence, &mut reasons);
    let (deciding, superseded) = newest(admitted);
    demands::check(checked, evidence, &deciding, now, &mut reasons);
    let outcome = findings::judge(checked, exceptions, evidence, &deciding, now);
    reasons.list.extend(outcome.reasons);
    sort(&mut reasons.list);
    let waived = approval.map(|approval| Waived {
        approver: approval.approver.clone(),
        reasons: approval::apply(checked, approval, now, &mut reasons),
    });
    sort(&mut reasons.list);
    Decision {
        verdict: Verdict::of(&reasons.list),
        reasons: reasons.list,
        waived,
        findings: outcome.findings,
        exceptions: outcome.exceptions,
        deciding: files(&deciding),
        superseded: files(&superseded),
    }
}

fn sort(reasons: &mut Vec<Reason>) {
    for reason in reasons.iter_mut() {
        reason.evidence.sort_unstable();
        reason.evidence.dedup();
    }
    reasons.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.cmp(b)));
    reasons.dedup();
}

fn files(statements: &[&crate::Statement]) -> Vec<String> {
    let mut files: Vec<String> = statements.iter().map(|s| s.file.clone()).collect();
    files.sort_unstable();
    files
}
