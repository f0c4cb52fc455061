//! Running Trivy: to scan, and to make an SBOM of a report.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use process::Processes;
use runner::{Context, Result};
use scan::{Image, Prepared, Program, Report};
use scanners::trivy::{PASSED_ON, Trivy};
use scanners::{Options, Scanner as _, Target};
use tools::Tool;

use crate::inputs::Inputs;

/// How much of a disk is looked at before it is scanned: the partition table and more.
const DISK_HEAD: u64 = 32 << 10;

/// Trivy in a folder of this run's own.
pub(crate) fn program<'a>(
    tool: &'a Tool,
    processes: &'a dyn Processes,
    scratch: &'a Path,
    timeout: Duration,
) -> Program<'a> {
    Program { passed_on: PASSED_ON, ..Program::pinned(&Trivy, tool, processes, scratch, timeout) }
}

/// Writes the packages of a report as an SBOM.
pub(crate) async fn convert(
    ctx: &mut Context,
    trivy: &Program<'_>,
    report: &Path,
    sbom: &Path,
) -> Result<()> {
    let arguments = ["convert", "--quiet", "--format", "cyclonedx", "--output"].map(OsString::from);
    let arguments = arguments.into_iter().chain([sbom.into(), report.into()]).collect();
    let ran = trivy.run(ctx, "an SBOM of what was seen", arguments).await?;
    ran.succeeded("Trivy could not make an SBOM of its report")
}

/// Scans, and gives back the report's bytes.
pub(crate) async fn scan(
    ctx: &mut Context,
    inputs: &Inputs,
    image: Option<&Image>,
    trivy: &Program<'_>,
    database: &Prepared,
) -> Result<Report> {
    let target = target(inputs, image)?;
    if let Target::Disk(disk) = target {
        let unseen = Trivy.unseen(&head(disk)?);
        if !unseen.is_empty() {
            bail!("the scan would leave out a part of {}. {}", disk.display(), unseen.join(". "));
        }
    }
    if let Target::RootFs(root) = target
        && let Some(path) = scan::first_unreadable(root)
    {
        bail!(
            "{} cannot be read, and Trivy would pass over it in silence: scan as a user who may read it",
            path.display()
        );
    }
    let output = trivy.scratch.join("report.json");
    let options = Options {
        cache: &database.cache,
        output: &output,
        look_for: &inputs.look_for,
        timeout: trivy.timeout,
        access: database.access,
        database_repositories: &[],
        rules: &[],
    };
    let arguments = Trivy.arguments(&target, &options);
    let title = format!("scan the {}", target.kind().as_str());
    let ran = trivy.run(ctx, &title, arguments).await?;
    ran.succeeded("Trivy failed")?;
    ran.whole(&Trivy)?;
    Report::open(&output).context("Trivy ended well, but its report is not to be read")
}

fn target<'a>(inputs: &'a Inputs, image: Option<&'a Image>) -> Result<Target<'a>> {
    if let Some(path) = &inputs.rootfs {
        if !path.is_dir() {
            bail!("input `rootfs`: there is no directory {}", path.display());
        }
        return Ok(Target::RootFs(path));
    }
    if let Some(path) = &inputs.sbom {
        if !path.is_file() {
            bail!("input `sbom`: there is no file {}", path.display());
        }
        return Ok(Target::Sbom(path));
    }
    match (&inputs.container_archive, &inputs.container_image, image) {
        (Some(path), ..) => Ok(Target::Archive(path)),
        (None, Some(reference), _) => Ok(Target::Reference(reference)),
        (None, None, Some(image)) => Ok(Target::Disk(&image.disk)),
        (None, None, None) => bail!("there is nothing to scan"),
    }
}

fn head(disk: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(disk)?.take(DISK_HEAD).read_to_end(&mut bytes)?;
    Ok(bytes)
}
