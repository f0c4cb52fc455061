//! A crate uses only floors below its own: read from `cargo metadata`, not from a drawing.
#![expect(clippy::disallowed_methods, reason = "the test asks cargo itself")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The house, from the ground up. A new crate gets its place here.
fn floor(name: &str, path: &Path) -> Option<u8> {
    if path.parent()?.file_name()? == "actions" {
        return Some(4);
    }
    Some(match name {
        "model" | "versions" | "runner" | "process" => 0,
        "signers" => 1,
        "tools" | "attest" | "scanners" | "report" | "policy" | "blocks" | "provider" | "github"
        | "services" | "archive" => 2,
        "admission" => 3,
        "hallmark" => 5,
        "conformance" => 6,
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
                .filter(|dependency| dependency["path"].is_string())
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
