//! Names as policies write them: whole, or with a `*` at the end that stands for any rest.

use globset::{Glob, GlobBuilder};

/// Whether a pattern covers a name.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

/// The same for ids, which are one in capital and small letters.
pub(crate) fn fits_id(pattern: &str, id: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => id.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)),
        None => pattern.eq_ignore_ascii_case(id),
    }
}

/// Whether its `*`, if it has one, stands where it is understood.
pub(crate) fn is_pattern(text: &str) -> bool {
    !text.strip_suffix('*').unwrap_or(text).contains('*')
}

/// A glob on a path in the image: `*` stays within one folder, `**` does not. A path is the same with
/// and without the `/` that it begins with.
pub(crate) fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(relative(pattern)).literal_separator(true).build()
}

/// A path without the `/` that it begins with.
pub(crate) fn relative(path: &str) -> &str {
    path.trim_start_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_table() {
        for (pattern, name, fit) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "a", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "a", true),
            ("a*", "ab", true),
            ("a*", "b", false),
            ("ü*", "ü", true),
            ("ab*", "a", false),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
            assert_eq!(fits_id(pattern, name), fit, "{pattern} {name}");
        }
        assert!(fits_id("agpl-*", "AGPL-3.0") && fits_id("CVE-1", "cve-1"));
        assert!(!fits("agpl-*", "AGPL-3.0"));
        assert!(!fits_id("ab*", "ü"), "a border inside a letter is no border");
        for (text, good) in [("a", true), ("a*", true), ("*", true), ("*a", false), ("a**", false)] {
            assert_eq!(is_pattern(text), good, "{text}");
        }
    }
}
