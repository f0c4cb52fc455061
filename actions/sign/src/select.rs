//! Which files are meant: each line names one, or is a pattern that at least one has to match.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use globset::{GlobBuilder, GlobMatcher};

use crate::tree::Tree;

/// What a bundle's name ends with.
pub(crate) const BUNDLE: &str = ".sigstore.json";
/// What a signature's name ends with.
pub(crate) const SIGNATURE: &str = ".sig";

/// The most files of one run.
const MAX_FILES: usize = 20_000;

/// The files that the lines mean, each once, in order.
pub(crate) fn files(tree: &Tree, lines: &[String]) -> Result<Vec<String>> {
    let mut chosen = BTreeSet::new();
    let mut all = None;
    for line in lines {
        let path = tree.relative(line)?;
        if !path.contains(['*', '?', '[', '{']) {
            chosen.insert(path);
            continue;
        }
        let matcher = pattern(&path)?;
        let all = match &mut all {
            Some(all) => all,
            none => none.insert(tree.all()?),
        };
        let before = chosen.len();
        let mut matched = false;
        for path in meant(all, &matcher) {
            matched = true;
            chosen.insert(path.clone());
        }
        ensure!(matched || chosen.len() > before, "input `files`: nothing matches {line:?}");
    }
    ensure!(!chosen.is_empty(), "input `files`: there is no file to sign");
    ensure!(chosen.len() <= MAX_FILES, "input `files`: more than {MAX_FILES} files");
    Ok(chosen.into_iter().collect())
}

fn pattern(text: &str) -> Result<GlobMatcher> {
    let glob = GlobBuilder::new(text).literal_separator(true).build();
    Ok(glob.with_context(|| format!("input `files`: {text:?} is no pattern"))?.compile_matcher())
}

/// What a pattern matches, without what an earlier run wrote: bundles, and signatures of files that match as well.
fn meant<'a>(all: &'a [String], matcher: &GlobMatcher) -> Vec<&'a String> {
    let matched: BTreeSet<&String> = all.iter().filter(|path| matcher.is_match(path.as_str())).collect();
    let written = |path: &str| {
        path.ends_with(BUNDLE)
            || path.strip_suffix(SIGNATURE).is_some_and(|of| matched.contains(&of.to_owned()))
            || path.rsplit('/').next().is_some_and(|name| name.starts_with(".partial-"))
    };
    matched.iter().copied().filter(|path| !written(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_tree(names: &[&str], lines: &[&str]) -> Result<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        files(&Tree::open(folder.path()).unwrap(), &lines)
    }

    #[test]
    fn lines_name_files_or_match_some() {
        let names =
            ["a", "b.bin", "d/c.bin", "d/e/f.bin", "b.bin.sig", "b.bin.sigstore.json", "x.sig", ".git/HEAD"];
        for (lines, chosen) in [
            (&["a"][..], &["a"][..]),
            (&["./a", "a"], &["a"]),
            (&["b.bin", "*.bin"], &["b.bin"]),
            (&["*.bin"], &["b.bin"]),
            (&["**/*.bin"], &["b.bin", "d/c.bin", "d/e/f.bin"]),
            (&["b*"], &["b.bin"]),
            (&["*.sig"], &["b.bin.sig", "x.sig"]),
            (&["**"], &["a", "b.bin", "d/c.bin", "d/e/f.bin", "x.sig"]),
            (&["d/{c,x}.bin"], &["d/c.bin"]),
            // Whether it is there is seen when it is opened.
            (&["nowhere"], &["nowhere"]),
        ] {
            assert_eq!(in_tree(&names, lines).unwrap(), chosen, "{lines:?}");
        }
    }

    #[test]
    fn what_means_nothing_or_something_outside_is_refused() {
        for (line, says) in [
            ("*.iso", "nothing matches"),
            ("link*", "nothing matches"),
            (".git/*", "nothing matches"),
            ("../a", "leaves the working folder"),
            ("d/../a", "leaves the working folder"),
            ("/etc/passwd", "outside of the working folder"),
            (".", "is no file"),
            ("[", "is no pattern"),
            ("a\u{7}", "control characters"),
        ] {
            let error = format!("{:#}", in_tree(&["a"], &[line]).unwrap_err());
            assert!(error.contains(says), "{line:?}: {error}");
        }
        assert!(in_tree(&["a"], &[]).unwrap_err().to_string().contains("no file to sign"));
    }
}
