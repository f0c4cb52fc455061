//! The files that a specification includes: its `gossfile` section.
//!
//! A specification is a template before it is YAML, so it is read by line, in the form that Goss's
//! documentation uses; what cannot be followed is an error, never a test that silently does not run.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// The included files, by their paths here. Absolute ones are the guest's own, and stay out.
pub(crate) fn of(path: &Path, text: &str) -> Result<Vec<PathBuf>> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut files = Vec::new();
    for include in named(text).with_context(|| format!("{}", path.display()))? {
        if include.contains("{{") {
            bail!(
                "{} includes {include}: a template there cannot be followed from outside the image",
                path.display()
            );
        }
        if include.starts_with('/') {
            continue;
        }
        let found = expand(folder, &include)
            .with_context(|| format!("{} includes {include}, which is not there", path.display()))?;
        files.extend(found);
    }
    Ok(files)
}

/// The names in the `gossfile` section, or what they give as `file`.
fn named(text: &str) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    let (mut inside, mut depth) = (false, None);
    for line in text.lines() {
        let body = line.trim();
        let indent = line.len() - line.trim_start().len();
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        let Some((key, value)) = entry(body) else {
            if inside && indent > 0 {
                bail!("includes stand one on a line, as `  other.yaml: {{}}`, not as {body:?}");
            }
            continue;
        };
        if indent == 0 {
            inside = key == "gossfile";
            depth = None;
            if inside && !(value.is_empty() || value == "{}") {
                bail!("includes stand one on a line below `gossfile:`, not beside it");
            }
        } else if inside {
            if *depth.get_or_insert(indent) == indent {
                names.push(key);
            } else if key == "file"
                && let Some(last) = names.last_mut()
            {
                *last = value.trim_matches(['"', '\'']).to_owned();
            }
        }
    }
    Ok(names)
}

/// `key: value`, the key without its quotes, the value without its comment.
fn entry(body: &str) -> Option<(String, String)> {
    let (key, rest) = match body.strip_prefix(['"', '\'']) {
        Some(inner) => inner.split_once(&body[..1]).map(|(key, rest)| (key, rest.trim_start()))?,
        None => body
            .find(": ")
            .or_else(|| body.ends_with(':').then(|| body.len() - 1))
            .map(|at| body.split_at(at))?,
    };
    let value = rest.strip_prefix(':')?.split(" #").next().unwrap_or_default().trim();
    Some((key.trim().to_owned(), value.to_owned()))
}

/// A path, or those that a `*` in its last part stands for.
fn expand(folder: &Path, include: &str) -> Result<Vec<PathBuf>> {
    let path = folder.join(include);
    if !include.contains(['*', '?', '[']) {
        std::fs::metadata(&path)?;
        return Ok(vec![path]);
    }
    let (parent, pattern) = include.rsplit_once('/').unwrap_or((".", include));
    if parent.contains(['*', '?', '[']) || pattern.contains(['?', '[']) {
        bail!("only `*` in the last part of a path can be followed");
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder.join(parent))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_file() && matches(pattern, name) {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() { bail!("nothing matches") } else { Ok(files) }
}

/// Whether a name is a pattern with its stars filled in.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|left| {
            left.char_indices().map(|(at, _)| at).chain([left.len()]).any(|at| matches(rest, &left[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (text, expected) in [
            ("", Ok(vec![])),
            ("file:\n  a.yaml: {}\n", Ok(vec![])),
            ("gossfile: {}\n", Ok(vec![])),
            (
                "gossfile:\n  a.yaml: {}\n  '../b c.yaml': {} # why\nfile:\n  /x: {}\n",
                Ok(vec!["a.yaml", "../b c.yaml"]),
            ),
            (
                "gossfile:\n\n  # why\n  app:\n    file: \"app.yaml\"\n    skip: false\n  b.yaml:\n    skip: true\n",
                Ok(vec!["app.yaml", "b.yaml"]),
            ),
            ("gossfile:\n  /etc/goss.d/*.yaml: {}\n", Ok(vec!["/etc/goss.d/*.yaml"])),
            ("gossfile: {a.yaml: {}}\n", Err("one on a line")),
            ("gossfile:\n  {{ range .Vars.x }}\n  a.yaml: {}\n", Err("one on a line")),
            ("gossfile:\n  - a.yaml\n", Err("one on a line")),
        ] {
            match (named(text), expected) {
                (Ok(got), Ok(expected)) => assert_eq!(got, expected, "{text:?}"),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
                (got, _) => panic!("{text:?}: {got:?}"),
            }
        }
    }

    #[test]
    fn includes_that_cannot_be_followed_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.yaml", "b.yaml", "c.yml"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        for (include, expected) in [
            ("a.yaml", Ok(vec!["a.yaml"])),
            ("*.yaml", Ok(vec!["a.yaml", "b.yaml"])),
            ("/etc/goss.d/x.yaml", Ok(vec![])),
            ("nope.yaml", Err("which is not there")),
            ("*.json", Err("which is not there")),
            ("*/a.yaml", Err("last part")),
            ("[ab].yaml", Err("last part")),
            ("{{.Vars.x}}.yaml", Err("template")),
        ] {
            let text = format!("gossfile:\n  \"{include}\": {{}}\n");
            match (of(&folder.path().join("goss.yaml"), &text), expected) {
                (Ok(got), Ok(expected)) => {
                    let names: Vec<_> =
                        got.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
                    assert_eq!(names, expected, "{include}");
                }
                (Err(error), Err(part)) => assert!(format!("{error:#}").contains(part), "{error:#}"),
                (got, _) => panic!("{include}: {got:?}"),
            }
        }
    }

    #[test]
    fn stars() {
        for (pattern, name, expected) in [
            ("*.yaml", "a.yaml", true),
            ("*", "", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abcd", false),
            ("*é*", "aéb", true),
            ("a", "ab", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
