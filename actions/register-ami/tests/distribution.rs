//! `distribution.yml`: what is read, every mistake word by word, and the published schema beside the reader.
//!
//! The mistaken files lie in `distribution/mistakes`, each with what is told about it. `HALLMARK_BLESS=1` writes the
//! texts and the schema; read each as the person would who has to mend the file.
#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

#[path = "distribution/accepted.rs"]
mod accepted;
#[path = "distribution/mistakes.rs"]
mod mistakes;
#[path = "distribution/properties.rs"]
mod properties;
#[path = "distribution/schema.rs"]
mod schema;

use std::fs;
use std::path::{Path, PathBuf};

use crate::schemas::name_of;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The mistaken files, by name.
fn corpus() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/distribution/mistakes");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "yml")).collect();
    files.sort();
    files.into_iter().map(|path| (name_of(&path), path)).collect()
}
