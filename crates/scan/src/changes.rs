//! What is another in this image than in the one that is in the channel. It decides nothing: a report that was there
//! already is nobody's word, and whoever decides reads signed ones.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, bail};
use attest::predicate::vulns;
use attest::{EvidenceDir, Kind};
use jiff::Timestamp;
use model::{Class, Finding, Fingerprint, Moves, Package, Severity};
use runner::{Context, Result, Summary};
use scanners::{Scan, Scanner};
use serde::Serialize;

use crate::About;
use crate::Report;
use crate::files::write;
use crate::inputs::Common;

/// How many of each kind the summary lists.
const LISTED: usize = 20;

/// What is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Changes {
    /// Findings that only this image has, worst first.
    pub(crate) new: Vec<Changed>,
    /// Findings that only the image before had, worst first.
    pub(crate) fixed: Vec<Changed>,
    /// How many both have.
    pub(crate) unchanged: usize,
    pub(crate) packages_added: Vec<Package>,
    pub(crate) packages_removed: Vec<Package>,
    pub(crate) packages_upgraded: Vec<Upgrade>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Changed {
    class: Class,
    id: String,
    severity: Severity,
    package: Package,
    fixed_version: Option<String>,
    fingerprint: Fingerprint,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Upgrade {
    from: Package,
    to: Package,
}

/// Compares with what `previous` names; none where it names nothing.
pub(crate) fn against_previous(
    scanner: &dyn Scanner,
    common: &Common,
    about: &About,
    now: &Scan,
    looked_for: &[Class],
) -> Result<Option<Changes>> {
    let Some(path) = &common.previous else { return Ok(None) };
    let mut before = previous(scanner, path).context("input `previous`")?;
    // What nobody looked for this time is not called fixed.
    before.findings.retain(|finding| looked_for.contains(&finding.class));
    Ok(Some(Changes::between(&before, now, &about.family)))
}

/// A report; or the newest one by this scanner in a folder of evidence.
fn previous(scanner: &dyn Scanner, path: &Path) -> Result<Scan> {
    if !path.is_dir() {
        return Report::open(path)?.read(|reader| scanner.read_from(reader));
    }
    let directory = EvidenceDir::new(path);
    let mut newest: Option<(Timestamp, vulns::Extension)> = None;
    for file in directory.list()?.files {
        let unread = || format!("{} cannot be read", file.path.display());
        let payload = file.payload().with_context(unread)?;
        let statement = attest::Statement::from_bytes(&payload).with_context(unread)?;
        if statement.kind().ok() != Some(Kind::Vulns) {
            continue;
        }
        let read: vulns::Predicate = statement.predicate().with_context(unread)?;
        let Some(more) = read.hallmark.filter(|more| more.tool.name == scanner.name()) else { continue };
        let finished = read.metadata.scan_finished_on;
        if newest.as_ref().is_none_or(|(known, _)| *known < finished) {
            newest = Some((finished, more));
        }
    }
    let Some((_, more)) = newest else {
        bail!("{} has no scan by {}", path.display(), scanner.title());
    };
    let mut scan = scanner.read_report(&directory.report(&more.report.digest.sha256)?)?;
    if let Some(inventory) = more.inventory.as_ref().filter(|_| !scanner.lists_packages()) {
        scan.take_inventory(scanners::sbom::read(&directory.report(&inventory.digest.sha256)?)?);
    }
    Ok(scan)
}

impl Changes {
    fn between(before: &Scan, now: &Scan, family: &str) -> Self {
        let (then, here) = (worst(before, family), worst(now, family));
        let only = |these: &BTreeMap<Fingerprint, &Finding>, those: &BTreeMap<Fingerprint, &Finding>| {
            let mut only: Vec<_> = these.iter().filter(|(print, _)| !those.contains_key(print)).collect();
            only.sort_by_key(|(_, finding)| place(finding));
            only.into_iter().map(|(print, finding)| Changed::of(*print, finding)).collect::<Vec<_>>()
        };
        let packages = |scan: &Scan| scan.packages.iter().cloned().collect::<BTreeSet<_>>();
        let Moves { added, removed, upgraded } = model::moves(&packages(before), &packages(now));
        Self {
            new: only(&here, &then),
            fixed: only(&then, &here),
            unchanged: here.keys().filter(|print| then.contains_key(print)).count(),
            packages_added: added,
            packages_removed: removed,
            packages_upgraded: upgraded.into_iter().map(|(from, to)| Upgrade { from, to }).collect(),
        }
    }

    /// First thing in the summary.
    pub(crate) fn show(&self, summary: &mut Summary) {
        summary.paragraph(&format!(
            "Against the image in the channel: {} new, {} fixed, {} unchanged; packages: {} added, {} removed, {} upgraded.",
            self.new.len(),
            self.fixed.len(),
            self.unchanged,
            self.packages_added.len(),
            self.packages_removed.len(),
            self.packages_upgraded.len()
        ));
        let mut rest = Summary::default();
        for (title, changed) in [("new", &self.new), ("fixed", &self.fixed)] {
            if !changed.is_empty() {
                rest.table(&[title, "severity", "where", "fixed in"], &rows(changed));
            }
        }
        let packages: Vec<Vec<String>> = self
            .packages_upgraded
            .iter()
            .map(|one| vec![one.to.name.clone(), one.from.version.clone(), one.to.version.clone()])
            .chain(
                self.packages_added
                    .iter()
                    .map(|one| vec![one.name.clone(), String::new(), one.version.clone()]),
            )
            .chain(
                self.packages_removed
                    .iter()
                    .map(|one| vec![one.name.clone(), one.version.clone(), String::new()]),
            )
            .collect();
        if !packages.is_empty() {
            rest.table(&["package", "before", "now"], packages.get(..LISTED * 5).unwrap_or(&packages));
        }
        if !rest.is_empty() {
            summary.details("What changed", &rest.markdown());
        }
    }
}

fn rows(changed: &[Changed]) -> Vec<Vec<String>> {
    let shown = changed.iter().take(LISTED).map(|one| {
        let place = match (one.package.name.as_str(), &one.package.path) {
            ("", Some(path)) => path.clone(),
            (name, _) => format!("{name} {}", one.package.version),
        };
        vec![one.id.clone(), one.severity.to_string(), place, one.fixed_version.clone().unwrap_or_default()]
    });
    let more = changed.len().saturating_sub(LISTED);
    let rest = (more > 0).then(|| vec![format!("{more} more"), String::new(), String::new(), String::new()]);
    shown.chain(rest).collect()
}

/// By fingerprint, each at its worst.
fn worst<'s>(scan: &'s Scan, family: &str) -> BTreeMap<Fingerprint, &'s Finding> {
    let mut worst: BTreeMap<Fingerprint, &Finding> = BTreeMap::new();
    for finding in &scan.findings {
        let kept = worst.entry(finding.fingerprint(family)).or_insert(finding);
        if place(finding) < place(kept) {
            *kept = finding;
        }
    }
    worst
}

fn place(finding: &Finding) -> impl Ord + use<'_> {
    (Reverse(finding.severity.rank_for_decision()), finding.class, &finding.id, &finding.package)
}

impl Changed {
    fn of(fingerprint: Fingerprint, finding: &Finding) -> Self {
        Self {
            class: finding.class,
            id: finding.id.clone(),
            severity: finding.severity,
            package: finding.package.clone(),
            fixed_version: finding.fixed_version.clone(),
            fingerprint,
        }
    }
}

/// The counts, and the JSON that was asked for.
pub(crate) fn outputs(ctx: &mut Context, common: &Common, changes: Option<&Changes>) -> Result<()> {
    let said = |of: fn(&Changes) -> usize| changes.map(|changes| of(changes).to_string()).unwrap_or_default();
    for (name, value) in [
        ("new", said(|changes| changes.new.len())),
        ("fixed", said(|changes| changes.fixed.len())),
        ("unchanged", said(|changes| changes.unchanged)),
        ("packages-added", said(|changes| changes.packages_added.len())),
        ("packages-removed", said(|changes| changes.packages_removed.len())),
        ("packages-upgraded", said(|changes| changes.packages_upgraded.len())),
    ] {
        if ctx.has_output(name) {
            ctx.output(name, value)?;
        }
    }
    match (&common.changes, changes) {
        (Some(path), Some(changes)) => {
            let mut bytes = serde_json::to_vec_pretty(changes)?;
            bytes.push(b'\n');
            write(path, &bytes).context("the changes could not be written (`changes`)")
        }
        _ => Ok(()),
    }
}
