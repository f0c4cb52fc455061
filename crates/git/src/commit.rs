//! The git commit of a folder, where there is one.

use std::path::Path;

use process::Processes;
use runner::Context;

use crate::ask::ask;

const LONGEST: usize = 1 << 20;

/// Which commit a folder is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id: 40 or 64 hexadecimal digits.
    pub id: String,
    /// The folder has changes that are in no commit.
    pub dirty: bool,
    /// Where the repository is, if a runner says so: `git+https://github.com/acme/images`.
    pub repository: Option<String>,
    /// As `repository`, with the ref: `…@refs/heads/main`.
    pub uri: Option<String>,
}

/// The commit of the folder. That there is none is no failure.
pub async fn of(ctx: &Context, processes: &dyn Processes, folder: &Path) -> Option<Commit> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
    let id = text(ask(ctx, processes, folder, &["rev-parse", "--verify", "HEAD"], LONGEST).await?)?;
    let id = id.trim().to_owned();
    let hex = id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !hex || !matches!(id.len(), 40 | 64) {
        return None;
    }
    let status = ask(ctx, processes, folder, &["status", "--porcelain", "--", "."], LONGEST).await;
    let status = status.and_then(text);
    let github = ctx.github();
    let (repository, uri) = match (&github.server_url, &github.repository, &github.sha) {
        // What the runner says is about its own commit only.
        (Some(server), Some(repository), Some(sha)) if *sha == id => {
            let at = github.ref_.as_deref().unwrap_or(&id);
            let place = format!("git+{}/{repository}", server.trim_end_matches('/'));
            (Some(place.clone()), Some(format!("{place}@{at}")))
        }
        _ => (None, None),
    };
    Some(Commit { dirty: status.is_none_or(|status| !status.trim().is_empty()), id, repository, uri })
}
