//! A job as GitHub's runner runs it: every step is `node <tree>/<script>`, started in the workspace, with what the
//! runner puts into its environment, from what `action.yml` says and the workflow gives.

#![allow(dead_code, reason = "each target uses a part of it")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tempfile::TempDir;

use crate::common::{self, Ran};

/// How long a runner waits after SIGINT, and then after SIGTERM, before it kills a step.
const AFTER_INTERRUPT: Duration = Duration::from_millis(7500);
const AFTER_TERMINATE: Duration = Duration::from_millis(2500);

/// The files by which a step talks to its runner.
const FILES: [&str; 5] =
    ["GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH"];

fn set_by_make_test(variable: &str, what: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(path) => PathBuf::from(path),
        None => panic!("{variable} is not set: `make test` lays {what} and sets it"),
    }
}

/// The release tree.
pub(crate) fn tree() -> PathBuf {
    let tree = set_by_make_test("HALLMARK_TEST_TREE", "a release tree").canonicalize().unwrap();
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    assert!(!tree.starts_with(&checkout), "{} is in the checkout: a release stands alone", tree.display());
    tree
}

/// The Node that a runner has for `node24`.
pub(crate) fn node() -> PathBuf {
    set_by_make_test("HALLMARK_TEST_NODE", "a Node of its own")
}

/// A folder beside the release tree: nothing in it is in the checkout, or finds it.
pub(crate) fn folder() -> TempDir {
    tempfile::Builder::new().prefix("job-").tempdir_in(tree().parent().unwrap()).unwrap()
}

/// What of an `action.yml` the runner goes by.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    #[serde(default)]
    inputs: BTreeMap<String, Declared>,
    #[serde(default)]
    outputs: BTreeMap<String, Declared>,
    runs: Runs,
}

#[derive(Debug, Deserialize)]
struct Declared {
    default: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Runs {
    main: String,
    post: Option<String>,
}

/// A job's folders, which its steps share.
pub(crate) struct Job {
    folder: TempDir,
    tree: PathBuf,
    env: BTreeMap<String, String>,
}

impl Job {
    /// A job that takes its actions from the release tree.
    pub(crate) fn new() -> Self {
        Self::with(&tree())
    }

    /// The same, from another tree.
    pub(crate) fn with(tree: &Path) -> Self {
        let folder = folder();
        for name in ["workspace", "temp", "home", "tmp", "step"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder, tree: tree.to_owned(), env: BTreeMap::new() }
    }

    /// What a step before wrote into GITHUB_ENV.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the repository of the workflow is.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.folder().join("workspace")
    }

    /// RUNNER_TEMP.
    pub(crate) fn temp(&self) -> PathBuf {
        self.folder().join("temp")
    }

    /// The machine's own folder for temporary files, in this job.
    pub(crate) fn tmp(&self) -> PathBuf {
        self.folder().join("tmp")
    }

    /// Puts a part of the project into the workspace, as a repository that has made it its own.
    pub(crate) fn bring(&self, part: &str) {
        let status = Command::new("cp").arg("-R").arg(self.tree.join(part)).arg(self.workspace()).status();
        assert!(status.unwrap().success());
    }

    /// `uses: hallmark-images/hallmark/actions/<action>@…`; the chain is the repository's own action.
    pub(crate) fn uses(&self, action: &str) -> Step<'_> {
        let folder = match action {
            "chain" => self.tree.clone(),
            _ => self.tree.join("actions").join(action),
        };
        let file = folder.join("action.yml");
        let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let metadata = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let action = action.to_owned();
        Step { job: self, action, folder, metadata, with: BTreeMap::new(), state: RefCell::default() }
    }
}

/// A step that uses an action.
pub(crate) struct Step<'a> {
    job: &'a Job,
    action: String,
    folder: PathBuf,
    metadata: Metadata,
    with: BTreeMap<String, String>,
    /// What it kept for its clean-up.
    state: RefCell<BTreeMap<String, String>>,
}

impl Step<'_> {
    /// One line of `with:`.
    pub(crate) fn with(mut self, input: &str, value: impl Into<String>) -> Self {
        assert!(self.metadata.inputs.contains_key(input), "{} has no input {input}", self.action);
        self.with.insert(input.to_owned(), value.into());
        self
    }

    pub(crate) fn path(self, input: &str, path: impl AsRef<Path>) -> Self {
        self.with(input, path.as_ref().to_str().unwrap())
    }

    /// The key's text, as a secret gives it.
    pub(crate) fn key(self, name: &str) -> Self {
        self.with("signing-key", common::key::pem(name))
    }

    pub(crate) fn has_post(&self) -> bool {
        self.metadata.runs.post.is_some()
    }

    /// Runs it to its end, and checks what any step has to keep to.
    pub(crate) fn run(&self) -> Ran {
        self.start().end()
    }

    pub(crate) fn start(&self) -> Running<'_> {
        self.state.borrow_mut().clear();
        self.begin(&self.metadata.runs.main)
    }

    /// What the runner does after the job, however the step ended.
    pub(crate) fn post(&self) -> Ran {
        let script =
            self.metadata.runs.post.as_ref().unwrap_or_else(|| panic!("{} has no post", self.action));
        self.begin(script).end()
    }

    fn begin(&self, script: &str) -> Running<'_> {
        let log = File::create(self.log()).unwrap();
        let child = self.command(script).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        Running { step: self, child }
    }

    fn log(&self) -> PathBuf {
        self.file("log")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.job.folder().join("step").join(name)
    }

    fn command(&self, script: &str) -> Command {
        let job = self.job;
        let mut command = Command::new(node());
        command
            .arg(self.folder.join(script))
            .current_dir(job.workspace())
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", job.folder().join("home"))
            .env("TMPDIR", job.tmp())
            .env("LANG", "C.UTF-8")
            .env("HALLMARK_CACHE", common::cache())
            .envs(&job.env)
            .envs(RUNNER.iter().copied())
            .env("RUNNER_TEMP", job.temp())
            .env("GITHUB_WORKSPACE", job.workspace());
        for name in FILES {
            fs::write(self.file(name), "").unwrap();
            command.env(name, self.file(name));
        }
        // Every input that is declared is set, to its default or to nothing.
        for (name, declared) in &self.metadata.inputs {
            let value = self.with.get(name).or(declared.default.as_ref());
            let variable = format!("INPUT_{}", name.replace(' ', "_").to_uppercase());
            command.env(variable, value.map_or("", String::as_str));
        }
        let state = self.state.borrow();
        command.envs(state.iter().map(|(name, value)| (format!("STATE_{name}"), value)));
        command
    }

    fn ran(&self, code: Option<i32>) -> Ran {
        let read = |name: &str| fs::read_to_string(self.file(name)).unwrap();
        self.state.borrow_mut().extend(common::outputs(&read("GITHUB_STATE")));
        let outputs = common::outputs(&read("GITHUB_OUTPUT"));
        for name in outputs.keys() {
            assert!(self.metadata.outputs.contains_key(name), "{} gave {name}, undeclared", self.action);
        }
        for name in ["GITHUB_ENV", "GITHUB_PATH"] {
            assert_eq!(read(name), "", "{} changes the steps after it by {name}", self.action);
        }
        let stdout = fs::read(self.log()).unwrap();
        Ran { code, stdout, stderr: String::new(), outputs, summary: read("GITHUB_STEP_SUMMARY") }
    }
}

/// A step that runs.
pub(crate) struct Running<'a> {
    step: &'a Step<'a>,
    child: Child,
}

impl Running<'_> {
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.step.log()).unwrap()).into_owned()
    }

    /// What it has kept for its clean-up so far.
    pub(crate) fn state(&self) -> String {
        fs::read_to_string(self.step.file("GITHUB_STATE")).unwrap()
    }

    /// Waits for something to be so. False if the step ended before.
    pub(crate) fn until(&mut self, mut so: impl FnMut(&Self) -> bool) -> bool {
        let begun = Instant::now();
        while !so(self) {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            assert!(begun.elapsed() < common::ENOUGH, "waited too long: {}", self.log());
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }

    pub(crate) fn end(mut self) -> Ran {
        let status = self.child.wait().unwrap();
        self.step.ran(status.code().or(status.signal().map(|signal| 128 + signal)))
    }

    /// Cancels it as the runner does: signals to the process that it started, and to no other.
    pub(crate) fn cancel(mut self) -> Ran {
        for (signal, patience) in
            [("INT", AFTER_INTERRUPT), ("TERM", AFTER_TERMINATE), ("KILL", common::ENOUGH)]
        {
            self.send(signal);
            let sent = Instant::now();
            while sent.elapsed() < patience && self.child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(5));
            }
            if self.child.try_wait().unwrap().is_some() {
                break;
            }
        }
        self.end()
    }

    /// Kills it, as a machine without memory does: that process alone, and without a word.
    pub(crate) fn kill(self) -> Ran {
        self.send("KILL");
        self.end()
    }

    fn send(&self, signal: &str) {
        // It may have ended by now.
        Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).output().unwrap();
    }
}

/// What a runner says about itself and the run, and the tokens that a JavaScript action gets.
const RUNNER: &[(&str, &str)] = &[
    ("CI", "true"),
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_ACTION", "__self"),
    ("GITHUB_ACTION_REPOSITORY", "hallmark-images/hallmark"),
    ("GITHUB_ACTOR", "octocat"),
    ("GITHUB_API_URL", "https://api.github.example"),
    ("GITHUB_EVENT_NAME", "workflow_dispatch"),
    ("GITHUB_JOB", "bake"),
    ("GITHUB_REF", "refs/heads/main"),
    ("GITHUB_REPOSITORY", "acme/images"),
    ("GITHUB_RUN_ATTEMPT", "1"),
    ("GITHUB_RUN_ID", "4711"),
    ("GITHUB_RUN_NUMBER", "1"),
    ("GITHUB_SERVER_URL", "https://github.example"),
    ("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567"),
    ("GITHUB_WORKFLOW", "bake"),
    ("RUNNER_ARCH", "X64"),
    ("RUNNER_ENVIRONMENT", "self-hosted"),
    ("RUNNER_NAME", "runner-1"),
    ("RUNNER_OS", "Linux"),
    ("RUNNER_TRACKING_ID", "github_6f1d2c0e-5b7a-4a8e-9a53-0d0c6c4b1a01"),
    ("ACTIONS_RUNTIME_TOKEN", "a-token-that-no-template-may-see"),
    ("ACTIONS_RUNTIME_URL", "https://pipelines.github.example/"),
];
