//! Another look at what a scan saw, with today's database.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use attest::EvidenceDir;
use gate::Rescan;
use model::{Class, Package, Sha256};
use runner::Context;
use scanners::Scan;

use super::table;

/// Looks again at the packages of a report. `folder` is this run's own.
pub(super) async fn rescan(
    ctx: &mut Context,
    evidence: &Path,
    report: &Sha256,
    folder: &Path,
) -> Result<Rescan> {
    let dir = EvidenceDir::new(evidence);
    let trivy = scanners::find("trivy").context("Trivy is not among the scanners")?;
    let before = trivy.read_report(&dir.report(report)?).context("the report of the scan")?;
    let path = dir.report_path(report);
    let mut with = table::scanning(ctx)?;
    with.text("sbom", folder.join("sbom.cdx.json").to_string_lossy()).text("scanners", "vuln");
    let look = async |ctx: &mut Context| trivy_scan::look_again(ctx, &path).await;
    let looked = ctx.inside(&trivy_scan::ACTION, &with, look).await.result.context("looking again")?;
    all_there(&before, &looked.scan)?;
    let findings = looked.scan.findings.into_iter().filter(|one| one.class == Class::Vulnerability).collect();
    Ok(Rescan { on: ctx.now(), database: looked.database, sample: looked.sample, findings })
}

/// A package that got lost on the way would have no vulnerabilities any more.
fn all_there(before: &Scan, after: &Scan) -> Result<()> {
    let names = |scan: &Scan| -> BTreeSet<(String, String)> {
        let named = |one: &Package| (one.name.clone(), one.version.clone());
        scan.packages.iter().map(named).collect()
    };
    let after = names(after);
    let lost: Vec<(String, String)> = names(before).into_iter().filter(|one| !after.contains(one)).collect();
    let Some((name, version)) = lost.first() else { return Ok(()) };
    bail!(
        "the new scan does not see {} of the packages that the old one saw, {name} {version} among them: nothing is known \
         about those",
        lost.len()
    )
}
