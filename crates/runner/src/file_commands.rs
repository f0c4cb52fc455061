//! The runner's file commands: `GITHUB_OUTPUT`, `GITHUB_STATE`, `GITHUB_STEP_SUMMARY`.
//!
//! Values are written between random delimiters, and one that contains its delimiter is refused:
//! otherwise a hostile value could set other outputs.

use std::collections::hash_map::RandomState;
use std::fs::OpenOptions;
use std::hash::{BuildHasher, Hasher};
use std::io::Write;
use std::path::Path;

use anyhow::Context as _;

use crate::Result;

/// GitHub's limit for the outputs of a job, counted in UTF-16 code units of two bytes.
const MAX_OUTPUT: usize = 1024 * 1024;

/// A delimiter that no value can foresee. `RandomState` is seeded by the operating system.
pub(crate) fn delimiter() -> String {
    let word = || RandomState::new().build_hasher().finish();
    format!("hallmark_{:016x}{:016x}", word(), word())
}

/// `name<<delimiter`, the value, the delimiter: safe for values of several lines.
pub(crate) fn entry(name: &str, value: &str, delimiter: &str) -> Result<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || !name.bytes().all(fits) {
        anyhow::bail!("{name:?} is no name for an output or a state: letters, digits, `-` and `_` only");
    }
    if value.contains(delimiter) || name.contains(delimiter) {
        anyhow::bail!("the value of `{name}` contains the delimiter that was to protect it: refused");
    }
    let units = value.encode_utf16().count();
    if units * 2 > MAX_OUTPUT {
        anyhow::bail!("the value of `{name}` is {} KiB as GitHub counts; at most 1024 fit", units * 2 / 1024);
    }
    Ok(format!("{name}<<{delimiter}\n{value}\n{delimiter}\n"))
}

/// Appends in one write: other programs of the same step append to the same file.
pub(crate) fn append(file: &Path, text: &str) -> Result<()> {
    // Not created: the runner does that, and a wrong path must not look like success.
    let mut open = OpenOptions::new();
    open.append(true)
        .open(file)
        .and_then(|mut open| open.write_all(text.as_bytes()))
        .with_context(|| format!("cannot append to the runner's file {}", file.display()))
}

/// How much is in the file already.
pub(crate) fn length(file: &Path) -> usize {
    std::fs::metadata(file).map_or(0, |found| usize::try_from(found.len()).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_exact_bytes() {
        for (name, value, expected) in [
            ("a", "", Some("a<<D\n\nD\n")),
            ("a-b_c", "1", Some("a-b_c<<D\n1\nD\n")),
            ("a", "1\n2\r\n", Some("a<<D\n1\n2\r\n\nD\n")),
            ("a", "x\nD\nb<<E\nhostile\nE", None),
            ("a", "xDx", None),
            ("", "1", None),
            ("a b", "1", None),
            ("a\nb", "1", None),
            ("a=b", "1", None),
            ("a<<b", "1", None),
        ] {
            assert_eq!(entry(name, value, "D").ok().as_deref(), expected, "{name:?} {value:?}");
        }
    }

    #[test]
    fn values_over_the_limit_are_refused() {
        assert!(entry("a", &"x".repeat(MAX_OUTPUT / 2), "D").is_ok());
        let error = entry("a", &"x".repeat(MAX_OUTPUT / 2 + 1), "D").unwrap_err().to_string();
        assert!(error.contains("at most 1024"), "{error}");
        assert!(entry("a", &"😀".repeat(MAX_OUTPUT / 4 + 1), "D").is_err(), "counted as UTF-16");
    }

    #[test]
    fn delimiters_differ_and_are_long() {
        let (a, b) = (delimiter(), delimiter());
        assert_ne!(a, b);
        assert_eq!(a.len(), "hallmark_".len() + 32);
    }

    #[test]
    fn a_missing_file_is_an_error_that_names_it() {
        let error = append(Path::new("/nowhere/output"), "x").unwrap_err();
        assert!(format!("{error:#}").contains("/nowhere/output"), "{error:#}");
    }

    #[test]
    fn appending_keeps_what_is_there() {
        let file = tempfile::NamedTempFile::new().unwrap();
        append(file.path(), "a\n").unwrap();
        append(file.path(), "b\n").unwrap();
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "a\nb\n");
        assert_eq!(length(file.path()), 4);
    }
}
