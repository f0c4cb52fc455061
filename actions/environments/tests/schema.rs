//! The published schema: made from the reader's own tables; and under a real validator what the reader refuses is
//! refused too, but for what no schema can say.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helper fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "HALLMARK_BLESS is the test's own switch, and the test runs a validator"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use environments::File;
use serde_json::Value;

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

fn published() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/environments.schema.json")
}

#[test]
fn the_published_schema_is_made_from_the_tables() {
    let text = format!("{}\n", serde_json::to_string_pretty(&environments::schema()).unwrap());
    if std::env::var_os("HALLMARK_BLESS").is_some() {
        fs::write(published(), &text).unwrap();
    }
    let published = fs::read_to_string(published()).unwrap_or_default();
    assert!(
        published == text,
        "policies/environments.schema.json differs from the tables (HALLMARK_BLESS=1 writes it)"
    );
}

/// The names of those that the validator refuses, and what it told.
fn refused(files: &[PathBuf]) -> (BTreeSet<String>, String) {
    let tools = std::env::var_os("HALLMARK_TEST_PYTHON_BIN")
        .unwrap_or_else(|| panic!("HALLMARK_TEST_PYTHON_BIN is not set: `make test` fetches the validator"));
    let output = std::process::Command::new(Path::new(&tools).join("check-jsonschema"))
        .args(["--output-format", "json", "--schemafile"])
        .arg(published().canonicalize().unwrap())
        .args(files)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let told: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let name = |one: &Value| {
        Path::new(one["filename"].as_str().unwrap()).file_name().unwrap().to_str().unwrap().to_owned()
    };
    let lists = ["errors", "parse_errors"].map(|key| told[key].as_array().cloned().unwrap_or_default());
    (lists.iter().flatten().map(name).collect(), text)
}

#[test]
fn what_the_reader_refuses_the_schema_refuses_too() {
    let entries = fs::read_dir(mistakes()).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == "yml")).collect();
    let (refused, _) = refused(&files);
    let mut passed: Vec<String> = files
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !refused.contains(name))
        .collect();
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
    let (refused, told) = refused(&[file]);
    assert!(refused.is_empty(), "{told}");
}
