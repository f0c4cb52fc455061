//! A crate uses only floors below its own: read from `cargo metadata`, not from a drawing. And no test stands outside of the house.
#![expect(clippy::disallowed_methods, reason = "the test asks cargo itself")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The house, from the ground up. A new crate gets its place here.
fn floor(name: &str, path: &Path) -> Option<u8> {
    if path.parent()?.file_name()? == "actions" {
        return Some(5);
    }
    Some(match name {
        "model" | "versions" | "runner" | "process" => 0,
        "signers" | "aws-client" => 1,
        "tools" | "attest" | "scanners" | "report" | "policy" | "blocks" | "disk" | "provider" | "github"
        | "services" | "archive" | "git" => 2,
        "admission" | "scan" | "caller" => 3,
        "aws" => 4,
        "hallmark" => 6,
        "conformance" => 7,
        _ => return None,
    })
}

struct Package {
    name: String,
    folder: std::path::PathBuf,
    uses: Vec<String>,
}

fn workspace() -> Vec<Package> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| Package {
            name: package["name"].as_str().unwrap().to_owned(),
            folder: Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned(),
            uses: package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                // A test may look sideways: at another scanner's word on the same files.
                .filter(|dependency| dependency["path"].is_string() && dependency["kind"] != "dev")
                .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
                .collect(),
        })
        .collect()
}

#[test]
fn a_crate_uses_only_floors_below_its_own() {
    let packages = workspace();
    let floors: BTreeMap<_, _> = packages
        .iter()
        .map(|p| {
            let floor =
                floor(&p.name, &p.folder).unwrap_or_else(|| panic!("`{}` has no floor: give it one", p.name));
            (p.name.clone(), floor)
        })
        .collect();
    assert!(floors.len() >= 17, "the whole house is there: {floors:?}");
    let mut wrong = vec![];
    for package in &packages {
        for used in &package.uses {
            let (above, below) = (floors[&package.name], floors[used]);
            if below >= above {
                wrong.push(format!("{} (floor {above}) uses {used} (floor {below})", package.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_crate_keeps_the_lints() {
    for package in workspace() {
        let manifest = std::fs::read_to_string(package.folder.join("Cargo.toml")).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{}: `[lints] workspace = true` is missing",
            package.name
        );
    }
}

#[test]
fn the_toolchain_file_is_the_minimum_version() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let toolchain = std::fs::read_to_string(root.join("rust-toolchain.toml")).unwrap();
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let version = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("no {key}"));
        line.split('"').nth(1).unwrap().to_owned()
    };
    let (channel, minimum) = (version(&toolchain, "channel"), version(&manifest, "rust-version"));
    assert!(channel.starts_with(&minimum), "rust-toolchain.toml has {channel}, Cargo.toml {minimum}");
}

/// Where tests are named one by one, none may be forgotten: it would never run, and nobody would see.
#[test]
fn no_file_of_tests_is_left_out() {
    let mut joined = 0;
    for package in workspace() {
        let manifest = std::fs::read_to_string(package.folder.join("Cargo.toml")).unwrap();
        if manifest.contains("test = false") && package.name != "fuzz" {
            let program = std::fs::read_to_string(package.folder.join("src/main.rs")).unwrap();
            assert!(!program.contains("#[test]"), "{}: the tests in src/main.rs do not run", package.name);
        }
        if !manifest.contains("autotests = false") {
            continue;
        }
        joined += 1;
        let folder = package.folder.join("tests");
        let all = std::fs::read_to_string(folder.join("main.rs")).unwrap();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            let file = path.extension().is_some_and(|extension| extension == "rs") && name != "main";
            if file || path.join("mod.rs").exists() {
                let line = format!("mod {name};");
                assert!(
                    all.lines().any(|there| there == line),
                    "{}: tests/main.rs lacks `{line}`",
                    package.name
                );
            }
            let own = format!("path = \"tests/{name}/main.rs\"");
            assert!(
                !path.join("main.rs").exists() || manifest.contains(&own),
                "{}: {} is not run",
                package.name,
                path.display()
            );
        }
    }
    assert!(joined > 0);
}
