//! The inputs, read once into checked values.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use runner::{Context, Result};
use scan::Common;

/// What lists the components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generator {
    Syft,
    Trivy,
}

/// Everything that was asked for.
#[derive(Debug)]
pub(crate) struct Inputs {
    pub(crate) common: Common,
    pub(crate) image: Option<PathBuf>,
    pub(crate) rootfs: Option<PathBuf>,
    pub(crate) report: Option<PathBuf>,
    pub(crate) generator: Generator,
    pub(crate) base: Option<PathBuf>,
    pub(crate) cyclonedx: Option<PathBuf>,
    pub(crate) spdx: Option<PathBuf>,
    pub(crate) dependency_graph: bool,
    pub(crate) timeout: Duration,
}

impl Inputs {
    pub(crate) fn read(ctx: &Context) -> Result<Self> {
        let report = ctx.opt_path("report")?;
        let inputs = Self {
            common: Common::read(ctx, &[])?,
            image: ctx.opt_path("image")?,
            rootfs: ctx.opt_path("rootfs")?,
            generator: generator(ctx, report.is_some())?,
            report,
            base: ctx.opt_path("base-sbom")?,
            cyclonedx: ctx.opt_path("cyclonedx")?,
            spdx: ctx.opt_path("spdx")?,
            dependency_graph: ctx.flag("dependency-graph")?,
            timeout: ctx.duration("timeout")?,
        };
        if inputs.rootfs.is_some() && inputs.report.is_some() {
            bail!("`rootfs` and `report` are given: only one of them can be what is listed");
        }
        if inputs.image.is_none() && inputs.rootfs.is_none() && inputs.report.is_none() {
            bail!("there is nothing to list: give `image`, `rootfs` or `report`");
        }
        if let Some(root) = inputs.rootfs.as_ref().filter(|root| !root.is_dir()) {
            bail!("input `rootfs`: there is no directory {}", root.display());
        }
        if inputs.cyclonedx.is_some() && inputs.cyclonedx == inputs.spdx {
            bail!("`cyclonedx` and `spdx` name the same file");
        }
        Ok(inputs)
    }
}

fn generator(ctx: &Context, report: bool) -> Result<Generator> {
    match (ctx.opt_text("generator")?.as_deref(), report) {
        (None | Some("trivy"), true) | (Some("trivy"), false) => Ok(Generator::Trivy),
        (None | Some("syft"), false) => Ok(Generator::Syft),
        (Some("syft"), true) => bail!("`report` is given, which is Trivy's: Syft cannot read it"),
        (Some(other), _) => bail!("input `generator` is `{other}`: syft or trivy is wanted"),
    }
}
