//! A release tree that is not as it was released is refused with the reason, and nothing of it runs.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::common::{Ran, home, tree};
use crate::job::{self, Job, Step};

/// A release tree of one's own.
pub(crate) struct Copy {
    root: PathBuf,
    _folder: TempDir,
}

impl Copy {
    pub(crate) fn of_the_tree() -> Self {
        let folder = job::folder();
        let root = folder.path().join("tree");
        let status = Command::new("cp").arg("-a").arg(job::tree()).arg(&root).status();
        assert!(status.unwrap().success());
        Self { root, _folder: folder }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.root
    }

    /// Takes everybody's right to write, until it is dropped.
    pub(crate) fn freeze(&self) {
        chmod(self.path(), "a-w");
    }

    fn executable(&self) -> PathBuf {
        self.root.join("bin").join(NAME)
    }

    fn list(&self) -> PathBuf {
        self.root.join("bin/SHA256SUMS")
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        chmod(&self.root, "u+w");
    }
}

fn chmod(folder: &Path, mode: &str) {
    let status = Command::new("chmod").args(["-R", mode]).arg(folder).status();
    assert!(status.unwrap().success());
}

#[cfg(target_arch = "x86_64")]
const NAME: &str = "hallmark-linux-x64";
#[cfg(target_arch = "aarch64")]
const NAME: &str = "hallmark-linux-arm64";

/// A step that succeeds from a tree that is whole.
fn verifies(job: &Job) -> Step<'_> {
    let service = job.workspace().join("service");
    if !service.exists() {
        tree::link(&home().join("service"), &service);
    }
    job.uses("verify-signatures").with("manifest", "service/signatures.yml").key("bake")
}

/// Nothing was run: no output, no summary, no evidence, and one annotation that says why.
#[track_caller]
fn refused(job: &Job, ran: &Ran, says: &str, what: &str) {
    assert_eq!(ran.code, Some(2), "{what}: {}", ran.said());
    let said = ran.said();
    let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with("::warning ")).collect();
    assert_eq!(lines.len(), 1, "{what}: {said}");
    assert!(lines[0].starts_with("::error title=") && lines[0].contains(says), "{what}: {said}");
    assert!(ran.outputs.is_empty() && ran.summary.is_empty(), "{what}: {ran:?}");
    assert!(!job.workspace().join(".hallmark").exists(), "{what}: something ran");
}

/// What is done to the tree, and what its refusal says.
type Row = (&'static str, fn(&Copy), &'static str);

const ROWS: &[Row] = &[
    ("a flipped bit in the executable", flip_a_bit, "has the wrong SHA-256: expected "),
    (
        "the executable is cut off",
        |copy| File::options().write(true).open(copy.executable()).unwrap().set_len(1 << 20).unwrap(),
        "has the wrong SHA-256: expected ",
    ),
    ("no executable for this platform", |copy| fs::remove_file(copy.executable()).unwrap(), "is missing."),
    (
        "the list does not know this platform",
        |copy| rewrite(&copy.list(), NAME, "hallmark-linux-riscv64"),
        "does not list hallmark-linux-",
    ),
    (
        "the list has another digest",
        |copy| fs::write(copy.list(), format!("{}  {NAME}\n", "0".repeat(64))).unwrap(),
        "has the wrong SHA-256: expected 0000",
    ),
    ("no list", |copy| fs::remove_file(copy.list()).unwrap(), "is missing."),
    (
        "a link for the executable, to the very same bytes",
        |copy| aside(copy, &copy.executable()),
        "is a symbolic link",
    ),
    ("a link for the list", |copy| aside(copy, &copy.list()), "is a symbolic link"),
    (
        "a link for bin/, to the very same folder",
        |copy| aside(copy, &copy.path().join("bin")),
        "is not a folder; a symbolic link is not followed",
    ),
    (
        "the executable lost its mode",
        |copy| fs::set_permissions(copy.executable(), fs::Permissions::from_mode(0o644)).unwrap(),
        "is not marked as executable",
    ),
    (
        "no bin/: a commit of the source was pinned",
        |copy| fs::remove_dir_all(copy.path().join("bin")).unwrap(),
        "full commit SHA of a release",
    ),
];

fn flip_a_bit(copy: &Copy) {
    let file = File::options().read(true).write(true).open(copy.executable()).unwrap();
    let middle = file.metadata().unwrap().len() / 2;
    let mut byte = [0];
    file.read_exact_at(&mut byte, middle).unwrap();
    file.write_all_at(&[byte[0] ^ 1], middle).unwrap();
}

fn rewrite(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(file, text.replace(from, to)).unwrap();
}

/// Moves something out of the tree and links to it: whoever changes it there changes what runs.
fn aside(copy: &Copy, path: &Path) {
    let elsewhere = copy.path().with_file_name("elsewhere");
    fs::rename(path, &elsewhere).unwrap();
    symlink(&elsewhere, path).unwrap();
}

#[test]
fn every_change_is_refused_with_its_reason_and_nothing_runs() {
    for (what, change, says) in ROWS {
        let copy = Copy::of_the_tree();
        change(&copy);
        let job = Job::with(copy.path());
        refused(&job, &verifies(&job).run(), says, what);
        // So is the clean-up of a step: the tree may be changed between the two.
        refused(&job, &job.uses("packer-build").post(), says, what);
    }
    // The refusals were for what was done: a copy of the tree serves.
    let copy = Copy::of_the_tree();
    let job = Job::with(copy.path());
    assert_eq!(verifies(&job).run().done().output("verified"), "1");
}

/// A program that says that it ran.
fn other_program(job: &Job) -> PathBuf {
    let path = job.folder().join("other");
    fs::write(&path, format!("#!/bin/sh\n>>'{}'\n", job.folder().join("it-ran").display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn another_executable_that_an_earlier_step_named_is_not_run() {
    let job = Job::new();
    let other = other_program(&job);
    let job = job.env("HALLMARK_BIN", other.to_str().unwrap());
    let ran = verifies(&job).run().done();
    assert_eq!(ran.output("verified"), "1");
    assert!(
        ran.said().contains("::warning title=Hallmark::HALLMARK_BIN is set and not used"),
        "{}",
        ran.said()
    );
    assert!(!job.folder().join("it-ran").exists());

    // Nor in place of an executable that is refused, nor where there is none.
    for (what, change, says) in ROWS.iter().filter(|row| row.0.starts_with("no ")) {
        let copy = Copy::of_the_tree();
        change(&copy);
        let job = Job::with(copy.path());
        let job = job.env("HALLMARK_BIN", other.to_str().unwrap());
        refused(&job, &verifies(&job).run(), says, what);
    }
    assert!(!job.folder().join("it-ran").exists());

    // It is for a checkout of the source, which is told by its .git: there it runs.
    let copy = Copy::of_the_tree();
    fs::remove_dir_all(copy.path().join("bin")).unwrap();
    fs::create_dir(copy.path().join(".git")).unwrap();
    let checkout = Job::with(copy.path()).env("HALLMARK_BIN", other.to_str().unwrap());
    assert_eq!(verifies(&checkout).run().code, Some(0));
    assert!(job.folder().join("it-ran").exists());
}

/// What an earlier step can do by GITHUB_ENV, GITHUB_PATH and the workspace to Node and to the program: none of it
/// chooses what runs.
#[test]
fn what_an_earlier_step_left_in_the_workspace_chooses_nothing() {
    let job = Job::new();
    let other = other_program(&job);
    for name in ["hallmark", NAME, "bin/hallmark", &format!("bin/{NAME}"), "node_modules/.bin/hallmark"] {
        let path = job.workspace().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(&other, &path).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", job.workspace().display());
    let job = job.env("PATH", &path).env("INIT_CWD", "/").env("HALLMARK_TREE", "/");
    assert_eq!(verifies(&job).run().done().output("verified"), "1");
    assert!(!job.folder().join("it-ran").exists());
}
