//! Running an action inside a test, as the runner or a person would, without touching the process:
//! its own environment, folders, clock and streams.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::Timestamp;

use crate::Result;
use crate::action::{Action, Outcome};
use crate::context::Context;
use crate::host::{Host, Stream};
use crate::input::Flags;
use crate::program::{self, Finished};

/// The clock of a harness unless it is set: 2026-01-02T03:04:05Z.
pub const NOW: &str = "2026-01-02T03:04:05Z";

/// The surroundings of a run. By default a runner with an empty workspace.
///
/// Not to be used inside another async runtime: a run brings its own.
#[derive(Debug)]
pub struct Harness {
    folder: tempfile::TempDir,
    env: BTreeMap<String, String>,
    args: Vec<OsString>,
    cwd: Option<PathBuf>,
    now: Timestamp,
    terminal: bool,
}

/// What a run did.
#[derive(Debug)]
pub struct Run {
    /// The exit code: 0 done, 1 decided against, 2 could not decide.
    pub code: u8,
    /// Everything on standard output, workflow commands included.
    pub stdout: String,
    /// Everything on standard error.
    pub stderr: String,
    /// The outputs, by name.
    pub outputs: BTreeMap<String, String>,
    /// The summary's Markdown as it was written, cut to GitHub's limit.
    pub summary: String,
    /// The state kept for the clean-up, as it was written: `GITHUB_STATE`.
    pub state: String,
}

impl Default for Harness {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "only tests use it; a panic is their message"
)]
impl Harness {
    /// A runner with an empty workspace, which is the working directory.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["workspace", "temp"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let env = [
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_OUTPUT", path("output")),
            ("GITHUB_STATE", path("state")),
            ("GITHUB_STEP_SUMMARY", path("summary")),
            ("GITHUB_WORKSPACE", path("workspace")),
            ("GITHUB_REPOSITORY", "acme/images".to_owned()),
            ("GITHUB_RUN_ID", "1".to_owned()),
            ("GITHUB_RUN_ATTEMPT", "1".to_owned()),
            ("GITHUB_SERVER_URL", "https://github.com".to_owned()),
            ("RUNNER_TEMP", path("temp")),
        ];
        Self {
            env: env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            folder,
            args: Vec::new(),
            cwd: None,
            now: NOW.parse().unwrap(),
            terminal: false,
        }
    }

    /// Sets an input as the runner does, by `INPUT_*`.
    #[must_use]
    pub fn input(mut self, name: &str, value: impl AsRef<str>) -> Self {
        let variable = format!("INPUT_{}", name.replace(' ', "_").to_uppercase());
        self.env.insert(variable, value.as_ref().to_owned());
        self
    }

    /// Sets an input to a path.
    #[must_use]
    pub fn input_path(self, name: &str, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_string_lossy().into_owned();
        self.input(name, path)
    }

    /// Adds an argument to the command line.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.env.insert(name.to_owned(), value.as_ref().to_owned());
        self
    }

    /// Takes a variable away.
    #[must_use]
    pub fn without_env(mut self, name: &str) -> Self {
        self.env.remove(name);
        self
    }

    /// Passes a variable of the test's own environment on, if it is set: `PATH` and the like.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "passes named variables on to a test")]
    pub fn pass_env(mut self, name: &str) -> Self {
        if let Ok(value) = std::env::var(name) {
            self.env.insert(name.to_owned(), value);
        }
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn cwd(mut self, path: impl Into<PathBuf>) -> Self {
        self.cwd = Some(path.into());
        self
    }

    /// Sets the clock.
    #[must_use]
    pub const fn now(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// A person's machine instead of a runner.
    #[must_use]
    pub fn off_runner(mut self) -> Self {
        self.env.retain(|name, _| !name.starts_with("GITHUB_") && !name.starts_with("RUNNER_"));
        self
    }

    /// As if standard output and error were a terminal.
    #[must_use]
    pub const fn terminal(mut self) -> Self {
        self.terminal = true;
        self
    }

    /// The workspace, to put files into.
    #[must_use]
    pub fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    /// Writes a file into the workspace and tells its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.workspace().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Runs the action, exactly as its program does.
    #[must_use]
    pub fn run(&self, action: &'static Action) -> Run {
        self.finish(|host| program::run(action, host))
    }

    /// Runs the action's clean-up after the job.
    #[must_use]
    pub fn post(&self, action: &'static Action) -> Run {
        self.finish(|mut host| {
            host.args.push("--post".into());
            program::run(action, host)
        })
    }

    /// Runs some work with a context of the action: for what lies below `run`, with fakes.
    /// Inputs come from `INPUT_*` only, and are checked first.
    pub fn with_context<T>(
        &self,
        action: &'static Action,
        work: impl AsyncFnOnce(&mut Context) -> Result<T>,
    ) -> (Result<T>, Run) {
        let mut result = None;
        let run = self.finish(|host| {
            let context = Context::new(action, host, &Flags::new());
            let (decided, finished) = program::drive(context, async |context: &mut Context| {
                context.check()?;
                result = Some(Ok(work(context).await?));
                Ok(Outcome::Done)
            });
            if let Err(error) = decided {
                result = Some(Err(error));
            }
            finished
        });
        (result.unwrap(), run)
    }

    fn finish(&self, work: impl FnOnce(Host) -> Finished) -> Run {
        for name in ["output", "state", "summary"] {
            std::fs::write(self.folder.path().join(name), "").unwrap();
        }
        let (stdout, stderr) = (Shared::default(), Shared::default());
        let finished = work(self.host(&stdout, &stderr));
        let read = |name: &str| std::fs::read_to_string(self.folder.path().join(name)).unwrap();
        let on_runner = self.env.contains_key("GITHUB_ACTIONS");
        Run {
            code: finished.code,
            stdout: stdout.text(),
            stderr: stderr.text(),
            outputs: finished.outputs,
            summary: if on_runner { read("summary") } else { finished.summary.markdown() },
            state: read("state"),
        }
    }

    fn host(&self, stdout: &Shared, stderr: &Shared) -> Host {
        let now = self.now;
        let stream =
            |shared: &Shared| Stream { writer: Box::new(shared.clone()), is_terminal: self.terminal };
        Host {
            env: self.env.clone(),
            undecodable: BTreeSet::new(),
            args: self.args.clone(),
            cwd: self.cwd.clone().unwrap_or_else(|| self.workspace()),
            temp: self.env.get("RUNNER_TEMP").map_or_else(|| self.folder.path().join("temp"), PathBuf::from),
            clock: Rc::new(move || now),
            stdout: stream(stdout),
            stderr: stream(stderr),
            // A test that wants a person's terminal has to have a real one.
            person: false,
        }
    }
}

/// A stream that several hold.
#[derive(Debug, Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Shared {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.borrow()).into_owned()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
