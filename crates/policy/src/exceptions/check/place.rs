//! Where an exception holds: paths in the image, image families, environments.

use globset::Glob;

use crate::exceptions::paths::{Paths, from_root, glob};
use crate::fields::{Fields, Map};
use crate::problem::At;

const MAX_PATTERN: usize = 512;

pub(super) fn paths(fields: &mut Fields<'_>, map: &Map<'_>) -> Option<Paths> {
    let node = map.get("paths")?;
    let texts = fields.texts(node, "paths");
    if texts.is_empty() {
        fields.problem(node.at, "an exception for no path", "name some, or leave `paths` out");
        return None;
    }
    let mut globs = Vec::new();
    for (text, at) in &texts {
        globs.extend(path(fields, text, *at));
    }
    let patterns = texts.into_iter().map(|(text, _)| text).collect();
    let paths = Paths::new(patterns, &globs);
    paths.map_err(|error| fields.problem(node.at, error.to_string(), "write fewer or shorter globs")).ok()
}

fn path(fields: &mut Fields<'_>, text: &str, at: At) -> Option<Glob> {
    let parts = || from_root(text).split('/');
    if parts().all(|part| matches!(part, "" | "*" | "**")) {
        fields.problem(at, format!("`{text}` is every path"), "say which, or leave `paths` out");
        return None;
    }
    if parts().any(|part| matches!(part, "." | "..")) || text.contains('\\') || text.len() > MAX_PATTERN {
        let text: String = text.chars().take(60).collect();
        fields.problem(
            at,
            format!("`{text}` is no path in an image"),
            "write it as the image has it, with `/`, such as `usr/share/doc/**`",
        );
        return None;
    }
    let read = glob(text);
    read.map_err(|error| {
        fields.problem(
            at,
            format!("`{text}` is no glob: {}", error.kind()),
            "`*`, `**`, `?`, `[a-z]` and `{a,b}` are known",
        );
    })
    .ok()
}

/// Names of families or environments, with a `*` at the end at most. Sorted: their order says nothing.
pub(super) fn patterns(fields: &mut Fields<'_>, map: &Map<'_>, key: &str) -> Vec<String> {
    let Some(node) = map.get(key) else { return Vec::new() };
    let texts = fields.texts(node, key);
    if texts.is_empty() {
        let what = format!("an exception for no {}", key.trim_end_matches('s'));
        fields.problem(node.at, what, format!("name some, or leave `{key}` out"));
    }
    let mut patterns = Vec::new();
    for (text, at) in texts {
        let beginning = text.strip_suffix('*').unwrap_or(&text);
        if beginning.is_empty() {
            fields.problem(at, format!("`*` in `{key}` is all of them"), format!("leave `{key}` out"));
        } else if beginning.contains(['*', '?', '[', ']', '{', '}']) {
            fields.problem(
                at,
                format!("`{text}` has a wildcard inside"),
                "a `*` stands at the end, such as `db-*`, and nowhere else",
            );
        } else if beginning.contains(char::is_whitespace) {
            fields.problem(
                at,
                format!("`{text}` has a blank in it"),
                format!("write a list: `{key}: [a, b]`"),
            );
        }
        patterns.push(text);
    }
    patterns.sort_unstable();
    patterns.dedup();
    patterns
}
