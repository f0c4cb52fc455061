//! Another look at what a scan saw, with today's database: its report becomes an SBOM, and that is scanned.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use attest::EvidenceDir;
use gate::Rescan;
use jiff::Timestamp;
use model::{Class, Package, Sha256};
use runner::{Context, With};
use scanners::Scan;

use super::table;

/// Looks again. `folder` is this run's own; what the scanner writes there is no evidence, and thrown away.
pub(super) async fn rescan(
    ctx: &mut Context,
    evidence: &Path,
    report: &Sha256,
    folder: &Path,
) -> Result<Rescan> {
    let path = EvidenceDir::new(evidence).report_path(report);
    let before = EvidenceDir::new(evidence).report(report).context("the report of the scan")?;
    let before = read(&before).context("the report of the scan")?;
    let sbom = folder.join("sbom.cdx.json");
    let mut with = table::scanning(ctx)?;
    with.text("sbom", sbom.to_string_lossy())
        .text("scanners", "vuln")
        .text("evidence", folder.join("rescan").to_string_lossy());
    let converted = ctx
        .inside(&trivy_scan::ACTION, &with, async |ctx| trivy_scan::sbom_of(ctx, &path, &sbom).await)
        .await;
    converted.result.context("looking again")?;
    scan(ctx, &with, &before).await.context("looking again")
}

async fn scan(ctx: &mut Context, with: &With, before: &Scan) -> Result<Rescan> {
    let on = ctx.now();
    let ran = ctx.run_inside(&trivy_scan::ACTION, with).await;
    ran.result?;
    let output = |name: &str| ran.outputs.get(name).with_context(|| format!("trivy-scan gave no `{name}`"));
    let bytes = std::fs::read(output("report")?).context("the new report")?;
    let after = read(&bytes).context("the new report")?;
    all_there(before, &after)?;
    let database: Timestamp = output("database-date")?.parse().context("the date of the database")?;
    let sample = output("database-sample")? == "true";
    let findings = after.findings.into_iter().filter(|one| one.class == Class::Vulnerability).collect();
    Ok(Rescan { on, database, sample, findings })
}

fn read(bytes: &[u8]) -> Result<Scan> {
    let trivy = scanners::find("trivy").context("Trivy is not among the scanners")?;
    Ok(trivy.read_report(bytes)?)
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
