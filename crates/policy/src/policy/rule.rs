//! Rules: what a policy says about findings.

use std::cmp::Ordering;

use jiff::SignedDuration;
use model::{Severity, Weight};

/// A threshold: every condition must hold, and the heaviest rule that matches a finding decides about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// The severities it is for; empty: every severity.
    pub severity: Vec<Severity>,
    /// Only findings with a fix, only those without, or both.
    pub fixable: Option<bool>,
    /// The CVSS base score from which it is for.
    pub cvss_at_least: Option<Score>,
    /// The EPSS score (0 to 1) from which it is for.
    pub epss_at_least: Option<Score>,
    /// Only vulnerabilities that are known to be exploited.
    pub kev: bool,
    /// Only what was published longer ago than this.
    pub older_than: Option<SignedDuration>,
    /// Binary or source packages, `*` at the end allowed; empty: every package.
    pub packages: Vec<String>,
    /// `base`, `image`, or names of layers; empty: every layer.
    pub layers: Vec<String>,
    /// Ids, `*` at the end allowed; empty: every id.
    pub ids: Vec<String>,
    /// Globs on the path in the image; empty: everywhere.
    pub paths: Vec<String>,
    /// A score that nobody has given does not count as reached.
    pub ignore_unscored: bool,
    /// What a matching finding leads to.
    pub then: Weight,
}

impl Rule {
    /// A rule about everything.
    #[must_use]
    pub const fn about_all(then: Weight) -> Self {
        Self {
            severity: Vec::new(),
            fixable: None,
            cvss_at_least: None,
            epss_at_least: None,
            kev: false,
            older_than: None,
            packages: Vec::new(),
            layers: Vec::new(),
            ids: Vec::new(),
            paths: Vec::new(),
            ignore_unscored: false,
            then,
        }
    }

    /// Whether it covers a severity. One that nobody has set is covered by every rule for `unknown`,
    /// for what it ranks with, and for `low`: it never slips below.
    #[must_use]
    pub fn covers(&self, severity: Severity) -> bool {
        let covers = |listed: &Severity| {
            *listed == severity
                || (severity == Severity::Unknown
                    && (listed.rank_for_decision() == severity.rank_for_decision()
                        || *listed == Severity::Low))
        };
        self.severity.is_empty() || self.severity.iter().any(covers)
    }
}

/// A score as a policy or a feed writes it. Ordered as numbers are; two spellings of one number are equal.
#[derive(Debug, Clone, Copy)]
pub struct Score(f64);

impl Score {
    /// A finite score that is not negative.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        // Minus zero is zero.
        (value.is_finite() && value >= 0.0).then_some(Self(value + 0.0))
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }
}

impl PartialEq for Score {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Score {}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
