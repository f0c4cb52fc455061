//! Asking git a question.

use std::path::Path;
use std::time::Duration;

use process::{Processes, Spec, output};
use runner::Context;

/// Git answers at once, or something is wrong with the file system.
const SOON: Duration = Duration::from_secs(60);

/// What git answers, if it answers well and no longer than that many bytes.
pub(crate) async fn ask(
    ctx: &Context,
    processes: &dyn Processes,
    folder: &Path,
    question: &[&str],
    longest: usize,
) -> Option<Vec<u8>> {
    let environment: Vec<(&str, &str)> =
        ["PATH", "HOME"].iter().filter_map(|name| Some((*name, ctx.env(name)?))).collect();
    let spec = Spec::new("git")
        .base_env(&environment)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .cwd(folder)
        // A checkout may carry settings that run programs.
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
        .args(question.iter().copied())
        .timeout(SOON);
    let answer = output(processes, spec, longest).await.ok()?;
    answer.exit.success().then_some(answer.stdout)
}
