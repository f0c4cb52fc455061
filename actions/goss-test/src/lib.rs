//! `goss-test`: tests an image with Goss, in a throw-away machine that is booted from it.
//!
//! The disk under test is hashed, and only ever read: the machine writes to an overlay. Goss and the
//! specifications go in on a second disk, and what Goss found comes out on a third, raw one. The JSON
//! decides; what was found is evidence about the content that was hashed.

mod accelerator;
mod afterwards;
mod boot_files;
mod console;
mod evidence;
mod goss_json;
mod grub;
mod guest;
mod image;
mod includes;
mod junit;
mod locate;
mod machine;
mod qemu;
mod report;
mod show;
mod specs;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use attest::predicate::Tool;
use attest::predicate::test_result::Seen;
use model::{Architecture, Sha256};
use process::Processes;
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};
use tools::{Lock, Platform, Settings, Tools};

use accelerator::Wanted;
use goss_json::Run;
use guest::{Bring, Patience};
use image::Image;
use report::Report;
use specs::Specs;

/// The action.
pub static ACTION: Action = Action {
    name: "goss-test",
    about: "Tests a machine image with Goss: booted in a throw-away machine, or as a disk that lies still",
    inputs: &[
        Input::new("image", Kind::Path, "The image: its image.json, or a raw disk").required(),
        Input::new(
            "mode",
            Kind::Choice(&["booted", "disk", "results"]),
            "How the image is seen: booted with its services, as a disk that lies still, or only the results that a bake left",
        )
        .default("booted"),
        Input::new(
            "specs",
            Kind::List,
            "Goss specifications: files, or folders with a goss.yaml or one named as the mode (booted.yaml)",
        ),
        Input::new("vars", Kind::Path, "A file of variables for the specifications"),
        Input::new("results", Kind::Path, "Goss's JSON that a bake left, for mode results"),
        Input::new("timeout", Kind::Duration, "How long the machine may run in all").default("15m"),
        Input::new("retry-timeout", Kind::Duration, "How long Goss tries again while tests fail").default("60s"),
        Input::new("sleep", Kind::Duration, "How long Goss waits between tries").default("1s"),
        Input::new("memory", Kind::Integer, "The machine's memory in MiB").default("1024"),
        Input::new("cpus", Kind::Integer, "The machine's processors").default("2"),
        Input::new(
            "accelerator",
            Kind::Choice(&["auto", "tcg", "kvm"]),
            "What runs the machine; auto takes KVM only if a guest was seen to run under it",
        )
        .default("auto"),
        Input::new("console-log", Kind::Path, "Where to keep the machine's serial console"),
        Input::new("junit", Kind::Path, "Where to write JUnit XML"),
        Input::new("report-output", Kind::Path, "Where to write Goss's JSON, beside the copy in the evidence"),
        Input::new("evidence", Kind::Path, "The folder of evidence").default(".hallmark/evidence"),
        services::SIGNING_KEY,
        services::SIGNING_KEY_PASSWORD,
        services::SIGNING_CONFIG,
    ],
    outputs: &[
        Output { name: "passed", help: "How many tests passed" },
        Output { name: "failed", help: "How many tests failed" },
        Output { name: "skipped", help: "How many tests were skipped" },
        Output { name: "report", help: "The path of Goss's JSON" },
        Output { name: "evidence", help: "The statement that was written" },
    ],
    run: |ctx| Box::pin(run(ctx)),
    post: Some(|ctx| Box::pin(afterwards::post(ctx))),
};

async fn run(ctx: &mut Context) -> Result<Outcome> {
    afterwards::remember(ctx)?;
    let processes = process::Real;
    let key = services::signer(ctx)?;
    let specs = specs(ctx)?;
    numbers_and_files(ctx)?;
    let image = open_image(ctx)?;
    let started = ctx.now();
    let (report, seen, tool) = match ctx.text("mode")?.as_str() {
        "results" => (read_results(ctx)?, Seen::InBuild, unknown_tool()),
        "disk" => in_machine(ctx, &processes, &image, &specs, Bring::Disk).await?,
        _ => in_machine(ctx, &processes, &image, &specs, Bring::Booted).await?,
    };
    image.check_unchanged()?;

    let facts = evidence::Facts {
        subjects: image.subjects.clone(),
        specs: specs.descriptors(ctx.github().workspace.as_deref().unwrap_or(ctx.cwd())),
        url: ctx.github().run_url(),
        seen,
        tool,
        started,
        finished: ctx.now(),
    };
    let written = evidence::write(&ctx.path("evidence")?, key.as_deref(), facts, &report)?;
    ctx.info(&format!("evidence: {}", written.statement.display()));
    if key.is_none() {
        ctx.warning(
            "the evidence is not signed: no `signing-key` was given, so a policy has to allow it by name",
        );
    }
    give_back(ctx, &image, &report, &written)?;
    show::show(ctx, &image.name, seen, &report, &specs);
    Ok(if report.is_passed() { Outcome::Done } else { Outcome::Against })
}

fn specs(ctx: &Context) -> Result<Specs> {
    let given = ctx.list("specs")?;
    let mode = ctx.text("mode")?;
    if given.is_empty() && mode != "results" {
        bail!("input `specs` is required in mode {mode}: files, or folders with a goss.yaml or {mode}.yaml");
    }
    let paths: Vec<PathBuf> = given.iter().map(|path| ctx.cwd().join(path)).collect();
    Specs::read(&paths, &mode)
}

/// Everything that can be known to be wrong before there is an image: key, specifications, numbers, files.
///
/// # Errors
/// What is wrong.
pub fn check(ctx: &mut Context) -> Result<()> {
    services::signer(ctx)?;
    specs(ctx)?;
    numbers_and_files(ctx)
}

/// What the table of inputs cannot say, before anything takes long.
fn numbers_and_files(ctx: &Context) -> Result<()> {
    bounded(ctx, "memory", 128, 1 << 20)?;
    bounded(ctx, "cpus", 1, 64)?;
    if ctx.text("mode")? == "results" && ctx.opt_path("results")?.is_none() {
        bail!("input `results` is required in mode results: Goss's JSON that a bake left");
    }
    for input in ["vars", "results"] {
        if let Some(path) = ctx.opt_path(input)?.filter(|path| !path.is_file()) {
            bail!("input `{input}`: there is no file at {}", path.display());
        }
    }
    Ok(())
}

fn open_image(ctx: &mut Context) -> Result<Image> {
    let progress = ctx.progress("hashing the image");
    let image =
        Image::open(&ctx.path("image")?, |disk| progress.message(&format!("hashing {}", disk.display())));
    progress.finish();
    let image = image?;
    ctx.info(&format!("{}: {}", image.name, image.content_digest));
    Ok(image)
}

fn read_results(ctx: &Context) -> Result<Report> {
    let path = ctx
        .opt_path("results")?
        .context("input `results` is required in mode results: Goss's JSON that a bake left")?;
    let length = std::fs::metadata(&path)
        .with_context(|| format!("there are no results at {}", path.display()))?
        .len();
    if length > guest::RESULTS_BYTES {
        bail!("{} is {length} bytes; at most {} are read", path.display(), guest::RESULTS_BYTES);
    }
    let run = Run::of_json(&std::fs::read(&path)?).with_context(|| format!("{}", path.display()))?;
    Report::of_runs(vec![run])
}

/// What ran in the build is known by what it left, and not by its bytes.
fn unknown_tool() -> Tool {
    Tool { name: "goss".to_owned(), version: "unknown".to_owned(), sha256: Sha256::from_bytes([0; 32]) }
}

async fn in_machine(
    ctx: &mut Context,
    processes: &dyn Processes,
    image: &Image,
    specs: &Specs,
    bring: Bring,
) -> Result<(Report, Seen, Tool)> {
    let (files, architecture) = machine::boot_files(image)?;
    ctx.info(&format!("starting {}", files.found));
    let goss = goss(ctx, processes, architecture).await?;
    let timeout = ctx.duration("timeout")?;
    let plan = machine::Plan {
        image,
        bring,
        goss: &goss.path,
        specs,
        vars: ctx.opt_path("vars")?,
        memory_mib: bounded(ctx, "memory", 128, 1 << 20)?,
        cpus: bounded(ctx, "cpus", 1, 64)?,
        accelerator: match ctx.text("accelerator")?.as_str() {
            "tcg" => Wanted::Tcg,
            "kvm" => Wanted::Kvm,
            _ => Wanted::Auto,
        },
        timeout,
        patience: Patience {
            retry_timeout: ctx.duration("retry-timeout")?,
            sleep: ctx.duration("sleep")?.max(Duration::from_millis(100)),
            start: timeout / 2,
        },
        console_log: ctx.opt_path("console-log")?,
    };
    let results = machine::run(ctx, processes, &plan, &files, architecture).await?;
    specs.check_runs(results.len())?;
    let runs = results.iter().map(|run| Run::read(run.exit_code, &run.stdout, &run.stderr));
    let report = Report::of_runs(runs.collect::<Result<_>>()?)?;
    let seen = match bring {
        Bring::Booted => Seen::Booted,
        Bring::Disk => Seen::Disk,
    };
    Ok((report, seen, Tool { name: goss.name, version: goss.version, sha256: goss.sha256 }))
}

/// The pinned Goss for the image's processor, which need not be this machine's.
async fn goss(
    ctx: &mut Context,
    processes: &dyn Processes,
    architecture: Architecture,
) -> Result<tools::Tool> {
    let mut settings = Settings::from_env(|name| ctx.env(name).map(str::to_owned))?;
    settings.platform = format!("linux-{}", architecture.as_str()).parse::<Platform>()?;
    let tools = Tools::new(Lock::embedded()?, settings, processes);
    let progress = ctx.progress("goss");
    let goss = tools
        .get_with("goss", &mut |event| {
            progress.message(&event.to_string());
            if !event.is_progress() {
                ctx.info(&event.to_string());
            }
        })
        .await?;
    progress.finish();
    ctx.info(&format!("goss {} ({}), SHA-256 {}", goss.version, goss.path.display(), goss.sha256));
    Ok(goss)
}

fn bounded(ctx: &Context, name: &str, least: u64, most: u64) -> Result<u64> {
    let value = ctx.integer(name)?;
    if !(least..=most).contains(&value) {
        bail!("input `{name}`: {value} is not accepted; give {least} to {most}");
    }
    Ok(value)
}

fn give_back(ctx: &mut Context, image: &Image, report: &Report, written: &evidence::Written) -> Result<()> {
    if let Some(path) = ctx.opt_path("junit")? {
        write_file(&path, junit::render(&image.name, report).as_bytes())?;
    }
    let copy = ctx.opt_path("report-output")?;
    if let Some(path) = &copy {
        write_file(path, &report.json)?;
    }
    ctx.output("passed", report.counts.passed.to_string())?;
    ctx.output("failed", report.counts.failed.to_string())?;
    ctx.output("skipped", report.counts.skipped.to_string())?;
    ctx.output("report", copy.as_deref().unwrap_or(&written.report).to_string_lossy())?;
    ctx.output("evidence", written.statement.to_string_lossy())
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, bytes))
        .with_context(|| format!("cannot write {}", path.display()))
}
