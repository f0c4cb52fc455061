//! What was decided, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The three answers. Ordered from good to bad: a verdict is the worst of its reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing stands against it.
    Pass,
    /// A person has to decide.
    Review,
    /// No person may waive it.
    Fail,
}

/// How heavy a reason is. Ordered from light to heavy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Worth knowing; decides nothing.
    Note,
    /// A person may waive it.
    Review,
    /// Nobody may.
    Fail,
}

impl Weight {
    /// The verdict that this weight alone leads to.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Note => Verdict::Pass,
            Self::Review => Verdict::Review,
            Self::Fail => Verdict::Fail,
        }
    }
}

/// One thing that speaks for a verdict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// How heavy it is.
    pub weight: Weight,
    /// A stable, kebab-case name that policies and tests refer to.
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// What it rests on: evidence files, findings, lines of a policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// What would make it go away.
    pub clears: String,
}

impl Verdict {
    /// The verdict of a list of reasons: the worst one's; of none, `pass`.
    #[must_use]
    pub fn of(reasons: &[Reason]) -> Self {
        reasons.iter().map(|r| r.weight.verdict()).max().unwrap_or(Self::Pass)
    }

    /// As it is written everywhere: `pass`, `review`, `fail`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Review => "review",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(weight: Weight) -> Reason {
        Reason { weight, code: "c".into(), message: String::new(), evidence: vec![], clears: String::new() }
    }

    #[test]
    fn the_worst_reason_decides() {
        use Weight::{Fail, Note, Review};
        for (weights, verdict) in [
            (vec![], Verdict::Pass),
            (vec![Note], Verdict::Pass),
            (vec![Note, Review], Verdict::Review),
            (vec![Review, Note], Verdict::Review),
            (vec![Review, Fail, Note], Verdict::Fail),
        ] {
            let reasons: Vec<_> = weights.iter().copied().map(reason).collect();
            assert_eq!(Verdict::of(&reasons), verdict, "{weights:?}");
        }
    }
}
