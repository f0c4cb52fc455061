//! The official schemas, which are built in: they are the official ones, and what they refuse is not signed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests: a panic is their message")]

mod common;

use std::fs;
use std::path::Path;

use common::{harness, setting, undecided};
use serde_json::json;

#[test]
fn what_is_built_in_is_what_the_pinned_syft_has_and_the_specifications_published() {
    let official = setting("HALLMARK_TEST_SCHEMAS");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let names = |folder: &Path| {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.filter(|name| name.to_string_lossy().ends_with(".json")).collect();
        names.sort();
        names
    };
    assert_eq!(names(&folder), names(&official));
    for name in names(&official) {
        let same = fs::read(folder.join(&name)).unwrap() == fs::read(official.join(&name)).unwrap();
        assert!(same, "{} is another: copy it from {}", name.display(), official.display());
    }
}

/// Trivy hands on what its report says.
#[test]
fn a_document_that_its_schema_refuses_is_no_evidence() {
    let harness = harness();
    let report = harness.workspace().join("report.json");
    let package = json!({
        "ID": "sed@4.9-2", "Name": "sed", "Version": "4.9-2", "Arch": "amd64", "Digest": "md5:none",
        "Identifier": {"PURL": "pkg:deb/debian/sed@4.9-2?arch=amd64", "UID": "1"},
    });
    let text = json!({
        "SchemaVersion": 2, "ArtifactName": "/d", "ArtifactType": "vm",
        "Metadata": {"OS": {"Family": "debian", "Name": "13.0"}},
        "Results": [{"Target": "/d", "Class": "os-pkgs", "Type": "debian", "Packages": [package]}],
    });
    fs::write(&report, text.to_string()).unwrap();
    undecided(
        &harness.input_path("report", &report),
        "the document is not valid CycloneDX 1.6, so nothing was kept: at `/components/",
    );
}
