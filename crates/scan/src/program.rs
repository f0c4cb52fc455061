//! Running a scanner.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use process::{Exit, Line, Processes, Spec};
use runner::{Context, Result};
use scanners::Log;
use tools::Tool;

/// More than any answer on standard output has.
const MAX_STDOUT: usize = 1 << 20;

/// A scanner, and where it runs.
pub struct Program<'a> {
    /// How its log is read.
    pub log: &'a dyn Log,
    /// Its version.
    pub version: &'a str,
    /// The executable.
    pub path: &'a Path,
    /// What comes before all arguments: of a script its interpreter's own.
    pub before: &'a [OsString],
    /// How programs are run.
    pub processes: &'a dyn Processes,
    /// A folder of this run's own, empty at first. The scanner runs in it, so that no ignore file and no
    /// configuration of the workspace is found.
    pub scratch: &'a Path,
    /// How long it may take.
    pub timeout: Duration,
    /// The environment variables that it is given where they are set, besides `PATH`: proxies, certificates.
    pub passed_on: &'a [&'a str],
    /// Further variables.
    pub env: Vec<(&'a str, OsString)>,
}

/// What a run leaves besides its files.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub exit: Exit,
    /// Its last error, for people.
    pub said: Option<String>,
    /// A line that says that something was left out.
    pub gap: Option<String>,
}

/// The folder that a program with this scratch folder runs in: empty, but for what is put there beforehand.
#[must_use]
pub fn folder_of(scratch: &Path) -> PathBuf {
    scratch.join("empty")
}

impl<'a> Program<'a> {
    /// A pinned tool in a folder of this run's own, with nothing of the environment besides `PATH`.
    #[must_use]
    pub fn pinned(
        log: &'a dyn Log,
        tool: &'a Tool,
        processes: &'a dyn Processes,
        scratch: &'a Path,
        timeout: Duration,
    ) -> Self {
        let Tool { version, path, .. } = tool;
        Self { log, version, path, before: &[], processes, scratch, timeout, passed_on: &[], env: Vec::new() }
    }
}

impl Program<'_> {
    /// The same with these further variables, instead of those that it has.
    #[must_use]
    pub const fn with<'b>(&'b self, env: Vec<(&'b str, OsString)>) -> Program<'b> {
        let Program { log, version, path, before, processes, scratch, timeout, passed_on, .. } = *self;
        Program { log, version, path, before, processes, scratch, timeout, passed_on, env }
    }

    /// Runs it, and shows what it says in a group named by what it is run for.
    ///
    /// # Errors
    /// It cannot be started, or takes too long.
    pub async fn run(&self, ctx: &mut Context, what: &str, arguments: Vec<OsString>) -> Result<Ran> {
        self.listen(ctx, what, arguments, &mut String::new()).await
    }

    /// As [`Program::run`], and gives back what was written to standard output.
    ///
    /// # Errors
    /// As [`Program::run`].
    pub async fn listen(
        &self,
        ctx: &mut Context,
        what: &str,
        arguments: Vec<OsString>,
        stdout: &mut String,
    ) -> Result<Ran> {
        let home = self.scratch.join("home");
        let cwd = folder_of(self.scratch);
        let temporary = self.scratch.join("tmp");
        for folder in [&home, &cwd, &temporary] {
            fs::create_dir_all(folder)?;
        }
        let mut spec = Spec::new(self.path)
            .args(self.before)
            .args(arguments)
            .cwd(&cwd)
            .env("HOME", &home)
            .env("TMPDIR", &temporary)
            .env("LANG", "C.UTF-8")
            .timeout(self.timeout);
        for name in ["PATH"].iter().chain(self.passed_on) {
            if let Some(value) = ctx.env(name) {
                spec = spec.env(*name, value);
            }
        }
        for (name, value) in &self.env {
            spec = spec.env(*name, value);
        }
        ctx.group(&format!("{} {}: {what}", self.log.title(), self.version));
        let (mut said, mut gap) = (None, None);
        let ran = {
            let mut on_line = |line: Line| {
                let text = line.text().into_owned();
                if matches!(line, Line::Stdout(_)) && stdout.len() < MAX_STDOUT {
                    stdout.push_str(&text);
                    stdout.push('\n');
                }
                let message = || runner::escape::shortened(self.log.message(&text), 600);
                if self.log.is_error(&text) {
                    said = Some(message());
                }
                if gap.is_none() && self.log.tells_of_a_gap(&text) {
                    gap = Some(message());
                }
                if !self.log.is_chatter(&text) {
                    ctx.info(&text);
                }
            };
            self.processes.run(spec, &mut on_line).await
        };
        ctx.end_group();
        Ok(Ran { exit: ran?, said, gap })
    }
}

impl Ran {
    /// Whether it ended well. `what` begins the error's sentence: `Trivy failed`.
    ///
    /// # Errors
    /// It did not.
    pub fn succeeded(&self, what: &str) -> Result<()> {
        if self.exit.success() {
            return Ok(());
        }
        match &self.said {
            Some(said) => bail!("{what}: it {}, and says: {said}", self.exit),
            None => bail!("{what}: it {}", self.exit),
        }
    }

    /// Whether it looked at all of it.
    ///
    /// # Errors
    /// It said that it left something out.
    pub fn whole(&self, log: &dyn Log) -> Result<()> {
        match &self.gap {
            None => Ok(()),
            Some(gap) => {
                let name = log.title();
                bail!("{name} left out a part of what it scanned, so its report is not whole: {gap}")
            }
        }
    }
}
