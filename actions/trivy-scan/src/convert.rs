//! Another look at what a scan saw: its full report becomes an SBOM, and that is scanned with another database.

use std::path::Path;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use process::{Processes, Real};
use runner::{Context, Result};
use scanners::trivy::Trivy;
use scanners::{Scan, Scanner as _};
use tools::Settings;

use crate::inputs::Inputs;
use crate::{run, take, trivy};

/// What another look came to.
#[derive(Debug)]
pub struct Looked {
    /// Everything that was found.
    pub scan: Scan,
    /// The date of the database.
    pub database: Timestamp,
    /// Whether that was the sample.
    pub sample: bool,
}

/// Looks again at all packages of a report of Trivy's, with the database that the inputs say. Input `sbom` names where the
/// SBOM is written in between. No evidence is: nobody has seen the image again.
///
/// # Errors
/// The report does not read or has no packages, or Trivy fails or leaves something out.
pub async fn look_again(ctx: &mut Context, report: &Path) -> Result<Looked> {
    let inputs = Inputs::read(ctx)?;
    let sbom = inputs.sbom.as_deref().context("input `sbom` was not given: where is it written?")?;
    convert(ctx, &Real, &inputs, report, sbom).await?;
    let taken = take(ctx, &inputs, None, &Real, None).await?;
    let scan = taken.report.read(|reader| Trivy.read_from(reader))?;
    let facts = taken.database.context("Trivy did not say which database it used")?;
    scan::check(ctx, &Trivy, &inputs.common, &scan, Some(&facts))?;
    Ok(Looked { scan, database: facts.updated, sample: facts.sample })
}

async fn convert(
    ctx: &mut Context,
    processes: &dyn Processes,
    inputs: &Inputs,
    report: &Path,
    sbom: &Path,
) -> Result<()> {
    let kept = scan::Report::open(report)?;
    if kept.read(|reader| Trivy.read_from(reader))?.packages.is_empty() {
        bail!("the report {} has no packages, so there is nothing to look at again", report.display());
    }
    let settings = Settings::from_env(|name| ctx.env(name).map(str::to_owned))?;
    let tool = trivy(ctx, settings, processes).await?;
    let scratch = tempfile::Builder::new().prefix("hallmark-trivy-").tempdir_in(ctx.temp())?;
    let trivy = run::program(&tool, processes, scratch.path(), inputs.timeout);
    run::convert(ctx, &trivy, report, sbom).await
}
