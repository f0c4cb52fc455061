//! What a run leaves for the step after the job to clean up, should it be killed: its folder, by which its
//! machine is found, its own process, and the evidence that it may have been writing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use attest::EvidenceDir;
use runner::{Context, Outcome};
use tempfile::TempDir;

/// How the folder of a run is named.
const WORK: &str = "hallmark-goss-test.";
/// In it, by what a machine is found whose run was killed.
const NOTE: &str = "qemu.note";
/// What the clean-up is told.
const STATE: &str = "work";
const PROCESS: &str = "test-process";
const EVIDENCE: &str = "test-evidence";
/// Between asking a machine to end and making it.
const GRACE: Duration = Duration::from_secs(2);
/// The same for a whole run, which asks its machine first.
const LONG_GRACE: Duration = Duration::from_secs(8);

/// Keeps what the clean-up has to know: before anything else, because the state is read when the step ends,
/// and we can outlive it.
pub(crate) fn remember(ctx: &mut Context) -> Result<()> {
    let evidence = ctx.path("evidence")?;
    ctx.state(STATE, ctx.temp().join(name()).to_string_lossy())?;
    ctx.state(EVIDENCE, evidence.to_str().context("the path of `evidence` is not UTF-8")?)?;
    ctx.state(PROCESS, process::this_process())
}

fn name() -> String {
    format!("{WORK}{}", process::this_process())
}

/// The folder of a run; gone when dropped.
pub(crate) fn work(temp: &Path) -> Result<TempDir> {
    let made = tempfile::Builder::new().prefix(&name()).rand_bytes(0).tempdir_in(temp);
    made.with_context(|| format!("cannot make the folder {} in {}", name(), temp.display()))
}

/// The note of a run's machine.
pub(crate) fn note(work: &Path) -> PathBuf {
    work.join(NOTE)
}

/// Ends what a killed run left running, and takes its files away. Run after the job, however the run ended.
pub(crate) async fn post(ctx: &mut Context) -> Result<Outcome> {
    if let Some(process) = ctx.saved_state(PROCESS) {
        process::end_process(process, LONG_GRACE).await;
    }
    if let Some(evidence) = ctx.saved_state(EVIDENCE) {
        EvidenceDir::new(evidence).sweep();
    }
    if let Some(work) = ctx.saved_state(STATE).map(PathBuf::from) {
        clean_up(ctx, &work).await?;
    }
    Ok(Outcome::Done)
}

async fn clean_up(ctx: &mut Context, work: &Path) -> Result<()> {
    let is_ours = work.parent() == Some(ctx.temp())
        && work.file_name().is_some_and(|name| name.to_string_lossy().starts_with(WORK));
    if !is_ours || !work.is_dir() {
        return Ok(());
    }
    let ended = process::end_left_behind(&note(work), GRACE).await?;
    ctx.info(&format!("a run was killed: ended {ended} of its processes, removed {}", work.display()));
    std::fs::remove_dir_all(work).with_context(|| format!("cannot remove {}", work.display()))
}
