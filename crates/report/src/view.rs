//! What there is to show: plain values, filled by whoever decided.
//!
//! As JSON it is the decision for machines. The page, the brief and the terminal show the same
//! values in the same order.

mod changes;
mod exception;
mod finding;

use model::{Reason, Severity, Verdict};
use serde::Serialize;

pub use changes::{Changed, Changes, Upgrade};
pub use exception::{Exception, Vex};
pub use finding::Finding;

/// A decision, ready to be shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// The image.
    pub image: Image,
    /// The policy.
    pub policy: Policy,
    /// The verdict.
    pub verdict: Verdict,
    /// The verdict is only recorded: it stops nothing, and nothing may be published by it.
    pub report_only: bool,
    /// The environment that was decided for, where one was named.
    pub environment: Option<String>,
    /// Where the policy, the exceptions and the feeds come from.
    pub sources: Vec<Source>,
    /// When it was decided.
    pub decided_on: String,
    /// Why, heaviest first.
    pub reasons: Vec<Reason>,
    /// What an approval cleared.
    pub waived: Option<Waived>,
    /// What the policy's own conditions approved.
    pub auto_approved: Vec<AutoApproved>,
    /// What is different from the image before, where there is one to compare with.
    pub changes: Option<Changes>,
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
#[serde(rename_all = "camelCase")]
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
    /// Its layers, lowest first; the last one is the image itself.
    pub layers: Vec<Layer>,
}

/// One layer of the image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Layer {
    /// The name of the image that it made.
    pub name: String,
    /// The digest over everything that its bake depended on.
    pub bake_id: String,
}

/// The policy that decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Its digest.
    pub digest: String,
}

/// Where something that the verdict rests on comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// What it is: `policy`, `exceptions`, `EPSS`, `KEV` …
    pub what: String,
    /// Where it was read: a file, or a repository's file at a ref.
    pub place: String,
    /// What was read.
    pub digest: String,
}

/// What an approval cleared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waived {
    /// Who approved.
    pub approver: String,
    /// What they said.
    pub comment: String,
    /// The reasons that no longer stand.
    pub reasons: Vec<Reason>,
}

/// A reason that no person had to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoApproved {
    /// The reason that no longer stands.
    pub reason: Reason,
    /// The policy's condition that approved it, in words or as a place.
    pub rule: String,
}

/// A piece of evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
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
    /// How the image was seen: `disk`, `booted`, `in-build`; empty where that says nothing.
    pub seen: String,
}

/// A package.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its source package.
    pub source: Option<String>,
    /// Its path in the image, where it was found by file.
    pub path: Option<String>,
    /// The layer that brought it, where known.
    pub layer: Option<String>,
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

/// Nothing is known, so nothing may pass.
impl Default for View {
    fn default() -> Self {
        Self {
            image: Image::default(),
            policy: Policy::default(),
            verdict: Verdict::Fail,
            report_only: false,
            environment: None,
            sources: vec![],
            decided_on: String::new(),
            reasons: vec![],
            waived: None,
            auto_approved: vec![],
            changes: None,
            findings: vec![],
            exceptions: vec![],
            evidence: vec![],
            packages: vec![],
        }
    }
}
