//! What is pinned is also found by what proposes updates: `.github/renovate.json` against the files it reads.
//! A pattern that no longer fits finds nothing, and says nothing.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn config() -> Value {
    serde_json::from_str(&read(".github/renovate.json")).unwrap()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

/// Renovate's `/pattern/` is a regular expression over the path from the root, `!/pattern/` its opposite.
fn pattern(text: &str) -> Regex {
    Regex::new(text.trim_start_matches('!').strip_prefix('/').unwrap().strip_suffix('/').unwrap()).unwrap()
}

/// One dependency as a custom manager reads it: name, where its versions are looked up, package, version.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    name: String,
    datasource: String,
    package: String,
    version: String,
}

/// What the custom managers find in this file, with the fields that come from a template.
fn found(config: &Value, file: &str) -> BTreeSet<Found> {
    let text = read(file);
    let managers = config["customManagers"].as_array().unwrap();
    let reading = managers
        .iter()
        .filter(|manager| texts(&manager["managerFilePatterns"]).iter().any(|p| pattern(p).is_match(file)));
    let mut all = BTreeSet::new();
    for manager in reading {
        for expression in texts(&manager["matchStrings"]) {
            for captures in Regex::new(expression).unwrap().captures_iter(&text) {
                let field = |name: &str| {
                    let captured = captures.name(name).map(|group| group.as_str().to_owned());
                    captured.or_else(|| Some(manager[format!("{name}Template")].as_str()?.to_owned()))
                };
                let name = field("depName").expect("a name");
                let found = Found {
                    datasource: field("datasource").expect("a datasource"),
                    package: field("packageName").unwrap_or_else(|| name.clone()),
                    version: field("currentValue").expect("a version"),
                    name,
                };
                assert!(all.insert(found), "{file}: found twice");
            }
        }
    }
    all
}

/// The tools of tools.lock: name to version and Go module.
fn tools() -> BTreeMap<String, (String, String)> {
    let lock: toml::Table = read("tools.lock").parse().unwrap();
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let tools = lock["tool"].as_table().unwrap();
    tools
        .iter()
        .map(|(name, tool)| (name.clone(), (text(&tool["version"]), text(&tool["go"]["module"]))))
        .collect()
}

/// `github.com/sigstore/cosign/v3` is released in the repository `sigstore/cosign`.
fn repository(module: &str) -> String {
    let parts: Vec<&str> = module.split('/').collect();
    assert_eq!(parts[0], "github.com", "{module}: another host needs a custom manager of its own");
    parts[1..3].join("/")
}

#[test]
fn every_tool_of_the_lock_is_found_and_go_too() {
    let lock: toml::Table = read("tools.lock").parse().unwrap();
    let mut expected: BTreeSet<Found> = tools()
        .into_iter()
        .map(|(name, (version, module))| Found {
            name,
            datasource: "github-releases".into(),
            package: repository(&module),
            version,
        })
        .collect();
    assert!(expected.len() >= 6, "{expected:?}");
    expected.insert(Found {
        name: "go".into(),
        datasource: "golang-version".into(),
        package: "go".into(),
        version: lock["go"].as_str().unwrap().into(),
    });
    assert_eq!(found(&config(), "tools.lock"), expected);
}

#[test]
fn every_tool_moves_in_the_lock_and_in_its_module_together() {
    let config = config();
    let rules = config["packageRules"].as_array().unwrap();
    let modules: BTreeSet<String> = fs::read_dir(root().join("crates/tools/go"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(modules, tools().into_keys().collect(), "one Go module for each tool of tools.lock");
    for (name, (version, module)) in tools() {
        let folder = format!("crates/tools/go/{name}");
        let go_mod = read(&format!("{folder}/go.mod"));
        let required =
            Regex::new(&format!(r"(?m)^\s*(require )?{} v{}( |$)", regex::escape(&module), version));
        assert!(required.unwrap().is_match(&go_mod), "{folder}/go.mod does not require {module} v{version}");
        assert!(root().join(&folder).join("go.sum").is_file(), "{folder}/go.sum");
        let rule = rules
            .iter()
            .find(|rule| rule["groupName"] == name.as_str())
            .unwrap_or_else(|| panic!("no packageRule with groupName {name}"));
        assert_eq!(texts(&rule["matchPackageNames"]), [repository(&module), module], "{name}");
        assert_eq!(
            texts(&rule["matchFileNames"]),
            ["tools.lock".to_owned(), format!("{folder}/**")],
            "{name}"
        );
        // The general rule for Go modules, above, turns everything in them off.
        assert_eq!(rule["enabled"], true, "{name}");
    }
}

#[test]
fn the_malicious_releases_of_trivy_are_not_proposed() {
    let config = config();
    let rules = config["packageRules"].as_array().unwrap();
    let trivy = rules.iter().find(|rule| rule["groupName"] == "trivy").unwrap();
    let allowed = trivy["allowedVersions"].as_str().unwrap();
    assert!(allowed.starts_with("!/"), "{allowed}");
    let refused = |version: &str| pattern(allowed).is_match(version);
    for version in ["0.69.4", "0.69.5", "0.69.6", "v0.69.4", "v0.69.5", "v0.69.6"] {
        assert!(refused(version), "{version}");
    }
    for version in ["0.69.3", "0.69.7", "0.69.40", "0.70.0", "10.69.4", "1.0.69"] {
        assert!(!refused(version), "{version}");
    }
}

#[test]
fn every_version_that_a_script_pins_is_found() {
    let config = config();
    let pin = Regex::new(r"(?m)^\s*([a-z_]+_version)=\S+$").unwrap();
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(root().join("scripts")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".sh") {
            continue;
        }
        let file = format!("scripts/{name}");
        let found = found(&config, &file);
        assert_eq!(pin.captures_iter(&read(&file)).count(), found.len(), "{file}: {found:?}");
        names.extend(found.into_iter().map(|found| format!("{} {}", found.datasource, found.name)));
    }
    assert_eq!(
        names,
        ["crate cargo-auditable", "crate cargo-deny", "crate cargo-fuzz", "crate s3s-fs"]
            .map(String::from)
            .into()
    );
}

#[test]
fn the_python_tools_are_pinned_by_hash_and_their_files_are_read() {
    let config = config();
    let patterns = texts(&config["pip-compile"]["managerFilePatterns"]);
    let places = ["lint", "dist", "test", "peers"].map(|purpose| ("scripts/python", purpose));
    for (folder, purpose) in
        places.into_iter().chain([("crates/tools/python", "semgrep"), ("crates/tools/python", "checkov")])
    {
        let file = format!("{folder}/{purpose}.txt");
        assert!(patterns.iter().any(|p| pattern(p).is_match(&file)), "{file}");
        let text = read(&file);
        let command = format!("--output-file={purpose}.txt {purpose}.in\n");
        assert!(text.starts_with("# ") && text.contains(&command), "{file} names the command that made it");
        assert!(!text.contains("://"), "{file} names a registry");
        let packages: Vec<&str> = text.split("\n").filter(|line| line.contains("==")).collect();
        for package in &packages {
            assert!(package.ends_with('\\'), "{file}: {package} has no hash");
        }
        let wanted = read(&format!("{folder}/{purpose}.in"));
        // What has no `==` only narrows what the others want.
        let wanted: Vec<&str> =
            wanted.lines().filter(|line| !line.starts_with('#') && !line.contains(">=")).collect();
        assert!(!wanted.is_empty());
        for package in wanted {
            assert!(package.contains("=="), "{purpose}.in: {package} is not pinned");
            // `moto[server]` is moto with more of what it needs.
            let (name, version) = package.split_once("==").unwrap();
            let package = format!("{}=={version}", name.split('[').next().unwrap());
            assert!(
                packages.iter().any(|line| line.starts_with(&format!("{package} "))),
                "{file} lacks {package}"
            );
        }
    }
}

#[test]
fn versions_cool_down_and_nothing_merges_itself() {
    let config = config();
    assert_eq!(config["minimumReleaseAge"], "7 days");
    // Without it a version that is too young is proposed all the same, with a pending check.
    assert_eq!(config["internalChecksFilter"], "strict");
    let text = read(".github/renovate.json");
    assert_eq!(text.matches("automerge").count(), 1);
    assert_eq!(config["automerge"], false);
    assert_eq!(text.matches("minimumReleaseAge").count(), 2, "one more than the rule and its exception");
    assert_eq!(config["vulnerabilityAlerts"]["minimumReleaseAge"], Value::Null);
    for manager in ["cargo", "github-actions", "gomod", "pip-compile", "custom.regex", "rust-toolchain"] {
        assert!(texts(&config["enabledManagers"]).contains(&manager), "{manager}");
    }
}
