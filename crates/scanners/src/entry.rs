//! What the readers of reports about files share.

use model::{Package, Record};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::ReportError;

/// One member of a report's list, by the list's name and its place there.
pub(crate) struct Entry<'a> {
    /// What is read: `the Semgrep report`.
    pub(crate) what: &'static str,
    /// The list: `results`.
    pub(crate) list: &'a str,
    /// The place in it.
    pub(crate) at: usize,
}

impl Entry<'_> {
    /// An error about this entry.
    pub(crate) fn wrong(&self, problem: impl Into<String>) -> ReportError {
        wrong(self.what, &format!("{}[{}]", self.list, self.at), problem)
    }

    /// Its members, and where it lies in the report.
    pub(crate) fn read<T: DeserializeOwned>(
        &self,
        record: &RawValue,
        report: &[u8],
    ) -> Result<(T, Option<Record>), ReportError> {
        let members = serde_json::from_str(record.get()).map_err(|error| self.wrong(error.to_string()))?;
        Ok((members, Record::of(record.get(), report)))
    }
}

/// An error about a part of a report.
pub(crate) fn wrong(what: &'static str, place: &str, problem: impl Into<String>) -> ReportError {
    ReportError::Entry { what, place: place.to_owned(), problem: problem.into() }
}

/// Nothing but blanks is no report.
pub(crate) fn not_empty(what: &'static str, bytes: &[u8]) -> Result<(), ReportError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReportError::Empty { what });
    }
    Ok(())
}

/// A file of what was scanned, however its path begins; none of an empty path.
pub(crate) fn file(path: &str) -> Option<Package> {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("./").or_else(|| path.strip_prefix('/')) {
        path = rest;
    }
    (!path.is_empty() && path != ".").then(|| Package { path: Some(path.to_owned()), ..Package::default() })
}

/// A word of the report, short enough to be part of an error.
pub(crate) fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("`{short}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_to_what_was_scanned_however_it_begins() {
        for path in ["a/b", "./a/b", "/a/b", ".//a/b", "././a/b"] {
            assert_eq!(file(path).unwrap().path.as_deref(), Some("a/b"), "{path}");
        }
        for path in ["", ".", "/", "./"] {
            assert_eq!(file(path), None, "{path}");
        }
        assert_eq!(file(".github/x").unwrap().path.as_deref(), Some(".github/x"));
    }
}
