//! A corpus of mistaken files: each with what is told about it, word by word. `HALLMARK_BLESS=1` writes the texts;
//! read each as the person would who has to mend the file.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helper fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "HALLMARK_BLESS is the test's own switch")]

use std::fs;
use std::path::{Path, PathBuf};

use environments::File;
use policy::Problems;

/// The folder of the mistaken files.
fn mistakes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes")
}

fn corpus() -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(mistakes()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "yml")).collect();
    files.sort();
    files.into_iter().map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path)).collect()
}

fn told(name: &str, text: &str) -> Problems {
    File::parse(name, text).err().unwrap_or_else(|| panic!("{name} is not mistaken"))
}

#[test]
fn every_mistake_is_told_with_its_place_and_how_to_mend_it() {
    let files = corpus();
    assert!(files.len() >= 60, "only {} mistaken files", files.len());
    let mut wrong = String::new();
    for (name, path) in files {
        let text = fs::read_to_string(&path).unwrap();
        let problems = told(&name, &text);
        let lines = u64::try_from(text.lines().count()).unwrap().max(1);
        for problem in &problems.0 {
            assert!((1..=lines + 1).contains(&problem.at.line) && problem.at.column >= 1, "{problem}");
            assert!(!problem.what.is_empty() && !problem.mend.is_empty(), "{problem}");
            // A value that does not belong into a file is not repeated either.
            assert!(!problem.to_string().contains("hunter2"), "{problem}");
        }
        let told = format!("{problems}\n");
        let beside = path.with_extension("txt");
        if std::env::var_os("HALLMARK_BLESS").is_some() {
            fs::write(&beside, &told).unwrap();
        }
        let wanted = fs::read_to_string(&beside).unwrap_or_default();
        if told != wanted {
            wrong.push_str(&format!("{name}\nwanted {wanted}found  {told}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_text_has_its_file() {
    for entry in fs::read_dir(mistakes()).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.with_extension("yml").is_file(), "{}", path.display());
    }
}
