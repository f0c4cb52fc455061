//! One run of Goss in a throw-away machine: what is laid out for it, and what comes of it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use model::Architecture;
use process::{Processes, Spec, output};
use runner::Context;

use crate::accelerator::{self, Kvm, Wanted};
use crate::afterwards;
use crate::boot_files::{self, BootFiles};
use crate::console::Console;
use crate::guest::{self, Bring, Patience, Results};
use crate::image::Image;
use crate::qemu::{self, Accelerator, Machine};
use crate::specs::Specs;

/// By what a runner knows the processes of a job.
const RUNNERS_MARK: &str = "RUNNER_TRACKING_ID";
/// Between asking QEMU to end and making it.
const GRACE: Duration = Duration::from_secs(2);

/// What is to be run.
pub(crate) struct Plan<'a> {
    pub(crate) image: &'a Image,
    pub(crate) bring: Bring,
    pub(crate) goss: &'a Path,
    pub(crate) specs: &'a Specs,
    pub(crate) vars: Option<PathBuf>,
    pub(crate) memory_mib: u64,
    pub(crate) cpus: u64,
    pub(crate) accelerator: Wanted,
    pub(crate) timeout: Duration,
    pub(crate) patience: Patience,
    pub(crate) console_log: Option<PathBuf>,
}

/// What starts the image, and on what processor.
pub(crate) fn boot_files(image: &Image) -> Result<(BootFiles, Architecture)> {
    let Some(root) = image.disks.first() else { bail!("the image has no disk") };
    let files = boot_files::find(&root.path)?;
    let found = files.architecture();
    match (image.architecture, found) {
        (Some(said), Some(found)) if said != found => {
            bail!("image.json says {}, but the kernel in it is for {}", said.as_str(), found.as_str())
        }
        (Some(said), _) => Ok((files, said)),
        (None, Some(found)) => Ok((files, found)),
        (None, None) => bail!("the kernel does not tell its processor: give an image.json, which does"),
    }
}

/// Boots the machine and gives back what Goss wrote in it.
pub(crate) async fn run(
    ctx: &mut Context,
    processes: &dyn Processes,
    plan: &Plan<'_>,
    files: &BootFiles,
    architecture: Architecture,
) -> Result<Vec<Results>> {
    let work = afterwards::work(ctx.temp())?;
    let (work, note) = (work.path(), afterwards::note(work.path()));
    let env = environment(ctx, work);
    let layout = lay_out(processes, &env, plan, files, work).await?;

    let kvm = match plan.accelerator {
        Wanted::Tcg => Kvm::Absent,
        Wanted::Auto | Wanted::Kvm => {
            accelerator::probe(processes, &env, architecture, &layout.kernel, &note).await?
        }
    };
    let (accelerator, why) = accelerator::choose(plan.accelerator, kvm)?;
    ctx.info(&format!("{}: {why}", qemu::program(architecture)));

    let machine = layout.machine(plan, files, architecture, accelerator);
    let mut console = Console::new(plan.console_log.as_deref())?;
    let spec = Spec::new(qemu::program(architecture))
        .args(qemu::arguments(&machine)?)
        .base_env(&env)
        .timeout(plan.timeout)
        .kill_grace(GRACE)
        .note(note);
    ctx.group("Console of the machine");
    let progress = ctx.progress("goss in the booted image");
    let exit = processes.run(spec, &mut |line| console.take(&line, ctx)).await;
    progress.finish();
    ctx.end_group();
    let exit = exit.with_context(|| {
        format!(
            "{} runs the image: install QEMU (Debian: qemu-system-x86, qemu-system-arm)",
            qemu::program(architecture)
        )
    })?;

    if exit.cancelled {
        bail!("cancelled while the image was tested");
    }
    let results = guest::results(&layout.results)?;
    if exit.timed_out {
        // Whole results of a machine that then would not go off are still whole.
        return match results {
            Some(results) if console.stage() == crate::console::Stage::Ended => {
                ctx.warning("the machine did not go off after Goss had ended, and was stopped");
                Ok(results)
            }
            _ => bail!(
                "the machine was stopped when its {} s were up, {} (input `timeout`)",
                plan.timeout.as_secs(),
                console.stage().describe()
            ),
        };
    }
    if !exit.success() {
        let complaint = console.complaint().unwrap_or("it said nothing");
        bail!("{} {exit}: {complaint}", qemu::program(architecture));
    }
    results.with_context(|| {
        format!("the machine went off without results, {}: its console says why", console.stage().describe())
    })
}

/// The files of a machine.
struct Layout {
    kernel: PathBuf,
    initrd: PathBuf,
    overlays: Vec<PathBuf>,
    tests: PathBuf,
    results: PathBuf,
}

impl Layout {
    fn machine(
        &self,
        plan: &Plan<'_>,
        files: &BootFiles,
        architecture: Architecture,
        accelerator: Accelerator,
    ) -> Machine {
        let console = qemu::console(architecture);
        Machine {
            architecture,
            accelerator,
            memory_mib: plan.memory_mib,
            cpus: plan.cpus,
            kernel: self.kernel.clone(),
            initrd: Some(self.initrd.clone()),
            command_line: guest::command_line(&files.arguments, console, plan.bring, plan.patience),
            overlays: self.overlays.clone(),
            tests: Some(self.tests.clone()),
            results: Some(self.results.clone()),
        }
    }
}

async fn lay_out(
    processes: &dyn Processes,
    env: &[(String, String)],
    plan: &Plan<'_>,
    files: &BootFiles,
    work: &Path,
) -> Result<Layout> {
    let layout = Layout {
        kernel: work.join("kernel"),
        initrd: work.join("initrd"),
        overlays: (0..plan.image.disks.len())
            .map(|number| work.join(format!("disk{number}.qcow2")))
            .collect(),
        tests: work.join("tests.img"),
        results: work.join("results.img"),
    };
    std::fs::write(&layout.kernel, &files.kernel)?;
    std::fs::write(&layout.initrd, &files.initrd)?;
    File::create(&layout.results)?.set_len(guest::RESULTS_BYTES)?;
    for (disk, overlay) in plan.image.disks.iter().zip(&layout.overlays) {
        make_overlay(processes, env, &disk.path, overlay).await?;
    }
    let stage = work.join("tests");
    std::fs::create_dir(&stage)?;
    guest::stage(&stage, plan.goss, plan.specs, plan.vars.as_deref())?;
    guest::make_disk(processes, env, &stage, &layout.tests).await?;
    Ok(layout)
}

/// What the guest writes goes into the overlay; QEMU opens what is below it for reading only.
async fn make_overlay(
    processes: &dyn Processes,
    env: &[(String, String)],
    disk: &Path,
    overlay: &Path,
) -> Result<()> {
    let spec = Spec::new("qemu-img")
        .args(["create", "-q", "-f", "qcow2", "-F", "raw", "-b"])
        .arg(disk)
        .arg(overlay)
        .base_env(env)
        .timeout(Duration::from_secs(60));
    let made = output(processes, spec, 1 << 20)
        .await
        .context("qemu-img makes the throw-away overlay: install it (Debian: qemu-utils)")?;
    if !made.exit.success() {
        bail!("qemu-img {}: {}", made.exit, String::from_utf8_lossy(&made.stderr).trim());
    }
    Ok(())
}

/// What the programs get: where programs are, the system's own folders included, and where temporary
/// files go.
fn environment(ctx: &Context, work: &Path) -> Vec<(String, String)> {
    let path = ctx.env("PATH").unwrap_or("/usr/local/bin:/usr/bin:/bin");
    // The runner's mark: by it, it ends what outlives a job, should we not live to do it.
    let mark = ctx.env(RUNNERS_MARK).map(|mark| (RUNNERS_MARK.to_owned(), mark.to_owned()));
    let own = [
        ("PATH".to_owned(), format!("{path}:/usr/sbin:/sbin")),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ("HOME".to_owned(), work.to_string_lossy().into_owned()),
        ("TMPDIR".to_owned(), work.to_string_lossy().into_owned()),
    ];
    own.into_iter().chain(mark).collect()
}

#[cfg(test)]
mod tests;
