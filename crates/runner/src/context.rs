//! What an action works with: the facts, and the effects it may have. Its inputs are in `given`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;

use crate::Result;
use crate::action::Action;
use crate::annotate::{Annotation, Level};
use crate::console::{Console, Progress};
use crate::file_commands;
use crate::github::GitHub;
use crate::host::{Clock, Host};
use crate::input::{Flags, Given, Inputs};
use crate::markdown;
use crate::screen::Screen;
use crate::secret::Secret;
use crate::summary::{MAX_BYTES, Summary};
use crate::terminal::{Style, colours, paint};

/// Largest event file that is read.
const MAX_EVENT: u64 = 32 * 1024 * 1024;

/// One run of an action.
pub struct Context {
    pub(crate) action: &'static Action,
    pub(crate) inputs: Inputs,
    env: BTreeMap<String, String>,
    cwd: PathBuf,
    temp: PathBuf,
    clock: Clock,
    github: GitHub,
    console: Console,
    pub(crate) summary: Summary,
    pub(crate) outputs: BTreeMap<String, String>,
    masks: Vec<String>,
    /// Whether somebody sits at a terminal.
    person: bool,
    /// Whether another action runs inside the one that the process was started for.
    pub(crate) inside: bool,
}

impl Context {
    /// Resolves the inputs and masks the secrets. What is wrong with the inputs is told by
    /// [`Context::check`]: a clean-up must run in spite of it.
    pub(crate) fn new(action: &'static Action, host: Host, flags: &Flags) -> Self {
        let given = Given { flags, env: &host.env, undecodable: &host.undecodable, cwd: &host.cwd };
        let inputs = Inputs::resolve(action, &given);
        let github = GitHub::from_env(&host.env);
        let colour =
            (colours(&host.env, host.stdout.is_terminal), colours(&host.env, host.stderr.is_terminal));
        let mut console = Console::new(github.on_runner, host.stdout, host.stderr, colour);
        let masks: Vec<String> = inputs.secrets().flat_map(Secret::masks).map(str::to_owned).collect();
        for mask in &masks {
            console.mask(mask);
        }
        Self {
            action,
            inputs,
            env: host.env,
            cwd: host.cwd,
            temp: host.temp,
            clock: host.clock,
            github,
            console,
            summary: Summary::default(),
            outputs: BTreeMap::new(),
            masks,
            person: host.person,
            inside: false,
        }
    }

    /// Everything that can be known to be wrong before anything is done.
    pub(crate) fn check(&self) -> Result<()> {
        let mut problems: Vec<String> = self.inputs.problems().into_iter().map(str::to_owned).collect();
        let written = !self.inside && !self.action.outputs.is_empty();
        if self.github.on_runner && written && self.file("GITHUB_OUTPUT").is_none() {
            problems
                .push("GITHUB_OUTPUT is not set, though this is a runner: outputs would be lost".to_owned());
        }
        match problems.len() {
            0 => Ok(()),
            1 => Err(anyhow::anyhow!("{}", problems.concat())),
            many => Err(anyhow::anyhow!("{many} inputs are wrong:\n{}", problems.join("\n"))),
        }
    }

    /// Whether the action's table has an input of that name: what several actions share asks before it reads.
    #[must_use]
    pub fn has_input(&self, name: &str) -> bool {
        self.action.inputs.iter().any(|input| input.name == name)
    }

    /// Whether the action's table has an output of that name.
    #[must_use]
    pub fn has_output(&self, name: &str) -> bool {
        self.action.outputs.iter().any(|output| output.name == name)
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The clock itself, for what outlives a look at it.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock::clone(&self.clock)
    }

    /// The working directory.
    #[must_use]
    pub fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// The folder for temporary files: the job's own on a runner.
    #[must_use]
    pub fn temp(&self) -> &Path {
        &self.temp
    }

    /// What the runner says about the run.
    #[must_use]
    pub const fn github(&self) -> &GitHub {
        &self.github
    }

    /// A variable of the environment, for passing it on by name. Empty counts as absent.
    #[must_use]
    pub fn env(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The event that caused the run; `null` without one.
    ///
    /// # Errors
    /// If its file cannot be read or is not JSON.
    pub fn event(&self) -> Result<serde_json::Value> {
        let Some(path) = &self.github.event_path else { return Ok(serde_json::Value::Null) };
        let read = || -> Result<serde_json::Value> {
            if std::fs::metadata(path)?.len() > MAX_EVENT {
                anyhow::bail!("larger than {} MiB", MAX_EVENT >> 20);
            }
            Ok(serde_json::from_slice(&std::fs::read(path)?)?)
        };
        read().with_context(|| format!("cannot read the event in {}", path.display()))
    }

    /// Gives back an output.
    ///
    /// # Errors
    /// If it is not declared, holds a secret (the runner would drop it), is too large, or cannot be written.
    pub fn output(&mut self, name: &str, value: impl AsRef<str>) -> Result<()> {
        let value = value.as_ref();
        if !self.action.outputs.iter().any(|output| output.name == name) {
            anyhow::bail!("output `{name}` is written, but the action does not declare it");
        }
        if self.masks.iter().any(|mask| value.contains(mask.as_str())) {
            anyhow::bail!("the value of output `{name}` contains a secret: refused");
        }
        if !self.inside {
            self.file_command("GITHUB_OUTPUT", name, value)?;
        }
        self.outputs.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    /// Keeps a value for the clean-up after the job.
    ///
    /// # Errors
    /// If the name is not plain, the value is too large, or it cannot be written.
    pub fn state(&mut self, name: &str, value: impl AsRef<str>) -> Result<()> {
        self.file_command("GITHUB_STATE", &self.state_name(name), value.as_ref())
    }

    /// What the run kept by [`Context::state`], in the clean-up.
    #[must_use]
    pub fn saved_state(&self, name: &str) -> Option<&str> {
        self.env(&format!("STATE_{}", self.state_name(name)))
    }

    /// Actions that run inside another share its state: each has names of its own there.
    fn state_name(&self, name: &str) -> String {
        if self.inside { format!("{}_{name}", self.action.name) } else { name.to_owned() }
    }

    /// The summary, to add to.
    pub const fn summary(&mut self) -> &mut Summary {
        &mut self.summary
    }

    /// Good to know.
    pub fn notice(&mut self, annotation: impl Into<Annotation>) {
        self.annotate(Level::Notice, annotation.into());
    }

    /// Has to be looked at.
    pub fn warning(&mut self, annotation: impl Into<Annotation>) {
        self.annotate(Level::Warning, annotation.into());
    }

    /// Decided against.
    pub fn error(&mut self, annotation: impl Into<Annotation>) {
        self.annotate(Level::Error, annotation.into());
    }

    fn annotate(&mut self, level: Level, annotation: Annotation) {
        let base = self.github.workspace.as_deref().unwrap_or(&self.cwd);
        self.console.annotate(level, annotation.relative_to(base));
    }

    /// Opens a group of lines in the log; one that is open is closed. Groups do not nest: inside of
    /// another action, which has the group, it is a line.
    pub fn group(&mut self, title: &str) {
        if self.inside {
            self.console.info(&format!("▸ {title}"));
        } else {
            self.console.group(title);
        }
    }

    /// Closes the group.
    pub fn end_group(&mut self) {
        if !self.inside {
            self.console.end_group();
        }
    }

    /// A line of the log, or several. Hostile text is made inert.
    pub fn info(&mut self, text: &str) {
        self.console.info(text);
    }

    /// A result for standard output, as it is, so that it can be piped into a file; on a runner, which
    /// reads commands there, lines of the log. Hostile text has to be inert on a terminal.
    pub fn print(&mut self, text: &str) {
        if self.github.on_runner || self.inside {
            self.console.info(text);
        } else {
            self.console.result(text);
        }
    }

    /// A line of the log if step debugging is on.
    pub fn debug(&mut self, text: &str) {
        if self.github.debug {
            self.console.info(text);
        }
    }

    /// Shows progress, on a terminal only.
    #[must_use]
    pub fn progress(&self, title: &str) -> Progress {
        self.console.progress(title)
    }

    /// Shows a person what came of it, in place of a summary: whoever renders it makes hostile text inert,
    /// and is told how many columns there are and whether colours are wanted. On a runner, and inside of
    /// another action, nobody is there to be shown anything, and nothing is.
    pub fn present(&mut self, render: impl FnOnce(usize, bool) -> String) -> bool {
        if self.github.on_runner || self.inside {
            return false;
        }
        let columns = self.env("COLUMNS").and_then(|text| text.parse().ok()).unwrap_or(100);
        let text = render(columns, self.console.colour_out());
        self.console.result(&text);
        true
    }

    /// The whole terminal, where somebody sits at one that can show a screen; on a runner, inside of another action
    /// and where input or output is a file or a pipe, none.
    ///
    /// # Errors
    /// The terminal cannot be taken.
    pub fn screen(&self) -> Result<Option<Screen>> {
        let plain = self.env("TERM").is_none_or(|kind| kind == "dumb");
        if self.github.on_runner || self.inside || !self.person || plain {
            return Ok(None);
        }
        let colour = self.console.colour_out();
        #[expect(clippy::disallowed_methods, reason = "this crate is the one that writes to the terminal")]
        let out = Box::new(std::io::stdout());
        Screen::open(out, colour).map(Some).context("cannot take the terminal")
    }

    /// Masks a secret that did not come in as an input.
    pub fn mask(&mut self, secret: &Secret) {
        for mask in secret.masks() {
            if !self.masks.iter().any(|known| known == mask) {
                self.console.mask(mask);
                self.masks.push(mask.to_owned());
            }
        }
    }

    /// The error that ends the run, with its chain of causes.
    pub(crate) fn fail(&mut self, error: &crate::Error) {
        let message = chain(error);
        if self.github.on_runner {
            self.summary.paragraph(&format!("Could not decide: {message}"));
        }
        self.console.end_group();
        self.console.annotate_last(Annotation::new(message).title(self.action.name));
    }

    /// Writes the summary, shows what waited, and gives back the outputs.
    pub(crate) fn finish(&mut self) -> Result<(BTreeMap<String, String>, Summary)> {
        let written = if self.github.on_runner { self.write_summary() } else { self.show_results() };
        if let Err(error) = &written {
            self.console.annotate_last(Annotation::new(chain(error)).title(self.action.name));
        }
        self.console.finish();
        written.map(|()| (std::mem::take(&mut self.outputs), std::mem::take(&mut self.summary)))
    }

    fn write_summary(&self) -> Result<()> {
        if self.summary.is_empty() {
            return Ok(());
        }
        let file = self.required_file("GITHUB_STEP_SUMMARY")?;
        let room = MAX_BYTES.saturating_sub(file_commands::length(&file));
        file_commands::append(&file, &self.summary.within(room))
    }

    fn show_results(&mut self) -> Result<()> {
        let colour = self.console.colour_out();
        let mut text = markdown::render(&self.summary.markdown(), colour);
        if !self.outputs.is_empty() {
            let width = self.outputs.keys().map(String::len).max().unwrap_or(0);
            text += &format!(
                "{}{}\n",
                if text.is_empty() { "" } else { "\n" },
                paint(colour, Style::Bold, "Outputs")
            );
            for (name, value) in &self.outputs {
                let value = crate::escape::log_lines(value).join("\n    ");
                text += &format!("  {name:width$}  {value}\n");
            }
        }
        self.console.result(&text);
        Ok(())
    }

    fn file_command(&self, variable: &str, name: &str, value: &str) -> Result<()> {
        let entry = file_commands::entry(name, value, &file_commands::delimiter())?;
        // A script of its own may set the variable too and read the file as the runner does.
        match self.file(variable) {
            None if !self.github.on_runner => Ok(()),
            _ => file_commands::append(&self.required_file(variable)?, &entry),
        }
    }

    fn required_file(&self, variable: &str) -> Result<PathBuf> {
        self.file(variable).with_context(|| format!("{variable} is not set, though this is a runner"))
    }

    fn file(&self, variable: &str) -> Option<PathBuf> {
        self.env(variable).map(PathBuf::from)
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("action", &self.action.name).finish_non_exhaustive()
    }
}

/// An error with its causes, on one line; a cause that repeats the one before is left out.
fn chain(error: &crate::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if !parts.last().is_some_and(|last| last.ends_with(&cause)) {
            parts.push(cause);
        }
    }
    parts.join(": ")
}
