//! Paths as the manifest writes them: inside its folder, and spelled in one way.

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};

/// A path inside the manifest's folder: plain names, joined by `/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RelPath(String);

/// The longest path that is taken.
const MAX_PATH: usize = 4096;

impl RelPath {
    /// Takes a path of the manifest.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let parts = parts(text)?;
        Ok(Self(parts.join("/")))
    }

    /// The path of something in this folder; the manifest's folder is the empty path.
    pub(crate) fn join(folder: &str, name: &str) -> Self {
        if folder.is_empty() { Self(name.to_owned()) } else { Self(format!("{folder}/{name}")) }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder that it is in; the manifest's folder is the empty path.
    pub(crate) fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The names it is made of, outermost first.
    pub(crate) fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the manifest's `path` says: one file, or every file that matches.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    Exact(RelPath),
    Glob { text: String, matcher: GlobMatcher, folder: String },
}

impl Pattern {
    /// A path with `*`, `?`, `[` or `{` in it is a pattern; one with `/` at its end is everything below that folder.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let is_glob = |part: &str| part.contains(['*', '?', '[', '{']);
        if let Some(folder) = text.strip_suffix('/').filter(|folder| !folder.is_empty() && !is_glob(text)) {
            let folder = if folder == "." { String::new() } else { parts(folder)?.join("/") };
            return Self::below(text, folder);
        }
        if !is_glob(text) {
            return RelPath::parse(text).map(Self::Exact);
        }
        let parts = parts(text)?;
        let folder: Vec<_> = parts.iter().take_while(|part| !is_glob(part)).copied().collect();
        let glob = GlobBuilder::new(&parts.join("/"))
            .literal_separator(true)
            .build()
            .map_err(|error| format!("`{}` is no pattern: {}", shown(text), error.kind()))?;
        Ok(Self::Glob { text: text.to_owned(), matcher: glob.compile_matcher(), folder: folder.join("/") })
    }
}

impl Pattern {
    fn below(text: &str, folder: String) -> Result<Self, String> {
        let all =
            if folder.is_empty() { "**".to_owned() } else { format!("{}/**", globset::escape(&folder)) };
        let glob = GlobBuilder::new(&all)
            .literal_separator(true)
            .build()
            .map_err(|error| format!("`{}` is no folder: {}", shown(text), error.kind()))?;
        Ok(Self::Glob { text: text.to_owned(), matcher: glob.compile_matcher(), folder })
    }

    /// Whether it is this path, or matches it.
    pub(crate) fn matches(&self, path: &RelPath) -> bool {
        match self {
            Self::Exact(exact) => exact == path,
            Self::Glob { matcher, .. } => matcher.is_match(path.as_str()),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(path) => path.fmt(f),
            Self::Glob { text, .. } => f.write_str(text),
        }
    }
}

/// Where something beside a file is: `{path}` stands for the file's path, `{name}` for its last name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Beside(String);

impl Beside {
    /// Takes what the manifest says.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let beside = Self(text.to_owned());
        beside.of(&RelPath("x".to_owned()))?;
        Ok(beside)
    }

    /// Where a detached signature is if nothing is said.
    pub(crate) fn default_signature() -> Self {
        Self("{path}.sig".to_owned())
    }

    /// Where a bundle is if nothing is said.
    pub(crate) fn default_bundle() -> Self {
        Self("{path}.sigstore.json".to_owned())
    }

    /// Whether each file has its own.
    pub(crate) fn names_the_file(&self) -> bool {
        self.0.contains("{path}") || self.0.contains("{name}")
    }

    /// Where it is for this file.
    pub(crate) fn of(&self, path: &RelPath) -> Result<RelPath, String> {
        let name = path.names().next_back().unwrap_or_default();
        // In one go: what is put in is not looked at again.
        let mut text = String::new();
        let mut rest = self.0.as_str();
        while let Some(at) = rest.find('{') {
            text.push_str(&rest[..at]);
            rest = &rest[at..];
            let (put, taken) = match rest {
                _ if rest.starts_with("{path}") => (path.as_str(), "{path}"),
                _ if rest.starts_with("{name}") => (name, "{name}"),
                _ => ("{", "{"),
            };
            text.push_str(put);
            rest = &rest[taken.len()..];
        }
        text.push_str(rest);
        RelPath::parse(&text)
    }
}

fn parts(text: &str) -> Result<Vec<&str>, String> {
    let wrong = |what: &str| Err(format!("`{}` {what}", shown(text)));
    if text.is_empty() {
        return Err("the path is empty".to_owned());
    }
    if text.len() > MAX_PATH {
        return wrong("is too long for a path");
    }
    if text.starts_with('/') {
        return wrong("is absolute: a path is relative to the manifest's folder");
    }
    if text.chars().any(char::is_control) {
        return wrong("has control characters in it");
    }
    let parts: Vec<_> = text.split('/').filter(|part| *part != ".").collect();
    if parts.contains(&"..") {
        return wrong("leaves the manifest's folder: `..` is not allowed");
    }
    if parts.is_empty() || parts.contains(&"") {
        return wrong("is no path of a file");
    }
    Ok(parts)
}

/// What the manifest said, short enough for a message.
pub(crate) fn shown(text: &str) -> String {
    let short: String = text.chars().take(120).collect();
    if short.len() < text.len() { short + "…" } else { short }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_path_stays_in_the_folder_and_has_one_spelling() {
        for (text, path) in [
            ("a", "a"),
            ("a/b.sig", "a/b.sig"),
            ("./a/./b", "a/b"),
            ("...", "..."),
            ("a b", "a b"),
            ("é", "é"),
            ("-x", "-x"),
        ] {
            assert_eq!(RelPath::parse(text).unwrap().as_str(), path, "{text:?}");
        }
        for (text, wanted) in [
            ("", "is empty"),
            ("/", "is absolute"),
            ("/etc/passwd", "is absolute"),
            ("..", "leaves"),
            ("../a", "leaves"),
            ("a/../b", "leaves"),
            ("a/..", "leaves"),
            ("a//b", "is no path of a file"),
            ("a/", "is no path of a file"),
            (".", "is no path of a file"),
            ("./", "is no path of a file"),
            ("a\0b", "control characters"),
            ("a\nb", "control characters"),
            (&"a/".repeat(3000), "too long"),
        ] {
            let error = RelPath::parse(text).unwrap_err();
            assert!(error.contains(wanted), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_pattern_matches_within_its_folder() {
        let glob = |text| match Pattern::parse(text).unwrap() {
            Pattern::Glob { matcher, folder, .. } => (matcher, folder),
            Pattern::Exact(path) => panic!("{path} is no pattern"),
        };
        for (text, in_folder, matches, misses) in [
            ("bin/*", "bin", vec!["bin/a", "bin/.a", "bin/a.sig"], vec!["bin/a/b", "a", "xbin/a"]),
            ("*.bin", "", vec!["a.bin", ".bin"], vec!["a/a.bin", "a.binx"]),
            ("a/b/**", "a/b", vec!["a/b/c", "a/b/c/d"], vec!["a/c"]),
            ("**/x", "", vec!["x", "a/x", "a/b/x"], vec!["a/xx"]),
            ("a?[0-9]/{x,y}", "", vec!["ab1/x", "ab1/y"], vec!["a/1/x", "ab1/z"]),
            ("./bin/*", "bin", vec!["bin/a"], vec!["a"]),
        ] {
            let (matcher, folder) = glob(text);
            assert_eq!(folder, in_folder, "{text}");
            for path in matches {
                assert!(matcher.is_match(Path::new(path)), "{text} {path}");
            }
            for path in misses {
                assert!(!matcher.is_match(Path::new(path)), "{text} {path}");
            }
        }
        for text in ["/bin/*", "../*", "bin/../*", "bin//*", "[", "{a", "a[z-a]"] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
