//! Listing: by Syft, of files; or by Trivy, of a disk, of files, or of what it saw before.

mod syft;
mod trivy;

use std::ffi::OsString;
use std::path::Path;

use anyhow::Context as _;
use attest::predicate::sbom::Seen;
use model::Sha256;
use process::Processes;
use runner::{Context, Result};
use scan::{Image, Program};
use scanners::Log;
use scanners::syft::Unread;
use tools::{Lock, Settings, Tool, Tools};

use crate::inputs::{Generator, Inputs};
use crate::what::What;

/// The documents as the tool wrote them, and how they came to be.
pub(crate) struct Listed {
    pub(crate) tool: &'static str,
    pub(crate) uri: &'static str,
    pub(crate) version: String,
    pub(crate) seen: Seen,
    /// The report that they were made of, where one was given.
    pub(crate) report: Option<Sha256>,
    /// What could not be read, and holds up nothing.
    pub(crate) unread: Vec<Unread>,
    pub(crate) cyclonedx: Vec<u8>,
    pub(crate) spdx: Vec<u8>,
}

pub(crate) async fn list(
    ctx: &mut Context,
    inputs: &Inputs,
    what: &What,
    image: Option<&Image>,
    processes: &dyn Processes,
) -> Result<Listed> {
    let scratch = tempfile::Builder::new().prefix("hallmark-sbom-").tempdir_in(ctx.temp())?;
    let settings = Settings::from_env(|name| ctx.env(name).map(str::to_owned))?;
    let cache = settings.cache.clone();
    let tools = Tools::new(Lock::embedded()?, settings, processes);
    let name = match inputs.generator {
        Generator::Syft => "syft",
        Generator::Trivy => "trivy",
    };
    let tool = tools.get_with(name, &mut |event| ctx.info(&event.to_string())).await?;
    let run = Run { inputs, what, tool: &tool, processes, scratch: scratch.path(), cache: &cache };
    match (inputs.generator, &inputs.report, &inputs.rootfs) {
        (Generator::Trivy, Some(report), _) => run.of_report(ctx, report).await.context("input `report`"),
        (Generator::Trivy, None, root) => run.trivy(ctx, image, root.as_deref()).await,
        (Generator::Syft, _, Some(root)) => run.syft(ctx, root, Seen::Rootfs).await,
        (Generator::Syft, ..) => {
            let image = image.context("there is nothing to list")?;
            let root = run.taken_out(ctx, image)?;
            run.syft(ctx, &root, Seen::Disk).await
        }
    }
}

/// One run of the tool.
struct Run<'a> {
    inputs: &'a Inputs,
    what: &'a What,
    tool: &'a Tool,
    processes: &'a dyn Processes,
    scratch: &'a Path,
    cache: &'a Path,
}

impl Run<'_> {
    fn program<'p>(
        &'p self,
        log: &'p dyn Log,
        passed_on: &'p [&'p str],
        env: Vec<(&'p str, OsString)>,
    ) -> Program<'p> {
        let pinned = Program::pinned(log, self.tool, self.processes, self.scratch, self.inputs.timeout);
        Program { passed_on, env, ..pinned }
    }
}
