//! The files of a checkout, and how they differ from its commit.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use process::Processes;
use runner::Context;

use crate::ask::ask;

/// More than the names of any repository's files have.
pub(crate) const LONGEST: usize = 256 << 20;

const EMPTY_TREE_SHA1: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const EMPTY_TREE_SHA256: &str = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321";

/// A folder of a git repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// Where the repository's files begin.
    pub root: PathBuf,
    /// Where git keeps what it knows.
    pub git_dir: PathBuf,
    /// The history is cut off: commits are missing.
    pub shallow: bool,
    /// The tree without files, which every repository knows: what has no attributes, among others.
    pub empty_tree: &'static str,
}

/// The files of a folder, relative to the repository's root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// What is tracked.
    pub tracked: Vec<PathBuf>,
    /// What of it is another than in the commit, or gone.
    pub changed: Vec<PathBuf>,
    /// What is new, and no ignore file speaks of.
    pub untracked: Vec<PathBuf>,
}

impl Checkout {
    /// The repository that the folder is of; none where it is of none.
    pub async fn of(ctx: &Context, processes: &dyn Processes, folder: &Path) -> Option<Self> {
        let question = [
            "rev-parse",
            "--show-toplevel",
            "--absolute-git-dir",
            "--is-shallow-repository",
            "--show-object-format",
        ];
        let answer = ask(ctx, processes, folder, &question, 1 << 20).await?;
        let mut lines = answer.split(|byte| *byte == b'\n');
        let path = |line: &[u8]| PathBuf::from(OsStr::from_bytes(line));
        let (root, git_dir) = (path(lines.next()?), path(lines.next()?));
        let shallow = match lines.next()? {
            b"true" => true,
            b"false" => false,
            _ => return None,
        };
        let empty_tree = match lines.next()? {
            b"sha1" => EMPTY_TREE_SHA1,
            b"sha256" => EMPTY_TREE_SHA256,
            _ => return None,
        };
        (root.is_absolute() && git_dir.is_absolute()).then_some(Self { root, git_dir, shallow, empty_tree })
    }

    /// How its objects are named.
    #[must_use]
    pub fn object_format(&self) -> &'static str {
        if self.empty_tree == EMPTY_TREE_SHA256 { "sha256" } else { "sha1" }
    }

    /// The files of a folder of it. None where git does not answer.
    pub async fn files(&self, ctx: &Context, processes: &dyn Processes, folder: &Path) -> Option<Files> {
        let list = ["ls-files", "-z", "--full-name", "--cached", "--", "."];
        let mut files =
            Files { tracked: paths(&ask(ctx, processes, folder, &list, LONGEST).await?), ..Files::default() };
        // A file with a conflict is listed once for each side.
        files.tracked.dedup();
        let status = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", "."];
        for line in ask(ctx, processes, folder, &status, LONGEST).await?.split(|byte| *byte == 0) {
            let Some((state, path)) = line.split_at_checked(3) else { continue };
            let path = PathBuf::from(OsStr::from_bytes(path));
            if state == b"?? " { files.untracked.push(path) } else { files.changed.push(path) }
        }
        Some(files)
    }
}

fn paths(answer: &[u8]) -> Vec<PathBuf> {
    answer
        .split(|byte| *byte == 0)
        .filter(|line| !line.is_empty())
        .map(|line| PathBuf::from(OsStr::from_bytes(line)))
        .collect()
}
