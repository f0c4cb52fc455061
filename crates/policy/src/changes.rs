//! What changed against the image that stood in the channel before. It decides nothing by itself:
//! people read it, and an entry of `auto-approve` may rest on what was there before.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use model::{Class, Finding, Fingerprint, Package, Severity};

use crate::evidence::{Evidence, Facts, Statement};
use crate::findings::{Judged, Prints};

/// The image that was there before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Previous {
    /// What it is called: an image's name, or a channel's.
    pub name: String,
    /// Whether this policy passed it: only then may something be let through because it was there before.
    pub passed: bool,
    /// Its packages.
    pub packages: BTreeSet<Package>,
    /// Its findings.
    pub findings: Vec<Finding>,
}

/// What is another in this image than in the one before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// What the image before is called.
    pub since: String,
    /// Findings that the image before did not have, worst first.
    pub new: Vec<Changed>,
    /// Findings that only the image before had, worst first.
    pub fixed: Vec<Changed>,
    /// How many findings both have.
    pub unchanged: usize,
    /// Packages, or further versions of some, that only this image has.
    pub added: Vec<Package>,
    /// Packages, or versions of some, that only the image before had.
    pub removed: Vec<Package>,
    /// The version before, and the one that took its place.
    pub upgraded: Vec<(Package, Package)>,
}

/// A finding that one of two images has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// What it is about.
    pub class: Class,
    /// Its id.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// The package's name.
    pub package: String,
    /// The package's version.
    pub version: String,
    /// The path in the image.
    pub path: Option<String>,
    /// The version that mends it.
    pub fixed_version: Option<String>,
}

/// Compares. What no scan looked for this time is not called fixed, and without a scan nothing is compared.
pub(crate) fn changes(
    evidence: &Evidence,
    deciding: &[&Statement],
    findings: &[Judged],
    prints: &Prints<'_>,
) -> Option<Changes> {
    let before = prints.before()?;
    let previous = evidence.previous.as_ref()?;
    let looked_for: BTreeSet<Class> = deciding
        .iter()
        .filter_map(|statement| match &statement.facts {
            Facts::Vulns { looked_for, .. } => Some(looked_for),
            _ => None,
        })
        .flatten()
        .copied()
        .collect();
    if looked_for.is_empty() {
        return None;
    }
    let now = findings.iter().enumerate().map(|(at, one)| (prints.of(at, &one.finding), &*one.finding));
    let now = worst(now);
    let then = worst(before.findings.iter().copied().filter(|(_, one)| looked_for.contains(&one.class)));
    let only = |these: &Worst<'_>, those: &Worst<'_>| {
        let only = these.iter().filter(|(print, _)| !those.contains_key(print));
        listed(only.map(|(_, finding)| *finding))
    };
    let moves = model::moves(&previous.packages, &evidence.packages);
    Some(Changes {
        since: before.name.to_owned(),
        new: only(&now, &then),
        fixed: only(&then, &now),
        unchanged: now.keys().filter(|print| then.contains_key(print)).count(),
        added: moves.added,
        removed: moves.removed,
        upgraded: moves.upgraded,
    })
}

type Worst<'f> = HashMap<Fingerprint, &'f Finding>;

/// Several scanners, or versions of one package, may say the same: the worst of them is shown.
fn worst<'f>(findings: impl Iterator<Item = (Fingerprint, &'f Finding)>) -> Worst<'f> {
    let mut worst: Worst<'f> = HashMap::with_capacity(findings.size_hint().0);
    for (print, finding) in findings {
        let kept = worst.entry(print).or_insert(finding);
        if place(finding) < place(kept) {
            *kept = finding;
        }
    }
    worst
}

fn place(finding: &Finding) -> impl Ord + '_ {
    let package = &finding.package;
    (
        Reverse(finding.severity.rank_for_decision()),
        (finding.class, &finding.id, &package.name, &package.path),
        (&package.version, finding.severity, &finding.fixed_version),
    )
}

fn listed<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<Changed> {
    let mut findings: Vec<&Finding> = findings.collect();
    findings.sort_unstable_by(|a, b| place(a).cmp(&place(b)));
    let each = |finding: &&Finding| Changed {
        class: finding.class,
        id: finding.id.clone(),
        severity: finding.severity,
        package: finding.package.name.clone(),
        version: finding.package.version.clone(),
        path: finding.package.path.clone(),
        fixed_version: finding.fixed_version.clone(),
    };
    findings.iter().map(each).collect()
}
