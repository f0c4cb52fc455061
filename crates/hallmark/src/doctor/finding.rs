//! What a check found: how serious it is, where it is, and how to mend it.

use std::fmt;

use serde_json::{Value, json};

/// How serious a finding is. Later is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// Good to know.
    Note,
    /// Could not be looked at: neither good nor bad.
    Unknown,
    /// Works, and is weaker than it should be.
    Warning,
    /// Has to be mended first.
    Problem,
}

impl Level {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// A place in a file of the repository. Lines and columns from 1; 0 where they are not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Relative to the repository.
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) col: u32,
}

impl Place {
    pub(super) fn new(file: impl Into<String>, at: policy::At) -> Self {
        let small = |number| u32::try_from(number).unwrap_or(0);
        Self { file: file.into(), line: small(at.line), col: small(at.column) }
    }

    pub(super) fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), line: 0, col: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A file's name may have anything in it.
        f.write_str(&runner::escape::plain(&self.file).replace(['\n', '\t'], " "))?;
        match (self.line, self.col) {
            (0, _) => Ok(()),
            (line, 0) => write!(f, ":{line}"),
            (line, col) => write!(f, ":{line}:{col}"),
        }
    }
}

/// One finding. All texts may be hostile: they are escaped where they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// The check's id; set where the check is run.
    pub(super) check: &'static str,
    pub(super) level: Level,
    pub(super) what: String,
    /// What to do about it; empty where nothing has to be done.
    pub(super) mend: String,
    pub(super) at: Option<Place>,
}

/// Longest text of a finding that is kept.
const LONGEST: usize = 600;

impl Finding {
    fn new(level: Level, what: impl Into<String>, mend: impl Into<String>) -> Self {
        let cut = |text: String| runner::escape::shortened(&text, LONGEST);
        Self { check: "", level, what: cut(what.into()), mend: cut(mend.into()), at: None }
    }

    pub(super) fn ok(what: impl Into<String>) -> Self {
        Self::new(Level::Ok, what, "")
    }

    pub(super) fn note(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(Level::Note, what, mend)
    }

    pub(super) fn unknown(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(Level::Unknown, what, mend)
    }

    pub(super) fn warning(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(Level::Warning, what, mend)
    }

    pub(super) fn problem(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(Level::Problem, what, mend)
    }

    pub(super) fn at(mut self, place: &Place) -> Self {
        self.at = Some(place.clone());
        self
    }

    pub(super) fn json(&self) -> Value {
        let mut value = json!({"check": self.check, "level": self.level.as_str(), "what": self.what});
        if !self.mend.is_empty() {
            value["mend"] = json!(self.mend);
        }
        if let Some(at) = &self.at {
            value["file"] = json!(at.file);
            for (name, number) in [("line", at.line), ("column", at.col)] {
                if number > 0 {
                    value[name] = json!(number);
                }
            }
        }
        value
    }
}

/// A name of someone else's in a sentence: short, and on one line.
pub(super) fn named(text: &str) -> String {
    let line = runner::escape::plain(text).replace(['\n', '\t'], " ");
    let line = line.trim();
    match line.char_indices().nth(120) {
        Some((at, _)) => format!("`{}…`", &line[..at]),
        None => format!("`{line}`"),
    }
}

/// Names in a sentence, few of them.
pub(super) fn names<S: AsRef<str>>(texts: &[S]) -> String {
    const MOST: usize = 6;
    let mut shown: Vec<String> = texts.iter().take(MOST).map(|text| named(text.as_ref())).collect();
    if texts.len() > MOST {
        shown.push(format!("{} more", texts.len() - MOST));
    }
    shown.join(", ")
}

/// `1 use`, `2 uses`.
pub(super) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}
