//! What the process was given: environment, arguments, working directory, clock, streams.
//!
//! The only file that reads them. Everything above takes a `Host`, so tests can make one.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::rc::Rc;

use jiff::Timestamp;

/// A clock that can be set.
pub type Clock = Rc<dyn Fn() -> Timestamp>;

/// One of the two output streams.
pub(crate) struct Stream {
    pub(crate) writer: Box<dyn Write>,
    pub(crate) is_terminal: bool,
}

/// Everything that comes in from outside.
pub(crate) struct Host {
    pub(crate) env: BTreeMap<String, String>,
    /// The names of variables whose value is not UTF-8.
    pub(crate) undecodable: BTreeSet<String>,
    /// The arguments after the program's name.
    pub(crate) args: Vec<OsString>,
    pub(crate) cwd: PathBuf,
    pub(crate) temp: PathBuf,
    pub(crate) clock: Clock,
    pub(crate) stdout: Stream,
    pub(crate) stderr: Stream,
    /// Whether somebody sits at the other end: keys come in, and what is shown is seen.
    pub(crate) person: bool,
}

impl Host {
    /// This process. The error is a sentence: there is nothing to report it with yet.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the process's surroundings")]
    pub(crate) fn of_this_process() -> Result<Self, String> {
        let (env, undecodable) = snapshot(std::env::vars_os());
        let temp = env.get("RUNNER_TEMP").filter(|value| !value.is_empty()).map(PathBuf::from);
        Ok(Self {
            env,
            undecodable,
            args: std::env::args_os().skip(1).collect(),
            cwd: std::env::current_dir().map_err(|error| format!("the working directory: {error}"))?,
            temp: temp.unwrap_or_else(std::env::temp_dir),
            clock: Rc::new(Timestamp::now),
            stdout: Stream {
                is_terminal: std::io::stdout().is_terminal(),
                writer: Box::new(std::io::stdout()),
            },
            stderr: Stream {
                is_terminal: std::io::stderr().is_terminal(),
                writer: Box::new(std::io::stderr()),
            },
            person: std::io::stdin().is_terminal() && std::io::stdout().is_terminal(),
        })
    }
}

fn snapshot(
    vars: impl Iterator<Item = (OsString, OsString)>,
) -> (BTreeMap<String, String>, BTreeSet<String>) {
    let (mut env, mut undecodable) = (BTreeMap::new(), BTreeSet::new());
    for (name, value) in vars {
        let Ok(name) = name.into_string() else { continue };
        match value.into_string() {
            Ok(value) => drop(env.insert(name, value)),
            Err(_) => drop(undecodable.insert(name)),
        }
    }
    (env, undecodable)
}

#[cfg(all(test, unix))]
mod tests {
    use super::snapshot;
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    #[test]
    fn values_that_are_not_utf8_are_known_by_name_only() {
        let bad = || OsString::from_vec(vec![0xff]);
        let (env, undecodable) =
            snapshot([("A".into(), "1".into()), ("B".into(), bad()), (bad(), "2".into())].into_iter());
        assert_eq!(env.into_iter().collect::<Vec<_>>(), [("A".to_owned(), "1".to_owned())]);
        assert_eq!(undecodable.into_iter().collect::<Vec<_>>(), ["B"]);
    }
}
