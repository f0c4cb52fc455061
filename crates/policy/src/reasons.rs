//! Reasons as they are gathered.

use model::Reason;

use crate::code::Code;
use crate::policy::Policy;

/// Collects reasons under one policy.
pub(crate) struct Reasons<'p> {
    policy: &'p Policy,
    pub(crate) list: Vec<Reason>,
}

impl<'p> Reasons<'p> {
    pub(crate) const fn new(policy: &'p Policy) -> Self {
        Self { policy, list: Vec::new() }
    }

    pub(crate) fn add<'f>(&mut self, code: Code, files: impl IntoIterator<Item = &'f str>, message: String) {
        self.list.push(Reason {
            weight: self.policy.weight(code),
            code: code.as_str().into(),
            message,
            evidence: files.into_iter().map(str::to_owned).collect(),
            clears: code.clears().into(),
        });
    }

    /// Puts the heaviest first, and each only once: equal input in any order gives equal output.
    pub(crate) fn sort(&mut self) {
        for reason in &mut self.list {
            reason.evidence.sort_unstable();
            reason.evidence.dedup();
        }
        self.list.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.cmp(b)));
        self.list.dedup();
    }
}
