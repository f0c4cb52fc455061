//! What the templates' files name, as far as words can tell.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::project::Project;
use crate::programs::PROGRAMS;
use crate::words::has_word;

/// What is read of a template.
const MOST_FILES: usize = 300;
const LONGEST: u64 = 1 << 20;

/// The programs of [`PROGRAMS`] that a file of a template names. It is a guess: what it misses, the bake says.
pub(super) fn words(project: &Project) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    for named in project.named().iter().filter(|named| matches!(named.input, "template" | "sources")) {
        for file in files(&project.root.join(&named.path)) {
            let mut bytes = Vec::new();
            let read = fs::File::open(file).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
            if read.is_err() {
                continue;
            }
            let text = String::from_utf8_lossy(&bytes);
            found.extend(PROGRAMS.iter().map(|program| program.name).filter(|name| has_word(&text, name)));
        }
    }
    found
}

/// The ordinary files at a path, hidden folders left out; links are not followed.
fn files(path: &Path) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![path.to_owned()]);
    while let Some(path) = waiting.pop() {
        let Ok(kind) = fs::symlink_metadata(&path) else { continue };
        if kind.is_file() {
            found.push(path);
        } else if kind.is_dir() {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            waiting.extend(
                entries
                    .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
                    .map(|entry| entry.path()),
            );
        }
        if found.len() >= MOST_FILES || waiting.len() >= 10 * MOST_FILES {
            break;
        }
    }
    found
}
