//! A schema in `policies/`: made from a program's own tables, and held to files by a real validator.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests: a panic is their message")]
#![allow(
    clippy::disallowed_methods,
    reason = "HALLMARK_BLESS is a test's own switch, and the validator is a program"
)]
#![allow(dead_code, reason = "each test program uses its part")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Whether what was found is to be written in the place of what was wanted.
pub(crate) fn is_blessing() -> bool {
    std::env::var_os("HALLMARK_BLESS").is_some()
}

/// The name of a file, without its folder.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// A schema by its name there.
fn published(schema: &str) -> PathBuf {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies").canonicalize().unwrap();
    policies.join(format!("{schema}.schema.json"))
}

/// Asserts that the published schema is the one that the tables make.
pub(crate) fn is_made_of(schema: &str, tables: &Value) {
    let path = published(schema);
    let text = format!("{}\n", serde_json::to_string_pretty(tables).unwrap());
    if is_blessing() {
        fs::write(&path, &text).unwrap();
    }
    let published = fs::read_to_string(path).unwrap_or_default();
    assert!(
        published == text,
        "policies/{schema}.schema.json differs from the tables (HALLMARK_BLESS=1 writes it)"
    );
}

/// The names of those files that the validator refuses by that schema, and what it told.
pub(crate) fn refused(schema: &str, files: &[PathBuf]) -> (BTreeSet<String>, String) {
    let tools = std::env::var_os("HALLMARK_TEST_PYTHON_BIN")
        .unwrap_or_else(|| panic!("HALLMARK_TEST_PYTHON_BIN is not set: `make test` fetches the validator"));
    let output = Command::new(Path::new(&tools).join("check-jsonschema"))
        .args(["--output-format", "json", "--schemafile"])
        .arg(published(schema))
        .args(files)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let told: Value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text} {}", String::from_utf8_lossy(&output.stderr)));
    let name = |one: &Value| name_of(Path::new(one["filename"].as_str().unwrap()));
    let lists = ["errors", "parse_errors"].map(|key| told[key].as_array().cloned().unwrap_or_default());
    (lists.iter().flatten().map(name).collect(), text)
}
