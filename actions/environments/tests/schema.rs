//! The published schema: made from the reader's own tables; and under a real validator what the reader refuses is
//! refused too, but for what no schema can say.

use std::fs;
use std::path::{Path, PathBuf};

use environments::File;

use crate::schemas;

const README: &str = include_str!("../README.md");

/// What only the reader knows: which names mean the same, what a number of minutes is, which machine is this one.
const BEYOND_A_SCHEMA: &[&str] = &[
    "environment-number.yml",
    "environment-twice-by-capitals.yml",
    "reachable-http.yml",
    "reviewer-twice.yml",
    "secrets-twice.yml",
    "variable-twice.yml",
    "wait-seconds.yml",
    "wait-too-long.yml",
];

/// The folder of the mistaken files.
fn mistakes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes")
}

#[test]
fn the_published_schema_is_made_from_the_tables() {
    schemas::is_made_of("environments", &environments::schema());
}

#[test]
fn what_the_reader_refuses_the_schema_refuses_too() {
    let entries = fs::read_dir(mistakes()).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == "yml")).collect();
    let (refused, _) = schemas::refused("environments", &files);
    let mut passed: Vec<String> =
        files.iter().map(|path| schemas::name_of(path)).filter(|name| !refused.contains(name)).collect();
    passed.sort_unstable();
    assert_eq!(passed, BEYOND_A_SCHEMA, "what the schema lets through, and the list of what it cannot say");
}

#[test]
fn what_the_page_shows_is_read_and_valid() {
    let section = README.split("## The file").nth(1).unwrap();
    let text = section.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(text.lines().next().unwrap().ends_with("/policies/environments.schema.json"));
    assert_eq!(File::parse("README.md", text).unwrap().environments.len(), 1);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("environments-of-the-page.yml");
    fs::write(&file, text).unwrap();
    let (refused, told) = schemas::refused("environments", &[file]);
    assert!(refused.is_empty(), "{told}");
}
