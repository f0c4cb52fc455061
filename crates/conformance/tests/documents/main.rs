//! What the documents say is what the programs do: `action.yml`, the tables of inputs and outputs, and
//! every file, flag and target that the pages name.
#![expect(clippy::disallowed_methods, reason = "HALLMARK_BLESS is the test's own switch")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod action_yml;
mod examples;
mod pages;
mod tables;

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Compares what stands in a file after its hand-written head (which ends with `marker`) and, if
/// there is one, before `end`, with what the program says. With `HALLMARK_BLESS` it is written.
///
/// Gives back what is wrong.
fn generated(path: &Path, marker: &str, end: Option<&str>, new: &str) -> Option<String> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return Some(format!("{}: {error}", path.display())),
    };
    let Some((head, rest)) = text.split_once(marker) else {
        return Some(format!("{}: the line `{}` is missing", path.display(), marker.trim()));
    };
    let (old, tail) = end.and_then(|end| rest.split_once(end)).unwrap_or((rest, ""));
    if old == new {
        return None;
    }
    if std::env::var_os("HALLMARK_BLESS").is_none() {
        return Some(format!(
            "{}: differs from the program's table (HALLMARK_BLESS=1 writes it)",
            path.display()
        ));
    }
    std::fs::write(path, [head, marker, new, end.unwrap_or_default(), tail].concat()).unwrap();
    None
}
