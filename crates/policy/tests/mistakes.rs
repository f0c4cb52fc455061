//! A corpus of mistaken files: each with what is told about it, word by word. `HALLMARK_BLESS=1` writes
//! the texts; read each as the person would who has to mend the file.
//!
//! An exceptions file may say under which limits it is read: `# under: {max-lifetime: 30d}` as its first line.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helper fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "HALLMARK_BLESS is the test's own switch")]

use std::fs;
use std::path::{Path, PathBuf};

use policy::{Exceptions, Policy, Problems, SHIPPED, UncheckedPolicy};

/// How many there are at least of each.
const AT_LEAST: [(&str, usize); 2] = [("policies", 120), ("exceptions", 50)];

fn folder(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes").join(kind)
}

/// The mistaken files of a kind; what lies in folders beside them is what they name.
fn corpus(kind: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder(kind)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "yml")).collect();
    files.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn read_policy(name: &str) -> Result<Policy, Problems> {
    let mut get = |path: &str| {
        fs::read_to_string(folder("policies").join(path)).map_err(|_| "there is no such file".to_owned())
    };
    UncheckedPolicy::read(name, &mut get)?.check()
}

fn read_exceptions(name: &str, text: &str) -> Result<Exceptions, Problems> {
    let first = text.lines().next().unwrap_or_default();
    let limits = first.strip_prefix("# under: ").unwrap_or("{}");
    let policy = format!("version: 1\nname: limits\nextends: recommended\nexceptions: {limits}\n");
    Exceptions::parse(name, text, Policy::parse("limits", &policy).unwrap().exception_limits())
}

fn told(kind: &str, name: &str, text: &str) -> Problems {
    let told = match kind {
        "policies" => read_policy(name).err(),
        _ => read_exceptions(name, text).err(),
    };
    told.unwrap_or_else(|| panic!("{kind}/{name} is not mistaken"))
}

#[test]
fn every_mistake_is_told_with_its_place_and_how_to_mend_it() {
    let bless = std::env::var_os("HALLMARK_BLESS").is_some();
    let mut wrong = String::new();
    for (kind, least) in AT_LEAST {
        let files = corpus(kind);
        assert!(files.len() >= least, "only {} mistaken {kind}", files.len());
        for (name, text) in files {
            let told = format!("{}\n", told(kind, &name, &text));
            let beside = folder(kind).join(&name).with_extension("txt");
            if bless {
                fs::write(&beside, &told).unwrap();
            }
            let wanted = fs::read_to_string(&beside).unwrap_or_default();
            if told != wanted {
                wrong.push_str(&format!("{kind}/{name}\nwanted {wanted}found  {told}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A line and a column that are there in the file that is named, a what and a how.
#[test]
fn every_place_exists() {
    for (kind, _) in AT_LEAST {
        for (name, text) in corpus(kind) {
            for problem in told(kind, &name, &text).0 {
                let shipped = SHIPPED.iter().find(|(name, _)| *name == problem.file);
                let named = shipped.map_or_else(
                    || fs::read_to_string(folder(kind).join(&problem.file)).unwrap(),
                    |(_, text)| (*text).to_owned(),
                );
                let lines = u64::try_from(named.lines().count()).unwrap().max(1);
                assert!((1..=lines + 1).contains(&problem.at.line), "{kind}/{name}: {problem}");
                assert!(problem.at.column >= 1, "{kind}/{name}: {problem}");
                assert!(!problem.what.is_empty() && !problem.mend.is_empty(), "{kind}/{name}: {problem}");
            }
        }
    }
}

/// No text without its file: one that is left over would never be looked at again.
#[test]
fn every_text_has_its_file() {
    for (kind, _) in AT_LEAST {
        for entry in fs::read_dir(folder(kind)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "txt") {
                assert!(path.with_extension("yml").is_file(), "{}", path.display());
            }
        }
    }
}
