//! The published schemas under a real validator: what ships is valid by them, and what the reader refuses
//! they refuse too, but for what no schema can say.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helper fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the test runs the validator that `make test` fetched")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What only the reader knows: what stands in other files, what parts mean beside each other, which names the
/// author gave.
const BEYOND_A_SCHEMA: &[&str] = &[
    "policies/auto-approve-severity-of-no-finding",
    "policies/evidence-none-required",
    "policies/evidence-unknown-signer",
    "policies/extends-broken-parent",
    "policies/extends-in-a-circle",
    "policies/extends-itself",
    "policies/extends-missing",
    "policies/extends-mistaken-parent",
    "policies/extends-own-signer-unused",
    "policies/extends-too-deep",
    "policies/identity-empty",
    "policies/identity-of-nobody",
    "policies/identity-pattern-for-anybody",
    "policies/identity-pattern-unfinished",
    "policies/identity-repository-short",
    "policies/identity-subject-twice",
    "policies/identity-without-issuer",
    "policies/identity-without-ref",
    "policies/no-evidence",
    "policies/override-breaks-the-policy",
    "policies/override-new-evidence",
    "policies/override-of-a-parent",
    "policies/rego-clock",
    "policies/rego-missing",
    "policies/rego-network",
    "policies/rego-package",
    "policies/rego-silent",
    "policies/rego-twice",
    "policies/rego-unfinished",
    "policies/replace-by-nothing",
    "policies/replace-without-parent",
    "policies/rule-unscored-alone",
    "policies/rules-without-a-scan",
    "policies/secret-bad-glob",
    "policies/signer-unused",
    "policies/verified-files-without-provenance",
    "policies/version-fraction",
    "exceptions/alias-twice",
    "exceptions/aliases-alone",
    "exceptions/contradiction",
    "exceptions/expires-before",
    "exceptions/id-with-a-star",
    "exceptions/images-in-one-text",
    "exceptions/package-level-refused",
    "exceptions/path-everywhere",
    "exceptions/path-no-glob",
    "exceptions/path-out-of-the-image",
    "exceptions/purl-in-capitals",
    "exceptions/purl-too-short",
    "exceptions/purl-with-a-bare-scope",
    "exceptions/purl-with-a-star",
    "exceptions/purl-with-qualifiers-alone",
    "exceptions/range-for-an-unknown-ecosystem",
    "exceptions/range-of-an-unknown-scheme",
    "exceptions/range-of-another-ecosystem",
    "exceptions/range-on-one-side",
    "exceptions/range-unsorted",
    "exceptions/range-with-a-comma",
    "exceptions/range-with-no-version",
    "exceptions/secret-in-a-package",
    "exceptions/secret-until-fixed",
    "exceptions/the-same-twice",
    "exceptions/too-long",
    "exceptions/two-ids-in-one",
    "exceptions/version-of-another-kind",
    "exceptions/version-twice",
    "exceptions/vex-affected-without-action",
    "exceptions/vex-fixed-until-fixed",
    "exceptions/vex-without-a-why",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The validator unfolds it until memory is full.
const BOMB: &str = "anchor-bomb.yml";

fn yaml(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "yml")).collect();
    files.retain(|path| !path.ends_with(BOMB));
    files.sort();
    files
}

/// Those of the files that the validator refuses, and what it says.
fn refused(kind: &str, files: &[PathBuf]) -> (BTreeSet<String>, String) {
    let folder = std::env::var_os("HALLMARK_TEST_PYTHON_BIN")
        .unwrap_or_else(|| panic!("HALLMARK_TEST_PYTHON_BIN is not set: `make test` fetches the validator"));
    let schema = root().join("policies").join(format!("{kind}.schema.json"));
    let output = Command::new(Path::new(&folder).join("check-jsonschema"))
        .args(["--output-format", "json", "--schemafile"])
        .arg(schema)
        .args(files)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let told: serde_json::Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let name = |one: &serde_json::Value| {
        Path::new(one["filename"].as_str().unwrap()).file_name().unwrap().to_str().unwrap().to_owned()
    };
    let lists = ["errors", "parse_errors"].map(|key| told[key].as_array().cloned().unwrap_or_default());
    (lists.iter().flatten().map(name).collect(), text)
}

#[test]
fn what_ships_is_valid_and_names_its_schema() {
    let (exceptions, policies): (Vec<_>, Vec<_>) =
        yaml(&root().join("policies")).into_iter().partition(|path| path.ends_with("exceptions.yml"));
    assert_eq!((exceptions.len(), policies.len()), (1, 5));
    let (told_of, told) = refused("policy", &yaml(&root().join("policies/examples")));
    assert!(told_of.is_empty(), "{told}");
    for (kind, files) in [("policy", policies), ("exceptions", exceptions)] {
        let (refused, told) = refused(kind, &files);
        assert!(refused.is_empty(), "{told}");
        for file in files {
            let first = format!("# yaml-language-server: $schema={kind}.schema.json\n");
            assert!(fs::read_to_string(&file).unwrap().starts_with(&first), "{}", file.display());
        }
    }
}

#[test]
fn what_the_reader_refuses_the_schema_refuses_too() {
    for (kind, corpus) in [("policy", "policies"), ("exceptions", "exceptions")] {
        let files = yaml(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes").join(corpus));
        let (refused, _) = refused(kind, &files);
        let names = files.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
        let passed: Vec<String> = names.filter(|name| !refused.contains(name)).collect();
        let beyond: Vec<String> = BEYOND_A_SCHEMA
            .iter()
            .filter_map(|name| name.strip_prefix(corpus)?.strip_prefix('/'))
            .map(|name| format!("{name}.yml"))
            .collect();
        assert_eq!(
            passed, beyond,
            "{corpus}: what the schema lets through, and the list of what it cannot say"
        );
    }
}
