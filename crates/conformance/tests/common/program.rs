//! The real `hallmark`, started with nothing in its environment but what a runner sets, or as a person starts it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use tempfile::TempDir;

/// More than anything here takes on a busy machine: it is there to end what hangs.
pub(crate) const ENOUGH: Duration = Duration::from_secs(900);

/// The program beside the tests: `target/debug/deps/<test>` is where this one is.
pub(crate) fn hallmark() -> PathBuf {
    let own = env::current_exe().unwrap();
    let program = own.parent().and_then(Path::parent).unwrap().join("hallmark");
    assert!(
        program.is_file(),
        "{} is not built: `make test` builds it, or `cargo build -p hallmark`",
        program.display()
    );
    program
}

/// One step of a job.
pub(crate) struct Step {
    action: &'static str,
    inputs: BTreeMap<String, String>,
    on_runner: bool,
    /// What the runner gives each step: its files, a home, and a folder for what is temporary.
    files: TempDir,
    workspace: PathBuf,
}

impl Step {
    pub(crate) fn new(action: &'static str, workspace: &Path) -> Self {
        let files = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        for folder in ["home", "temp", "checkout"] {
            fs::create_dir(files.path().join(folder)).unwrap();
        }
        Self { action, inputs: BTreeMap::new(), on_runner: true, files, workspace: workspace.to_owned() }
    }

    pub(crate) const fn action(&self) -> &'static str {
        self.action
    }

    pub(crate) fn input(mut self, name: &str, value: impl Into<String>) -> Self {
        self.inputs.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn path(self, name: &str, path: impl AsRef<Path>) -> Self {
        self.input(name, path.as_ref().to_str().unwrap())
    }

    /// At a terminal, with flags, as a person who approves.
    pub(crate) const fn off_runner(mut self) -> Self {
        self.on_runner = false;
        self
    }

    /// Where the program may leave nothing behind.
    pub(crate) fn temp(&self) -> PathBuf {
        self.files.path().join("temp")
    }

    pub(crate) fn command(&self) -> Command {
        let file = |name: &str| self.files.path().join(name);
        for name in ["GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"] {
            fs::write(file(name), "").unwrap();
        }
        let mut command = Command::new(hallmark());
        command
            .arg(self.action)
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", file("home"))
            .env("LANG", "C.UTF-8")
            .env("HALLMARK_CACHE", cache())
            .env("GITHUB_OUTPUT", file("GITHUB_OUTPUT"))
            .current_dir(&self.workspace)
            .stdin(Stdio::null());
        if !self.on_runner {
            command.args(self.inputs.iter().flat_map(|(name, value)| [format!("--{name}"), value.clone()]));
            command.env("NO_COLOR", "1").env("TMPDIR", self.temp());
            return command;
        }
        for (name, value) in &self.inputs {
            command.env(format!("INPUT_{}", name.to_uppercase()), value);
        }
        command
            .envs([("CI", "true"), ("GITHUB_ACTIONS", "true"), ("GITHUB_REPOSITORY", "acme/images")])
            .envs([("GITHUB_RUN_ID", "4711"), ("GITHUB_RUN_ATTEMPT", "1"), ("GITHUB_ACTOR", "octocat")])
            .envs([("GITHUB_SERVER_URL", "https://github.example"), ("RUNNER_OS", "Linux")])
            .env("GITHUB_STATE", file("GITHUB_STATE"))
            .env("GITHUB_STEP_SUMMARY", file("GITHUB_STEP_SUMMARY"))
            // What is checked out is elsewhere: policies, exceptions and keys are files of the machine here, as
            // those of an action are. What comes of them in a checkout, the gate's own tests say.
            .env("GITHUB_WORKSPACE", file("checkout"))
            .env("RUNNER_TEMP", self.temp());
        command
    }

    /// Runs it to its end; again, if it ran before.
    pub(crate) fn run(&self) -> Ran {
        let output = self.command().output().unwrap();
        let read = |name: &str| fs::read_to_string(self.files.path().join(name)).unwrap();
        Ran {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            outputs: outputs(&read("GITHUB_OUTPUT")),
            summary: read("GITHUB_STEP_SUMMARY"),
        }
    }
}

/// The tools that `make test` fetched before.
pub(crate) fn cache() -> PathBuf {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    named("HALLMARK_CACHE")
        .or_else(|| named("XDG_CACHE_HOME").map(|cache| cache.join("hallmark")))
        .or_else(|| named("HOME").map(|home| home.join(".cache/hallmark")))
        .unwrap()
}

/// What a step gave back.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) summary: String,
}

impl Ran {
    /// All that it said.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", String::from_utf8_lossy(&self.stdout), self.stderr)
    }

    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.said());
        self
    }

    #[track_caller]
    pub(crate) fn output(&self, name: &str) -> &str {
        self.outputs.get(name).unwrap_or_else(|| panic!("no output `{name}`: {}", self.said()))
    }

    #[track_caller]
    pub(crate) fn output_path(&self, name: &str) -> PathBuf {
        self.output(name).into()
    }

    /// The codes of the reasons: the gate's output, or the titles of the annotations.
    pub(crate) fn reasons(&self) -> Vec<String> {
        if let Some(reasons) = self.outputs.get("reasons") {
            let reasons: Vec<model::Reason> = serde_json::from_str(reasons).unwrap();
            return reasons.into_iter().map(|reason| reason.code).collect();
        }
        let said = self.said();
        let titles = said.lines().filter_map(|line| line.strip_prefix("::error title=")?.split_once("::"));
        titles.map(|(title, _)| title.to_owned()).collect()
    }
}

/// The runner's way to write several lines: `name<<delimiter`, the lines, the delimiter.
pub(crate) fn outputs(text: &str) -> BTreeMap<String, String> {
    let mut lines = text.lines();
    let mut outputs = BTreeMap::new();
    while let Some(line) = lines.next() {
        let (name, delimiter) = line.split_once("<<").unwrap_or_else(|| panic!("no output: {line:?}"));
        let value: Vec<_> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        let before = outputs.insert(name.to_owned(), value.join("\n"));
        assert!(before.is_none(), "the output `{name}` is there twice");
    }
    outputs
}
