//! What there is to show: plain values, filled by whoever decided.

use model::{Reason, Severity, Verdict};
use serde::Serialize;

/// A decision, ready to be shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct View {
    /// The image.
    pub image: Image,
    /// The policy.
    pub policy: Policy,
    /// The verdict.
    pub verdict: Verdict,
    /// When it was decided.
    pub decided_on: String,
    /// Why, heaviest first.
    pub reasons: Vec<Reason>,
    /// What an approval cleared.
    pub waived: Option<Waived>,
    /// Every finding, worst first.
    pub findings: Vec<Finding>,
    /// Every exception.
    pub exceptions: Vec<Exception>,
    /// Every piece of evidence.
    pub evidence: Vec<Evidence>,
    /// Every package that a scan saw.
    pub packages: Vec<Package>,
}

/// The image that was decided about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Its name.
    pub name: String,
    /// Its family.
    pub family: String,
    /// Its architecture.
    pub architecture: String,
    /// Its operating system, where known.
    pub os: String,
    /// What it is.
    pub content_digest: String,
    /// Its layers, lowest first.
    pub layers: Vec<String>,
}

/// The policy that decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Its digest.
    pub digest: String,
}

/// What an approval cleared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Waived {
    /// Who approved.
    pub approver: String,
    /// What they said.
    pub comment: String,
    /// The reasons that no longer stand.
    pub reasons: Vec<Reason>,
}

/// A finding and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The vulnerability.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// The package.
    pub package: String,
    /// The installed version.
    pub version: String,
    /// The version that mends it.
    pub fixed: Option<String>,
    /// One line about it.
    pub title: String,
    /// `fail`, `review`, `note`, `allowed` (no rule is about it) or `suppressed`.
    pub outcome: String,
    /// The exceptions that suppress it, as places in the view's list.
    pub exceptions: Vec<usize>,
    /// The scanner.
    pub scanner: String,
    /// Where to read more.
    pub link: Option<String>,
}

/// An exception and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// What it is about.
    pub label: String,
    /// Its line in the exceptions file.
    pub line: u64,
    /// How it stands: `holds`, `ending`, `expired` …
    pub state: String,
    /// How many findings it suppresses.
    pub suppressed: usize,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Where it is discussed.
    pub ticket: String,
    /// Its last day.
    pub expires: String,
}

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Its kind.
    pub kind: String,
    /// Its file.
    pub file: String,
    /// Who signed it, by the policy's names and by key.
    pub signer: String,
    /// When it was made.
    pub issued: String,
    /// `decides`, `superseded` or `refused`.
    pub state: String,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its source package.
    pub source: Option<String>,
}

impl View {
    /// How many findings of a severity stand, and how many are suppressed.
    #[must_use]
    pub fn count(&self, severity: Severity) -> (usize, usize) {
        let of: Vec<&Finding> = self.findings.iter().filter(|f| f.severity == severity).collect();
        let suppressed = of.iter().filter(|f| !f.exceptions.is_empty()).count();
        (of.len() - suppressed, suppressed)
    }
}
