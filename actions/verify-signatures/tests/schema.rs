//! The published schema: made from the reader's own tables, which name what the reader takes; and under a real
//! validator what the reader refuses is refused too, but for what no schema can say.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::common::Job;
use crate::mistakes::CASES;
use crate::schemas;

const README: &str = include_str!("../README.md");

/// What only the reader knows: what parts mean beside each other, which names the author gave, what a pattern is.
const BEYOND_A_SCHEMA: &[&str] = &[
    "a broken pattern",
    "a folder with a bundle",
    "a pattern with a digest",
    "a pattern with a signature",
    "a requirement of a signature",
    "a signature by an identity",
    "a threshold of more than there are",
    "an identity among keys",
    "an identity of anybody",
    "an identity with a broken pattern",
    "an identity with a key's name",
    "an issuer waived and named",
    "an issuer waived for a pattern",
    "checksums of only a broken pattern",
];

#[test]
fn the_published_schema_is_made_from_the_tables() {
    schemas::is_made_of("signatures", &verify_signatures::schema());
}

/// The reader tells, of an unknown member, which ones it knows: the tables have the same.
#[test]
fn the_tables_name_what_the_reader_takes() {
    let job = Job::with_hello();
    let schema = verify_signatures::schema();
    let one = |pointer: &str| schema.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect();
    let known: [(&str, &str, BTreeSet<String>); 6] = [
        ("the manifest", "version: 1\nfiles: []\nx: 1\n", one("/properties")),
        (
            "a key",
            "version: 1\nkeys: {a: {x: 1}}\nfiles: []\n",
            one("/properties/keys/additionalProperties/properties"),
        ),
        (
            "an identity",
            "version: 1\nidentities: {a: {x: y}}\nfiles: []\n",
            one("/properties/identities/additionalProperties/properties"),
        ),
        ("a file", "version: 1\nfiles: [{path: a, x: 1}]\n", one("/properties/files/items/properties")),
        (
            "checksums",
            "version: 1\nchecksums: [{manifest: a, x: 1}]\n",
            one("/properties/checksums/items/properties"),
        ),
        (
            "provenance",
            "version: 1\nfiles: [{path: a, provenance: {x: 1}}]\n",
            one("/properties/files/items/properties/provenance/properties"),
        ),
    ];
    for (what, manifest, table) in known {
        job.write("signatures.yml", manifest);
        let run = job.run(&[]);
        let told = run.stdout.split("expected one of ").nth(1).unwrap_or_else(|| panic!("{what}: {run:?}"));
        let told: BTreeSet<String> = told.lines().next().unwrap().split(", ").map(str::to_owned).collect();
        assert_eq!(told, table, "{what}");
    }
}

#[test]
fn what_the_reader_refuses_the_schema_refuses_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut names = BTreeMap::new();
    for (at, (what, manifest)) in CASES.iter().enumerate() {
        let name = format!("{at:03}.yml");
        fs::write(folder.path().join(&name), manifest).unwrap();
        names.insert(name, *what);
    }
    let files: Vec<_> = names.keys().map(|name| folder.path().join(name)).collect();
    let (refused, _) = schemas::refused("signatures", &files);
    let mut passed: Vec<_> =
        names.iter().filter(|(name, _)| !refused.contains(*name)).map(|(_, what)| *what).collect();
    passed.sort_unstable();
    assert_eq!(passed, BEYOND_A_SCHEMA, "what the schema lets through, and the list of what it cannot say");
}

#[test]
fn what_the_readme_shows_is_valid_and_names_its_schema() {
    let section = README.split("## The manifest").nth(1).unwrap();
    let manifest = section.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(manifest.starts_with("# yaml-language-server: $schema="));
    assert!(manifest.lines().next().unwrap().ends_with("/policies/signatures.schema.json"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signatures.yml");
    fs::write(&file, manifest).unwrap();
    let (refused, told) = schemas::refused("signatures", &[file]);
    assert!(refused.is_empty(), "{told}");
}
