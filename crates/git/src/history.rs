//! The history of a checkout, apart from its settings.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use process::Processes;
use runner::Context;

use crate::ask::ask;
use crate::checkout::{Checkout, LONGEST};

/// Where commits are, and which of them something points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The folder of git's objects.
    pub objects: PathBuf,
    /// The refs, as git packs them: one a line, its commit first.
    pub refs: Vec<u8>,
    /// The commit that is checked out, if there is one.
    pub head: Option<String>,
}

impl Checkout {
    /// Its history. None where git does not answer.
    pub async fn history(&self, ctx: &Context, processes: &dyn Processes) -> Option<History> {
        let root = self.root.as_path();
        let question = ["rev-parse", "--path-format=absolute", "--git-path", "objects"];
        let answer = ask(ctx, processes, root, &question, 1 << 20).await?;
        let objects = PathBuf::from(OsStr::from_bytes(answer.strip_suffix(b"\n")?));
        let question = ["for-each-ref", "--format=%(objectname) %(refname)"];
        let refs = ask(ctx, processes, root, &question, LONGEST).await?;
        // There is none on a branch without commits.
        let question = ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"];
        let head = ask(ctx, processes, root, &question, 1 << 10).await;
        let head = head.and_then(|head| Some(String::from_utf8(head).ok()?.trim().to_owned()));
        objects.is_absolute().then_some(History { objects, refs, head })
    }
}
