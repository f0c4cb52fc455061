//! What to run, and how.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

/// On cancel a runner sends SIGINT, SIGTERM after 7.5 s and SIGKILL 2.5 s later: two graces of ours
/// have to fit into those ten seconds, with time left to clean up.
const KILL_GRACE: Duration = Duration::from_secs(4);

/// What to run, and how. The environment starts empty: what the program sees is what is given here,
/// and one variable that marks the run (see [`Spec::MARK`]).
#[derive(Clone, PartialEq, Eq)]
pub struct Spec {
    program: PathBuf,
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    cwd: Option<PathBuf>,
    stdin: Option<Vec<u8>>,
    timeout: Option<Duration>,
    kill_grace: Duration,
    note: Option<PathBuf>,
    even_if_cancelled: bool,
}

impl Spec {
    /// The one variable that every program gets: by it, processes that left their group are found
    /// and ended with the run.
    pub const MARK: &'static str = "HALLMARK_RUN";

    /// Runs `program`. A name without a slash is looked up in the PATH that is given to it.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            cwd: None,
            stdin: None,
            timeout: None,
            kill_grace: KILL_GRACE,
            note: None,
            even_if_cancelled: false,
        }
    }

    /// One argument, as it is: no shell ever sees it.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Several arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item = S>, S: Into<OsString>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// One environment variable; a later one of the same name wins.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Several environment variables, such as PATH, HOME, LANG and TMPDIR of the context.
    #[must_use]
    pub fn base_env<K: AsRef<OsStr>, V: AsRef<OsStr>>(mut self, vars: &[(K, V)]) -> Self {
        for (name, value) in vars {
            self.env.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        }
        self
    }

    /// The folder to run in; without it, ours.
    #[must_use]
    pub fn cwd(mut self, cwd: impl Into<PathBuf>) -> Self {
        self.cwd = Some(cwd.into());
        self
    }

    /// What the program reads on its standard input; without it, nothing.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// How long it may run.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long to wait between SIGINT and SIGTERM, and between SIGTERM and SIGKILL.
    #[must_use]
    pub fn kill_grace(mut self, grace: Duration) -> Self {
        self.kill_grace = grace;
        self
    }

    /// Keeps a note at `path` while it runs, by which [`crate::end_left_behind`] finds it should we
    /// be killed. It is removed when nothing is left behind.
    #[must_use]
    pub fn note(mut self, path: impl Into<PathBuf>) -> Self {
        self.note = Some(path.into());
        self
    }

    /// Runs although we were told to stop: for cleaning up.
    #[must_use]
    pub fn even_if_cancelled(mut self) -> Self {
        self.even_if_cancelled = true;
        self
    }

    /// What is run.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Its arguments.
    #[must_use]
    pub fn arguments(&self) -> &[OsString] {
        &self.args
    }

    /// The environment as given.
    #[must_use]
    pub fn environment(&self) -> &BTreeMap<OsString, OsString> {
        &self.env
    }

    /// The folder it runs in, if given.
    #[must_use]
    pub fn working_folder(&self) -> Option<&Path> {
        self.cwd.as_deref()
    }

    /// What it reads, if given.
    #[must_use]
    pub fn standard_input(&self) -> Option<&[u8]> {
        self.stdin.as_deref()
    }

    pub(crate) fn take_stdin(&mut self) -> Option<Vec<u8>> {
        self.stdin.take()
    }

    pub(crate) fn time_limit(&self) -> Option<Duration> {
        self.timeout
    }

    pub(crate) fn grace(&self) -> Duration {
        self.kill_grace
    }

    pub(crate) fn note_path(&self) -> Option<&Path> {
        self.note.as_deref()
    }

    pub(crate) fn runs_when_cancelled(&self) -> bool {
        self.even_if_cancelled
    }
}

/// Names the variables and the size of the input, never their values: they may be secret.
impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spec")
            .field("program", &self.program)
            .field("args", &self.args)
            .field("env", &self.env.keys())
            .field("cwd", &self.cwd)
            .field("stdin_bytes", &self.stdin.as_ref().map(Vec::len))
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_values() {
        let spec = Spec::new("/bin/p").arg("build").env("PKR_VAR_token", "s3cret").stdin("pass-word");
        let shown = format!("{spec:?}");
        assert!(shown.contains("PKR_VAR_token") && shown.contains("build"), "{shown}");
        assert!(!shown.contains("s3cret") && !shown.contains("pass-word"), "{shown}");
    }
}
