//! From a full report to an SBOM: what Trivy saw, to be looked at again with another database.

use std::path::Path;

use anyhow::bail;
use process::Processes;
use runner::{Context, Result};
use scanners::Scanner as _;
use tools::Settings;

use crate::scan;

/// Writes a CycloneDX SBOM of all packages of a report of Trivy's. Nothing is fetched.
///
/// # Errors
/// The report does not read or has no packages, or Trivy fails.
pub async fn sbom_of(ctx: &mut Context, report: &Path, sbom: &Path) -> Result<()> {
    sbom_with(ctx, &process::Real, report, sbom).await
}

async fn sbom_with(ctx: &mut Context, processes: &dyn Processes, report: &Path, sbom: &Path) -> Result<()> {
    let bytes = scan::read_limited(report)?;
    if scanners::trivy::Trivy.read_report(&bytes)?.packages.is_empty() {
        bail!("the report {} has no packages, so there is nothing to look at again", report.display());
    }
    let settings = Settings::from_env(|name| ctx.env(name).map(str::to_owned))?;
    let tool = crate::trivy(ctx, settings, processes).await?;
    let scratch = tempfile::Builder::new().prefix("hallmark-trivy-").tempdir_in(ctx.temp())?;
    let timeout = ctx.duration("timeout")?;
    let trivy = scan::Trivy { tool: &tool, processes, scratch: scratch.path(), timeout };
    trivy.convert(ctx, report, sbom).await
}
