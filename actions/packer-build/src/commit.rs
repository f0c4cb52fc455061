//! The git commit of the workspace, where there is one.

use process::{Processes, Spec, output};
use runner::Context;
use std::{path::Path, time::Duration};

/// Git answers at once, or something is wrong with the file system.
const SOON: Duration = Duration::from_secs(60);
const LONGEST: usize = 1 << 20;

/// Which commit the template is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) id: String,
    /// The template's folder has changes that are in no commit.
    pub(crate) dirty: bool,
    /// Where the repository is, if a runner says so.
    pub(crate) uri: Option<String>,
}

/// The commit of the folder that holds the template. That there is none is no failure: the template's
/// files are recorded by digest.
pub(crate) async fn of(ctx: &Context, processes: &dyn Processes, folder: &Path) -> Option<Commit> {
    let id = ask(ctx, processes, folder, &["rev-parse", "--verify", "HEAD"]).await?;
    let id = id.trim().to_owned();
    let hex = id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !hex || !matches!(id.len(), 40 | 64) {
        return None;
    }
    let status = ask(ctx, processes, folder, &["status", "--porcelain", "--", "."]).await;
    let github = ctx.github();
    let uri = match (&github.server_url, &github.repository, &github.sha) {
        // What the runner says is about its own commit only.
        (Some(server), Some(repository), Some(sha)) if *sha == id => {
            let at = github.ref_.as_deref().unwrap_or(&id);
            Some(format!("git+{}/{repository}@{at}", server.trim_end_matches('/')))
        }
        _ => None,
    };
    Some(Commit { dirty: status.is_none_or(|status| !status.trim().is_empty()), id, uri })
}

async fn ask(ctx: &Context, processes: &dyn Processes, folder: &Path, question: &[&str]) -> Option<String> {
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
    let answer = output(processes, spec, LONGEST).await.ok()?;
    answer.exit.success().then(|| String::from_utf8(answer.stdout).ok())?
}
