//! Deciding again about an image that was published: today's rules and today's knowledge, over the evidence of then.
//!
//! What was made once ages by itself: provenance or a test of last month says today what it said then, so its age
//! is counted to the day on which the image was published ([`Evidence::published`]). What is known about the
//! image is another thing: the age of scans, of their database and of feeds is counted to today.

use jiff::Timestamp;
use jiff::civil::Date;
use model::{Class, Reason, Verdict, Weight};

use crate::approval::narrowed;
use crate::decide::{Decision, Waived, decide};
use crate::evidence::Evidence;
use crate::exceptions::{COMMENT, Exception, Exceptions};
use crate::policy::ResolvedPolicy;
use crate::problem::At;

/// What somebody answered for when the image was published, as far as that has not ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Who. Hostile text.
    pub approver: String,
    /// The reasons for review that the approval cleared.
    pub reasons: Vec<Reason>,
    /// The exceptions that the approver made.
    pub exceptions: Vec<Exception>,
}

impl Accepted {
    /// Whether there is nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.reasons.is_empty() && self.exceptions.is_empty()
    }
}

/// Decides, with what somebody has answered for: those very reasons for review, or less of the same, and what their
/// exceptions cover. What fails without them fails with them: no person may waive that.
#[must_use]
pub fn decide_again(
    policy: &ResolvedPolicy,
    exceptions: &Exceptions,
    evidence: &Evidence,
    accepted: &Accepted,
    now: Timestamp,
) -> Decision {
    let before = decide(policy, exceptions, evidence, None, now);
    if accepted.is_empty() || before.verdict != Verdict::Review {
        return before;
    }
    let mut after = decide(policy, &exceptions.and(&accepted.exceptions), evidence, None, now);
    let seen = |reason: &Reason| accepted.reasons.contains(reason);
    let cleared = |reason: &Reason| {
        reason.weight == Weight::Review && (seen(reason) || narrowed(reason, &before.reasons, seen))
    };
    let (waived, left): (Vec<Reason>, Vec<Reason>) = after.reasons.into_iter().partition(cleared);
    after.verdict = Verdict::of(&left);
    after.reasons = left;
    after.waived = Some(Waived { approver: accepted.approver.clone(), counts: true, reasons: waived });
    after
}

impl Exception {
    /// An exception of an approver's comment, which names a vulnerability and perhaps a package.
    #[must_use]
    pub const fn of_a_comment(
        line: u64,
        id: String,
        package: Option<String>,
        (created, expires): (Date, Date),
        reason: String,
        owner: String,
    ) -> Self {
        Self {
            at: At { file: COMMENT, line, column: 1 },
            class: Class::Vulnerability,
            id: Some(id),
            aliases: Vec::new(),
            package,
            purl: None,
            version: None,
            versions: None,
            paths: None,
            images: Vec::new(),
            environments: Vec::new(),
            reason,
            owner,
            ticket: None,
            created,
            expires,
            until_fixed: false,
            vex: None,
        }
    }
}
