//! Running Syft, where a directory is to be listed first, and Grype.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use process::Processes;
use runner::{Context, Result};
use scan::{Prepared, Program, Report, read_report};
use scanners::grype::{Grype, PASSED_ON};
use scanners::syft::{self, Syft};
use scanners::{Options, Scanner as _, Target};
use tools::Tool;

use crate::sbom::Sbom;

/// Grype in a folder of this run's own.
pub(crate) fn program<'a>(
    tool: &'a Tool,
    processes: &'a dyn Processes,
    scratch: &'a Path,
    timeout: Duration,
) -> Program<'a> {
    Program { passed_on: PASSED_ON, ..Program::pinned(&Grype, tool, processes, scratch, timeout) }
}

/// Scans, and gives back the report's bytes.
pub(crate) async fn scan(
    ctx: &mut Context,
    grype: &Program<'_>,
    database: &Prepared,
    sbom: &Sbom,
) -> Result<Report> {
    let path = sbom.put(&grype.scratch.join("scanned"))?;
    let output = grype.scratch.join("report.json");
    let options = Options {
        cache: &database.cache,
        output: &output,
        look_for: &[model::Class::Vulnerability],
        timeout: grype.timeout,
        access: database.access,
        database_repositories: &[],
        rules: &[],
    };
    let target = Target::Sbom(&path);
    let environment = Grype.environment(&options);
    let ran = grype.with(environment).run(ctx, "scan the SBOM", Grype.arguments(&target, &options)).await?;
    ran.succeeded("Grype failed")?;
    ran.whole(&Grype)?;
    Report::open(&output).context("Grype ended well, but its report is not to be read")
}

/// An SBOM of a directory: what is installed in it.
pub(crate) async fn list(ctx: &mut Context, syft: &Program<'_>, root: &Path, name: &str) -> Result<Sbom> {
    if let Some(path) = scan::first_unreadable(root) {
        bail!(
            "{} cannot be read, and Syft would pass over it: scan as a user who may read it",
            path.display()
        );
    }
    let file = |name: &str| syft.scratch.join(name);
    let (cyclonedx, spdx, own) = (file("listed.cdx.json"), file("listed.spdx.json"), file("listed.json"));
    let outputs = syft::Outputs { cyclonedx: &cyclonedx, spdx: &spdx, own: &own };
    let ran = syft.run(ctx, "list the directory", syft::arguments(root, &outputs, name, "0")).await?;
    ran.succeeded("Syft failed")?;
    ran.whole(&Syft)?;
    let own = read_report(&own).context("Syft ended well, but its report is not to be read")?;
    if let Some(unread) = syft::unread(&own)?.into_iter().find(|unread| unread.of_a_system) {
        bail!("{} could not be read, so the list is not whole: {}", unread.path, unread.why);
    }
    let bytes = read_report(&cyclonedx).context("Syft ended well, but its SBOM is not to be read")?;
    Sbom::of(bytes).context("the SBOM that Syft made")
}

/// Syft in a folder of this run's own.
pub(crate) fn syft<'a>(
    tool: &'a Tool,
    processes: &'a dyn Processes,
    scratch: &'a Path,
    timeout: Duration,
) -> Program<'a> {
    let env = syft::ENVIRONMENT.iter().map(|(name, value)| (*name, value.into())).collect();
    Program { env, ..Program::pinned(&Syft, tool, processes, scratch, timeout) }
}
