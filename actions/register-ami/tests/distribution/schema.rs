//! The published schema: made from the reader's own tables; and under a real validator what the reader accepts is
//! accepted, and what it refuses is refused too, but for what no schema can say.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::accepted::ACCEPTED;
use super::{corpus, root};
use crate::schemas;

/// What only the reader knows: what one part says about another, and how long a time is.
const BEYOND_A_SCHEMA: &[&str] = &[
    "canary-elsewhere.yml",
    "channel-account-not-shared.yml",
    "channel-account-owner.yml",
    "channel-role-of-another.yml",
    "channel-role-partition.yml",
    "deprecate-too-long.yml",
    "deprecate-too-short.yml",
    "home-near.yml",
    "home-not-in-regions.yml",
    "key-managed-arn-shared.yml",
    "key-managed-shared.yml",
    "key-other-partition.yml",
    "key-other-region.yml",
    "share-grants-no-key.yml",
    "share-organization-partition.yml",
    "share-owner.yml",
    "share-too-many.yml",
    "tag-key-number.yml",
    "wait-channel-too-long.yml",
    "wait-images-too-long.yml",
    "wait-poll-over-channel.yml",
    "wait-poll-over-images.yml",
    "wait-poll-too-long.yml",
];

/// The example.
pub(super) fn example() -> PathBuf {
    root().join("examples/distribution.yml")
}

#[test]
fn the_published_schema_is_made_from_the_tables() {
    schemas::is_made_of("distribution", &register_ami::distribution::schema());
}

#[test]
fn what_the_reader_refuses_the_schema_refuses_too() {
    let (names, files): (Vec<_>, Vec<_>) = corpus().into_iter().unzip();
    let (refused, _) = schemas::refused("distribution", &files);
    let passed: Vec<String> = names.into_iter().filter(|name| !refused.contains(name)).collect();
    assert_eq!(passed, BEYOND_A_SCHEMA, "what the schema lets through, and the list of what it cannot say");
}

#[test]
fn what_the_reader_accepts_the_schema_accepts() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = vec![example()];
    for (number, text) in ACCEPTED.iter().enumerate() {
        assert!(register_ami::distribution::parse("f", text).is_ok(), "{text}");
        let file = folder.path().join(format!("accepted-{number}.yml"));
        fs::write(&file, text).unwrap();
        files.push(file);
    }
    let (refused, told) = schemas::refused("distribution", &files);
    assert!(refused.is_empty(), "{told}");
}

#[test]
fn the_example_names_the_schema_and_its_page_names_every_member() {
    let text = fs::read_to_string(example()).unwrap();
    let first = text.lines().next().unwrap();
    assert!(first.starts_with("# yaml-language-server: $schema="), "{first}");
    assert!(first.ends_with("/policies/distribution.schema.json"), "{first}");
    let page = fs::read_to_string(root().join("examples/README.md")).unwrap();
    let section = page.split("## Where images go on AWS").nth(1).unwrap().split("\n## ").next().unwrap();
    let schema = register_ami::distribution::schema();
    let mut members: BTreeSet<&str> = BTreeSet::new();
    let mut queue = vec![&schema];
    while let Some(part) = queue.pop() {
        let named = part["properties"].as_object().into_iter().flatten();
        for (name, inner) in named {
            members.insert(name);
            queue.push(inner);
        }
        queue.extend(part.get("additionalProperties").filter(|inner| inner.is_object()));
    }
    members.remove("version");
    let missing: Vec<&&str> =
        members.iter().filter(|member| !section.contains(&format!("`{member}`"))).collect();
    assert!(members.len() >= 20 && missing.is_empty(), "{missing:?}");
}
