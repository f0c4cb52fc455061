//! The real Syft and the real Trivy over root file systems of three kinds of distributions. `make test` provides both.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests: a panic is their message")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::{PACKAGES, done, harness, is_valid, packages, ran, tool, undecided};
use serde_json::Value;

/// A maker of a root file system, the distribution, and the kind of its package URLs.
type Maker = (fn(&Path), &'static str, &'static str);

const MAKERS: [Maker; 3] = [
    (common::debian, "debian", "pkg:deb/"),
    (common::alpine, "alpine", "pkg:apk/"),
    (common::rpm, "rocky", "pkg:rpm/"),
];

#[test]
fn every_package_is_listed_by_either_tool_and_the_documents_are_what_they_claim() {
    for (make, system, kind) in MAKERS {
        for generator in ["syft", "trivy"] {
            let harness = harness();
            let root = harness.workspace().join("root");
            make(&root);
            let kept = done(harness.input_path("rootfs", &root).input("generator", generator));
            let listed = kept.packages();
            let names: BTreeSet<&str> = listed.iter().map(|(name, ..)| name.as_str()).collect();
            assert_eq!(names, PACKAGES.iter().map(|(name, _)| *name).collect(), "{system} {generator}");
            assert!(listed.iter().all(|(_, _, purl)| purl.starts_with(kind)), "{listed:?}");
            assert_eq!(kept.output("components"), "3");
            let bom = kept.json("cyclonedx");
            let os =
                bom["components"].as_array().unwrap().iter().find(|one| one["type"] == "operating-system");
            assert_eq!(os.unwrap()["name"], system);
            let text = bom.to_string() + &kept.json("spdx").to_string();
            assert!(!text.contains(root.to_str().unwrap()), "a path of this machine: {text}");
            is_valid(&kept);
        }
    }
}

#[test]
fn what_syft_says_itself_is_what_is_listed() {
    for (make, ..) in MAKERS {
        let harness = harness();
        let root = harness.workspace().join("root");
        make(&root);
        let what = format!("dir:{}", root.display());
        let arguments =
            ["scan", "--quiet", "--override-default-catalogers", "image", "--output", "cyclonedx-json@1.6"];
        let env = [("SYFT_CHECK_FOR_APP_UPDATE", "false"), ("HOME", root.to_str().unwrap())];
        let theirs: Value =
            serde_json::from_str(&ran(&tool("syft"), &[&arguments[..], &[&what]].concat(), &env)).unwrap();
        let kept = done(harness.input_path("rootfs", &root));
        assert_eq!(kept.packages(), packages(&theirs));
    }
}

#[test]
fn the_same_files_give_the_same_bytes() {
    for generator in ["syft", "trivy"] {
        let documents: BTreeSet<(Vec<u8>, Vec<u8>)> = (0..2)
            .map(|_| {
                let harness = harness();
                let root = harness.workspace().join("root");
                common::debian(&root);
                let kept = done(harness.input_path("rootfs", &root).input("generator", generator));
                (fs::read(kept.output("cyclonedx")).unwrap(), fs::read(kept.output("spdx")).unwrap())
            })
            .collect();
        assert_eq!(documents.len(), 1, "{generator}");
    }
}

#[test]
fn what_was_upgraded_or_added_is_of_the_image_and_the_rest_of_the_base() {
    let before = harness();
    let root = before.workspace().join("root");
    common::debian(&root);
    let base = done(before.input_path("rootfs", &root));
    let after = harness();
    let root = after.workspace().join("root");
    common::debian(&root);
    let status = root.join("var/lib/dpkg/status");
    let text = fs::read_to_string(&status).unwrap();
    let added = text.split("\n\n").next().unwrap().replace("Package: libcap2", "Package: added");
    fs::write(&status, format!("{}{added}\n\n", text.replace("Version: 4.9-2", "Version: 4.9-3"))).unwrap();
    let kept = done(after.input_path("rootfs", &root).input("base-sbom", base.output("cyclonedx")));
    let layer = |one: &Value| {
        let said =
            one["properties"].as_array().unwrap().iter().find(|said| said["name"] == "hallmark:layer")?;
        Some(format!("{} {}", one["name"].as_str().unwrap(), said["value"].as_str().unwrap()))
    };
    let bom = kept.json("cyclonedx");
    let layers: BTreeSet<String> = bom["components"].as_array().unwrap().iter().filter_map(layer).collect();
    let wanted = ["added image", "libcap2 base", "sed image", "zlib1g base"].map(str::to_owned);
    assert_eq!(layers, wanted.into());
    assert_eq!((kept.output("from-base"), kept.output("components")), ("2", "4"));
}

#[test]
fn a_database_of_packages_that_cannot_be_read_is_no_empty_list() {
    for (make, path) in [
        (common::debian as fn(&Path), "var/lib/dpkg/status"),
        (common::alpine, "lib/apk/db/installed"),
        (common::rpm, "var/lib/rpm/rpmdb.sqlite"),
    ] {
        let harness = harness();
        let root = harness.workspace().join("root");
        make(&root);
        let broken = [b" no field\nPackage: a\n".as_slice(), &[0xff, 0, 7, b'\n'], b"x y\nz"].concat();
        fs::write(root.join(path), broken).unwrap();
        undecided(&harness.input_path("rootfs", &root), "could not be read, so the list would not be whole");
    }
}

#[test]
fn an_archive_that_is_none_is_told_and_named() {
    let harness = harness();
    let root = harness.workspace().join("root");
    common::debian(&root);
    fs::write(root.join("x.jar"), "no zip").unwrap();
    let kept = done(harness.input_path("rootfs", &root));
    assert_eq!(kept.output("unread"), "1");
    let said = kept.json("cyclonedx")["metadata"]["properties"].to_string();
    assert!(said.contains("hallmark:unread") && said.contains("/x.jar"), "{said}");
    assert!(kept.run.stdout.contains("::warning"), "{}", kept.run.stdout);
    is_valid(&kept);
}

#[test]
fn nothing_is_no_list_and_two_things_are_none() {
    let one = harness();
    let root = one.workspace().join("root");
    fs::create_dir_all(root.join("etc")).unwrap();
    undecided(&one.input_path("rootfs", &root), "no packages were found");
    undecided(&harness(), "there is nothing to list");
    let both = harness().input_path("rootfs", "/").input_path("report", "/x");
    undecided(&both, "only one of them");
    undecided(&harness().input_path("report", "/x").input("generator", "syft"), "Syft cannot read it");
    undecided(&harness().input_path("rootfs", "/x").input("generator", "cat"), "syft or trivy is wanted");
}
