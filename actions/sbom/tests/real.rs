//! The real image: `make test` bakes it and the one that it is built on.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests: a panic is their message")]

mod common;

use std::collections::BTreeSet;
use std::fs;

use attest::{Kind, PrivateKey};
use common::{Kept, base_image, done, harness, image, is_valid, ran, tool};
use serde_json::Value;

fn layers(kept: &Kept) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let layer = |one: &Value| {
        let mut said = one["properties"].as_array().into_iter().flatten();
        let found = said.find(|property| property["name"] == "hallmark:layer")?;
        Some((text(&one["purl"]), text(&found["value"])))
    };
    kept.json("cyclonedx")["components"].as_array().unwrap().iter().filter_map(layer).collect()
}

/// What dpkg itself says, in the disk's own file.
fn installed() -> BTreeSet<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let disk = image().with_file_name("disk.raw");
    disk::extract(&disk::only(&disk).unwrap(), &root, disk::Limits::default()).unwrap();
    let status = fs::read_to_string(root.join("var/lib/dpkg/status")).unwrap();
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().to_owned()
    };
    status
        .split("\n\n")
        .filter(|block| field(block, "Status: ").ends_with(" installed"))
        .map(|block| (field(block, "Package: "), field(block, "Version: ")))
        .collect()
}

#[test]
fn the_disk_is_listed_as_dpkg_lists_it_signed_and_verified_by_cosign() {
    let key = PrivateKey::generate_p256().unwrap();
    let kept = done(harness().input_path("image", image()).input("signing-key", &key.private));
    let debs: BTreeSet<(String, String)> = kept
        .packages()
        .into_iter()
        .filter(|(_, _, purl)| purl.starts_with("pkg:deb/"))
        .map(|(name, version, _)| (name, version))
        .collect();
    assert_eq!(debs, installed());
    is_valid(&kept);

    // The predicate is the document.
    let trust = attest::PublicKey::from_pem(&key.public).unwrap();
    for (output, document, kind) in
        [("evidence", "cyclonedx", Kind::Sbom), ("spdx-evidence", "spdx", Kind::SpdxSbom)]
    {
        let bytes = fs::read(kept.output(output)).unwrap();
        let verified = attest::verify(&bytes, &attest::Trust::from(&trust)).unwrap();
        assert_eq!((verified.kind, &verified.statement.predicate), (kind, &kept.json(document)));
        let path = kept.harness.file("assay.pub", &key.public);
        let manifest = image();
        let arguments = [
            "verify-blob-attestation",
            "--insecure-ignore-tlog",
            "--type",
            kind.predicate_type(),
            "--key",
            path.to_str().unwrap(),
            "--bundle",
            kept.output(output),
            manifest.to_str().unwrap(),
        ];
        ran(&tool("cosign"), &arguments, &[("HOME", kept.harness.workspace().to_str().unwrap())]);
    }
}

#[test]
fn each_package_is_of_the_base_or_of_the_image_and_none_is_there_twice() {
    let base = done(harness().input_path("image", base_image()));
    let kept = done(harness().input_path("image", image()).input("base-sbom", base.output("cyclonedx")));
    let of_base: BTreeSet<String> = base.packages().into_iter().map(|(_, _, purl)| purl).collect();
    let layers = layers(&kept);
    let unique: BTreeSet<&String> = layers.iter().map(|(purl, _)| purl).collect();
    assert_eq!((layers.len(), unique.len()), (kept.packages().len(), kept.packages().len()));
    for (purl, layer) in &layers {
        assert_eq!(layer == "base", of_base.contains(purl), "{purl}");
    }
    let count = layers.iter().filter(|(_, layer)| layer == "base").count();
    assert_eq!(kept.output("from-base"), count.to_string());
    assert!(count > 0);
    is_valid(&kept);
    // The base says itself which image it is of, and another is refused.
    let other = harness().input_path("image", image()).input("base-sbom", kept.output("cyclonedx"));
    common::undecided(&other, "input `base-sbom` is of hallmarkBlocks1:");
}

#[test]
fn trivy_lists_what_its_report_lists_now_and_later() {
    let kept = done(harness().input_path("image", image()).input("generator", "trivy"));
    let syft = done(harness().input_path("image", image()));
    let debs = |kept: &Kept| -> BTreeSet<(String, String)> {
        let debs = kept.packages().into_iter().filter(|(_, _, purl)| purl.starts_with("pkg:deb/"));
        debs.map(|(name, version, _)| (name, version)).collect()
    };
    assert_eq!(debs(&kept), debs(&syft));
    is_valid(&kept);

    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let disk = image().with_file_name("disk.raw");
    let arguments = [
        "vm",
        "--cache-dir",
        folder.path().to_str().unwrap(),
        "--format",
        "json",
        "--list-all-pkgs",
        "--scanners",
        "license",
        "--offline-scan",
        "--skip-version-check",
        "--output",
        report.to_str().unwrap(),
        disk.to_str().unwrap(),
    ];
    ran(&tool("trivy"), &arguments, &[("HOME", folder.path().to_str().unwrap())]);
    let of_report = done(harness().input_path("image", image()).input_path("report", &report));
    assert_eq!(debs(&of_report), debs(&kept));
    let said = of_report.json("cyclonedx")["metadata"]["properties"].to_string();
    let digest = model::Sha256::of(&fs::read(&report).unwrap()).to_string();
    assert!(said.contains(r#""value":"report""#) && said.contains(&digest), "{said}");
    is_valid(&of_report);
}
