//! Running Packer: its arguments, its scrubbed environment, its ends.

use crate::{
    amazon,
    inputs::Inputs,
    log::{Heard, Log},
    workshop::Workshop,
};
use anyhow::{Context as _, Result, bail};
use process::{Exit, Processes, Spec};
use runner::Context;
use std::{collections::BTreeMap, fs, path::Path, time::Duration};
use tools::Tool;

/// Everything but the build itself takes seconds; `init` may have to download.
const SHORT: Duration = Duration::from_secs(15 * 60);

/// What Packer and the programs it calls need to find their way, and the runner's mark, by which it ends
/// what outlives a job, should we not live to do it; none of it is a secret.
const PASSED: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "TZ",
    "PACKER_PLUGIN_PATH",
    "PACKER_CACHE_DIR",
    "PACKER_CONFIG_DIR",
    "RUNNER_TRACKING_ID",
];

/// Packer with everything that a run of it needs.
pub(crate) struct Packer<'a> {
    pub(crate) processes: &'a dyn Processes,
    pub(crate) tool: &'a Tool,
    pub(crate) inputs: &'a Inputs,
    pub(crate) workshop: &'a Workshop,
    /// The disk of the base image.
    pub(crate) base_disk: Option<&'a Path>,
    /// What it needs to be somebody for AWS.
    pub(crate) credentials: &'a [(&'static str, String)],
    /// For what it makes in AWS, if the template takes that.
    pub(crate) run_tags: Option<String>,
}

impl Packer<'_> {
    /// `packer init`: gets the plugins that the template asks for and that are not there.
    pub(crate) async fn init(&self, ctx: &mut Context) -> Result<()> {
        let spec = self.spec(ctx, "init")?.timeout(SHORT).arg(&self.inputs.template.shown);
        let (exit, heard) = self.run(ctx, "packer init", spec).await?;
        succeeded("packer init", exit, &heard)
    }

    /// `packer plugins required`: each line is about one plugin that the template asks for.
    pub(crate) async fn plugins_required(&self, ctx: &mut Context) -> Result<Vec<String>> {
        let spec = self.spec(ctx, "plugins")?.timeout(SHORT).arg("required").arg(&self.inputs.template.shown);
        let (exit, heard) = self.run(ctx, "packer plugins required", spec).await?;
        succeeded("packer plugins required", exit, &heard)?;
        Ok(heard.messages)
    }

    /// `packer validate`.
    pub(crate) async fn validate(&self, ctx: &mut Context) -> Result<()> {
        let spec = self.spec(ctx, "validate")?.timeout(SHORT).args(self.selection()?);
        let (exit, heard) = self.run(ctx, "packer validate", spec.arg(&self.inputs.template.shown)).await?;
        succeeded("packer validate", exit, &heard)
    }

    /// `packer build`.
    pub(crate) async fn build(&self, ctx: &mut Context) -> Result<Heard> {
        let mut spec = self
            .spec(ctx, "build")?
            .timeout(self.inputs.timeout)
            .args(["-color=false", "-timestamp-ui=false"]);
        if self.inputs.force {
            spec = spec.arg("-force");
        }
        spec = spec.args(self.selection()?).arg(&self.inputs.template.shown);
        let (exit, heard) = self.run(ctx, "packer build", spec).await?;
        if exit.left_behind > 0 {
            let ended = exit.left_behind;
            ctx.warning(format!("The build left {ended} processes behind; they were ended."));
        }
        succeeded("packer build", exit, &heard)?;
        Ok(heard)
    }

    fn spec(&self, ctx: &Context, command: &str) -> Result<Spec> {
        let passed: Vec<(&str, &str)> =
            PASSED.iter().filter_map(|name| Some((*name, ctx.env(name)?))).collect();
        let mut spec = Spec::new(&self.tool.path)
            .cwd(ctx.cwd())
            .base_env(&passed)
            .env("TMPDIR", self.workshop.temp())
            .env("PACKER_CONFIG", self.own_config()?)
            .env("PACKER_NO_COLOR", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .note(self.workshop.note());
        for (name, value) in &self.inputs.passed {
            spec = spec.env(name, value);
        }
        for (name, value) in self.credentials {
            spec = spec.env(name, value);
        }
        if let Some(tags) = &self.run_tags {
            spec = spec.env(format!("PKR_VAR_{}", amazon::run::VARIABLE), tags);
        }
        for (name, value) in self.offered() {
            spec = spec.env(format!("PKR_VAR_{name}"), value);
        }
        for (name, value) in &self.inputs.secrets {
            spec = spec.env(format!("PKR_VAR_{name}"), value.expose());
        }
        Ok(spec.args([command, "-machine-readable"]))
    }

    /// Variables that a template may declare and need not: Packer passes over those of its environment
    /// that are not declared, and what is given by `var` or `var-file` wins.
    fn offered(&self) -> BTreeMap<&'static str, String> {
        let inputs = self.inputs;
        BTreeMap::from([
            ("output", self.workshop.work().to_string_lossy().into_owned()),
            ("image_name", inputs.name.clone()),
            ("architecture", inputs.architecture.as_str().to_owned()),
        ])
    }

    /// A person's own settings must not change what is built.
    fn own_config(&self) -> Result<std::path::PathBuf> {
        let path = self.workshop.temp().join("packerconfig");
        fs::write(&path, "{}").with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// Variables and sources, the same for `validate` and `build`. Secrets are not among them.
    fn selection(&self) -> Result<Vec<String>> {
        let inputs = self.inputs;
        let mut args = Vec::new();
        for file in &inputs.variable_files {
            args.push(format!("-var-file={}", file.to_str().context("a path of `var-file` is not UTF-8")?));
        }
        let base =
            self.base_disk.map(|disk| disk.to_str().context("the path of the base image is not UTF-8"));
        let base = base.transpose()?.map(|disk| ("base_image", disk));
        let given = inputs.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in given.chain(base) {
            args.extend(["-var".to_owned(), format!("{name}={value}")]);
        }
        for (option, names) in [("only", &inputs.only), ("except", &inputs.except)] {
            if !names.is_empty() {
                args.push(format!("-{option}={}", names.join(",")));
            }
        }
        Ok(args)
    }

    async fn run(&self, ctx: &mut Context, title: &str, spec: Spec) -> Result<(Exit, Heard)> {
        let mut log = Log::new(ctx, title, self.inputs.secrets.values());
        let exit = self.processes.run(spec, &mut |line| log.line(&line)).await;
        let heard = log.end();
        Ok((exit.with_context(|| format!("{title} could not be run"))?, heard))
    }
}

fn succeeded(what: &str, exit: Exit, heard: &Heard) -> Result<()> {
    if exit.success() {
        return Ok(());
    }
    let mut reasons: Vec<String> =
        heard.failures.iter().map(|(source, why)| format!("{source}: {why}")).collect();
    if heard.errors > 0 {
        let s = if heard.errors == 1 { "" } else { "s" };
        reasons.push(format!("{} error{s} in the template", heard.errors));
    } else if reasons.is_empty() {
        reasons.extend(heard.last_error.clone());
    }
    if exit.cancelled || exit.timed_out || reasons.is_empty() {
        bail!("{what} {exit}");
    }
    bail!("{what} {exit}: {}", reasons.join("; "))
}
