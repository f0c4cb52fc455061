//! Reasons for review that nobody has to be asked about, because the policy says under which
//! conditions the answer is yes. What clears a reason covers it wholly; `fail` is never cleared.

use model::{Reason, Weight};

use crate::code::{Code, SetBy};
use crate::evidence::Evidence;
use crate::findings::{Grouped, Judged, Prints};
use crate::pattern::fits;
use crate::policy::{AutoApproval, Policy};
use crate::reasons::Reasons;

/// A reason that the policy itself cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoApproved {
    /// The reason that no longer stands.
    pub reason: Reason,
    /// The place of the entry of the policy's `auto-approve`, counted from zero.
    pub entry: usize,
    /// The entry in words.
    pub by: String,
}

/// Takes out of the reasons what an entry clears, and returns it. What was found joins the others here.
pub(crate) fn apply(
    policy: &Policy,
    evidence: &Evidence,
    findings: &[Judged],
    found: Vec<Grouped>,
    prints: &Prints<'_>,
    reasons: &mut Reasons<'_>,
) -> Vec<AutoApproved> {
    let mut cleared = Vec::new();
    let others = std::mem::take(&mut reasons.list).into_iter();
    let others = others.map(|reason| Grouped { reason, findings: Vec::new() });
    for group in others.chain(found) {
        let covers = |entry: &AutoApproval| {
            applies(entry, evidence, &group.reason) && covers(entry, &group.findings, findings, prints)
        };
        match policy.auto_approve.iter().position(covers) {
            Some(entry) => {
                let by = policy.auto_approve.get(entry).map(in_words).unwrap_or_default();
                cleared.push(AutoApproved { reason: group.reason, entry, by });
            }
            None => reasons.list.push(group.reason),
        }
    }
    cleared.sort_by(|a, b| a.reason.cmp(&b.reason));
    cleared.dedup();
    cleared
}

/// Whether an entry is about such a reason, in this image and environment. Where no environment is named,
/// an entry for some is for none.
fn applies(entry: &AutoApproval, evidence: &Evidence, reason: &Reason) -> bool {
    let may = |code: Code| code.set_by() != SetBy::Nobody && entry.reasons.contains(&code);
    let environment = evidence.environment.as_ref();
    reason.weight == Weight::Review
        && Code::from_name(&reason.code).is_some_and(may)
        && (entry.environments.is_empty() || environment.is_some_and(|one| entry.environments.contains(one)))
        && (entry.images.is_empty() || entry.images.iter().any(|image| fits(image, &evidence.image.family)))
}

/// What an entry asks of findings must hold for each behind the reason: of a reason without any, nothing
/// can be said.
fn covers(entry: &AutoApproval, places: &[usize], findings: &[Judged], prints: &Prints<'_>) -> bool {
    if entry.severity.is_empty() && !entry.unchanged {
        return true;
    }
    let each = |place: &usize| {
        findings.get(*place).is_some_and(|one| {
            (entry.severity.is_empty() || entry.severity.contains(&one.finding.severity))
                && (!entry.unchanged || prints.was_there(*place, &one.finding))
        })
    };
    !places.is_empty() && places.iter().all(each)
}

fn in_words(entry: &AutoApproval) -> String {
    let list =
        |name: &str, words: &[String]| (!words.is_empty()).then(|| format!("{name} {}", words.join(", ")));
    let codes: Vec<String> = entry.reasons.iter().map(ToString::to_string).collect();
    let severity: Vec<String> = entry.severity.iter().map(ToString::to_string).collect();
    let parts = [
        list("reasons", &codes),
        list("severity", &severity),
        list("environments", &entry.environments),
        list("images", &entry.images),
        entry.unchanged.then(|| "unchanged".to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<String>>().join("; ")
}
