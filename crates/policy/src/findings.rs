//! Findings against rules and exceptions: what becomes of each.

mod order;
mod prints;
mod reasons;
mod rules;
mod shared;
mod sight;

use std::sync::Arc;

use jiff::Timestamp;
use model::{Reason, Weight};

pub(crate) use prints::Prints;
use rules::{Met, Rules};
pub use shared::SharedFinding;
use sight::Lookup;
pub use sight::Origin;

use crate::evidence::{Evidence, Facts, Statement};
use crate::exceptions::{ExceptionUse, Exceptions, Standing};
use crate::policy::{Policy, Scope};

/// A finding, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The finding.
    pub finding: SharedFinding,
    /// The statement that reported it.
    pub file: Arc<str>,
    /// The heaviest rule that matches it; none where no rule does.
    pub weight: Option<Weight>,
    /// The exceptions that suppress it, as places in the decision's list; empty where none does.
    pub suppressed_by: Vec<usize>,
    /// How likely it is to be exploited, where the feed rates it.
    pub epss: Option<f64>,
    /// Whether it is known to be exploited; none without the feed.
    pub kev: Option<bool>,
    /// Where its package came from, where that is known.
    pub origin: Option<Origin>,
    /// The rule that gave it its weight.
    met: Option<Met>,
}

impl Judged {
    /// What it counts for: nothing where it is suppressed or no rule is about it.
    #[must_use]
    pub fn counts(&self) -> Option<Weight> {
        if self.suppressed_by.is_empty() { self.weight } else { None }
    }
}

/// A reason, and the places of the findings that it is about.
pub(crate) struct Grouped {
    pub(crate) reason: Reason,
    pub(crate) findings: Vec<usize>,
}

pub(crate) struct Outcome<'e> {
    /// What tells findings apart, in the order of `findings`.
    pub(crate) prints: Prints<'e>,
    pub(crate) findings: Vec<Judged>,
    pub(crate) exceptions: Vec<ExceptionUse>,
    /// What was found.
    pub(crate) found: Vec<Grouped>,
    /// What is to be said about exceptions.
    pub(crate) about_exceptions: Vec<Reason>,
}

pub(crate) fn judge<'e>(
    policy: &Policy,
    exceptions: &Exceptions,
    evidence: &'e Evidence,
    deciding: &[&Statement],
    now: Timestamp,
) -> Outcome<'e> {
    let scope = Scope { family: Some(&evidence.image.family), environment: evidence.environment.as_deref() };
    let mut standing = Standing::new(exceptions, policy.exception_limits(), scope, now);
    let rules = Rules::new(policy, &evidence.feeds);
    let lookup = Lookup::new(evidence, now);
    let mut judged = Vec::new();
    for statement in deciding {
        let Facts::Vulns { findings, .. } = &statement.facts else { continue };
        let file: Arc<str> = statement.file.as_str().into();
        judged.reserve(findings.len());
        for finding in SharedFinding::all(findings) {
            let suppressed_by = standing.suppressing(&finding);
            let sight = lookup.at(&finding);
            let decided = rules.decide(&finding, &sight);
            judged.push(Judged {
                file: Arc::clone(&file),
                weight: decided.map(|(weight, _)| weight),
                suppressed_by,
                epss: sight.epss.map(crate::Score::value),
                kev: sight.kev,
                origin: sight.origin,
                met: decided.map(|(_, met)| met),
                finding,
            });
        }
    }
    let uses = standing.finish();
    let judged = order::sort(judged);
    let prints = Prints::new(&judged, evidence);
    let found = reasons::reasons(&judged, &rules, &prints);
    let about_exceptions = uses.iter().flat_map(ExceptionUse::reasons).collect();
    Outcome { prints, findings: judged, exceptions: uses, found, about_exceptions }
}
