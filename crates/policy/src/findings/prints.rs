//! Fingerprints of this image's findings, and of those of the image before.

use std::collections::HashMap;

use model::{Finding, Fingerprint};

use super::Judged;
use crate::evidence::Evidence;

/// Each finding's fingerprint, computed at most once where more than one part asks for it.
pub(crate) struct Prints<'e> {
    family: &'e str,
    /// Of every finding, in the decision's order; empty where there is no image before.
    now: Vec<Fingerprint>,
    before: Option<Before<'e>>,
}

/// The findings of the image before.
pub(crate) struct Before<'e> {
    pub(crate) name: &'e str,
    passed: bool,
    /// Each with its fingerprint.
    pub(crate) findings: Vec<(Fingerprint, &'e Finding)>,
    /// The worst rank in which it had a finding in a version of its package.
    ranks: HashMap<(Fingerprint, &'e str), u8>,
}

impl<'e> Prints<'e> {
    pub(crate) fn new(judged: &[Judged], evidence: &'e Evidence) -> Self {
        let family = evidence.image.family.as_str();
        let before = evidence.previous.as_ref().map(|previous| {
            let print = |finding: &'e Finding| (finding.fingerprint(family), finding);
            let findings: Vec<_> = previous.findings.iter().map(print).collect();
            let mut ranks = HashMap::with_capacity(findings.len());
            for (print, finding) in &findings {
                let rank = finding.severity.rank_for_decision();
                let worst = ranks.entry((*print, finding.package.version.as_str())).or_insert(rank);
                *worst = rank.max(*worst);
            }
            Before { name: &previous.name, passed: previous.passed, findings, ranks }
        });
        let all = || judged.iter().map(|one| one.finding.fingerprint(family)).collect();
        Self { family, now: before.as_ref().map(|_| all()).unwrap_or_default(), before }
    }

    /// The fingerprint of the finding in this place.
    pub(crate) fn of(&self, place: usize, finding: &Finding) -> Fingerprint {
        self.now.get(place).copied().unwrap_or_else(|| finding.fingerprint(self.family))
    }

    pub(crate) const fn before(&self) -> Option<&Before<'e>> {
        self.before.as_ref()
    }

    /// Whether the image before passed with it: in this version of its package, and rated no lower. What was
    /// found in an image that nobody let through is not settled by finding it again.
    pub(crate) fn was_there(&self, place: usize, finding: &Finding) -> bool {
        let Some(before) = self.before.as_ref().filter(|before| before.passed) else { return false };
        let was = before.ranks.get(&(self.of(place, finding), finding.package.version.as_str()));
        was.is_some_and(|rank| *rank >= finding.severity.rank_for_decision())
    }
}
