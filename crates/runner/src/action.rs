//! What an action declares: its inputs, its outputs, and the function that does the work.
//!
//! One table serves the runner, the command line, `--help`, and the check of `action.yml`.

use std::future::Future;
use std::pin::Pin;

use crate::context::Context;
use crate::{Error, Result};

/// A future that stays on its thread, as everything here does.
pub type LocalBoxFuture<'a, T = Result<Outcome, Error>> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The work: `run: |ctx| Box::pin(run(ctx))`.
pub type RunFn = for<'a> fn(&'a mut Context) -> LocalBoxFuture<'a>;

/// One action: what it is given, what it gives back, and what it does.
#[derive(Debug)]
pub struct Action {
    /// The folder's and the program's name, in kebab-case.
    pub name: &'static str,
    /// One sentence for `--help`.
    pub about: &'static str,
    /// Everything that can be set.
    pub inputs: &'static [Input],
    /// Everything that is given back.
    pub outputs: &'static [Output],
    /// The work.
    pub run: RunFn,
    /// What is cleaned up after the job, however the work ended (`--post`).
    pub post: Option<RunFn>,
}

/// One input, set by `INPUT_<NAME>` or by the flag of the same name.
#[derive(Debug, Clone, Copy)]
pub struct Input {
    /// In kebab-case.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// What is accepted.
    pub kind: Kind,
    /// What is taken if nothing is given.
    pub default: Option<&'static str>,
    /// Whether nothing given is an error.
    pub required: bool,
    /// Whether the command line takes it as the first word too: `hallmark tools check`.
    pub word: bool,
    /// Of a secret: texts that are none, but name one that is kept elsewhere: the whole text, or what it begins with
    /// where that ends in `://`. They are not masked, are no path, and may stand on a command line.
    pub names: &'static [&'static str],
}

impl Input {
    /// An optional input without a default.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, help: &'static str) -> Self {
        Self { name, help, kind, default: None, required: false, word: false, names: &[] }
    }

    /// The same with a default.
    #[must_use]
    pub const fn default(mut self, value: &'static str) -> Self {
        self.default = Some(value);
        self
    }

    /// The same, but it has to be given.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same, and the command line takes it as the first word too. One an action, and no secret.
    #[must_use]
    pub const fn word(mut self) -> Self {
        self.word = true;
        self
    }

    /// The same, and these texts name a secret that is kept elsewhere. For a secret only.
    #[must_use]
    pub const fn names(mut self, names: &'static [&'static str]) -> Self {
        self.names = names;
        self
    }

    /// Whether this is no secret itself, but names one that is kept elsewhere.
    pub(crate) fn is_name(&self, text: &str) -> bool {
        let one_line = !text.contains(['\n', '\r']);
        let matches = |name: &str| text == name || (name.ends_with("://") && text.starts_with(name));
        one_line && self.names.iter().copied().any(matches)
    }

    /// The variable in which the runner passes it: upper-cased, blanks to `_`, dashes kept.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("INPUT_{}", self.name.replace(' ', "_").to_uppercase())
    }
}

/// What an input accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A file or folder, relative to the working directory.
    Path,
    /// `true` or `false`, as the YAML 1.2 core schema spells them.
    Bool,
    /// A whole number from 0.
    Integer,
    /// `90s`, `15m`, `24h`, `7d`, or several of them: `1h30m`.
    Duration,
    /// Values by line or comma.
    List,
    /// Values by line only: they may contain commas.
    Lines,
    /// One of these.
    Choice(&'static [&'static str]),
    /// A secret's text, or the path of a file that holds it; on the command line only a path.
    Secret,
}

/// One output.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// In kebab-case.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
}

/// What was decided. That nothing could be decided is an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done: exit code 0.
    Done,
    /// A person has to decide: exit code 0, and everything downstream stays shut.
    Review,
    /// Decided against: exit code 1.
    Against,
}

impl Outcome {
    /// The exit code the runner sees.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Done | Self::Review => 0,
            Self::Against => 1,
        }
    }
}

/// The exit code of an [`Error`], of bad inputs and of a panic: nothing was decided.
pub(crate) const COULD_NOT_DECIDE: u8 = 2;
