//! Everything that may go wrong between Trivy and a report, with a scripted Trivy: nothing is
//! decided, and nothing is left that looks like evidence.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests: a panic is their message")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{after, assert_undecided, run, whole, writes};
use model::Sha256;
use process::{Fake, Script};
use runner::Outcome;
use runner::testing::Harness;
use serde_json::json;

fn disk(harness: Harness) -> (Harness, PathBuf) {
    let disk = harness.file("disk.raw", vec![7; 1 << 20]);
    (harness.input_path("image", &disk), disk)
}

/// What is on the disk.
fn content(disk: &Path) -> String {
    blocks::digest_file(disk, &blocks::Options::default()).unwrap().content_digest.to_string()
}

/// An SBOM that says it is of these images.
fn listed(harness: Harness, images: &[&String]) -> Harness {
    let said: Vec<_> = images.iter().map(|it| json!({"name": "hallmark:image", "value": it})).collect();
    let list = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"properties": said},
                      "components": [{"type": "library", "name": "p", "version": "1"}]});
    let path = harness.file("sbom.cdx.json", list.to_string());
    harness.input_path("sbom", path)
}

fn undecided(script: Script, says: &str) {
    let (harness, _) = disk(crate::common::harness().env("HOME", "/nowhere"));
    let fake = Fake::new().then("trivy", script);
    let (outcome, run) = run(&harness, &fake);
    assert!(outcome.is_none(), "{says}");
    assert_undecided(&harness, &run, says);
}

#[test]
fn a_whole_report_is_taken() {
    let (harness, _) = disk(crate::common::harness().env("HOME", "/nowhere"));
    let fake = Fake::new().then("trivy", writes(whole()));
    let (outcome, run) = run(&harness, &fake);
    assert_eq!(outcome, Some(Outcome::Done), "{}", run.stdout);
    let tool = &crate::common::statement(&run)["predicate"]["hallmark"]["tool"];
    assert_eq!(
        *tool,
        json!({"name": "trivy", "version": "0.69.3", "sha256": Sha256::of(b"trivy").to_string()})
    );
}

#[test]
fn trivy_that_fails_decides_nothing() {
    undecided(Script::exits(1).stderr("2026\tFATAL\tFatal error\tno database\n"), "Trivy failed");
    undecided(Script::exits(1).stderr("2026\tFATAL\tFatal error\tno database\n"), "no database");
    // A whole report does not help a failure.
    undecided(
        Script::exits(2).effect(|spec| fs::write(after(spec, "--output"), whole()).unwrap()),
        "exit code 2",
    );
    undecided(Script::dies_of(9), "signal 9");
    undecided(Script::is_cancelled(), "cancelled");
    undecided(Script::is_missing(), "trivy");
}

#[test]
fn a_report_that_is_not_whole_decides_nothing() {
    let whole = whole();
    undecided(writes(&whole.as_bytes()[..whole.len() - 1]), "truncated");
    undecided(writes(""), "wrote nothing");
    undecided(Script::exits(0), "its report is not to be read");
    undecided(
        writes(whole).stderr("2026\tWARN\t[vm] Partition error\terr=\"unsupported\"\n"),
        "left out a part",
    );
}

#[test]
fn a_time_out_decides_nothing() {
    let (harness, _) = disk(crate::common::harness().env("HOME", "/nowhere").input("timeout", "1s"));
    let fake = Fake::new().then("trivy", writes(whole()).takes(std::time::Duration::from_secs(2)));
    let (_, run) = run(&harness, &fake);
    assert_undecided(&harness, &run, "its time was up");
}

#[test]
fn a_disk_that_changes_meanwhile_decides_nothing() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 4] = [
        ("written to", |disk| fs::write(disk, vec![8; 1 << 20]).unwrap()),
        ("exchanged", |disk| {
            let other = disk.with_extension("other");
            fs::write(&other, vec![9; 1 << 20]).unwrap();
            fs::rename(other, disk).unwrap();
        }),
        ("exchanged and put back", |disk| {
            let kept = disk.with_extension("kept");
            fs::rename(disk, &kept).unwrap();
            fs::write(disk, vec![9; 1 << 20]).unwrap();
            fs::rename(kept, disk).unwrap();
        }),
        ("removed", |disk| fs::remove_file(disk).unwrap()),
    ];
    for (what, change) in changes {
        let (harness, disk) = disk(crate::common::harness().env("HOME", "/nowhere"));
        let report = whole();
        let fake = Fake::new().then(
            "trivy",
            Script::exits(0).effect(move |spec| {
                fs::write(after(spec, "--output"), report).unwrap();
                change(&disk);
            }),
        );
        let (outcome, run) = run(&harness, &fake);
        assert!(outcome.is_none(), "{what}");
        assert_undecided(&harness, &run, "the image changed while it was scanned");
    }
}

#[test]
fn a_database_that_changes_meanwhile_decides_nothing() {
    let (harness, _) = disk(crate::common::harness().env("HOME", "/nowhere"));
    let report = whole();
    let script = Script::exits(0).effect(move |spec| {
        fs::write(after(spec, "--output"), report).unwrap();
        fs::write(after(spec, "--cache-dir").join("db/metadata.json"), "{}").unwrap();
    });
    let (_, run) = run(&harness, &Fake::new().then("trivy", script));
    assert_undecided(&harness, &run, "database changed while it was used");
}

#[test]
fn a_manifest_that_lists_another_disk_is_refused_before_anything_runs() {
    let harness = crate::common::harness().env("HOME", "/nowhere");
    harness.file("disk.raw", vec![7; 4096]);
    let manifest = json!({
        "schema": 1, "name": "n", "family": "f", "architecture": "amd64", "bootMode": "uefi",
        "rootDevice": "/dev/sda", "layers": [],
        "disks": [{"device": "/dev/sda", "file": "disk.raw", "sizeBytes": 4096,
                   "contentDigest": format!("hallmarkBlocks1:{}", Sha256::of(b"another"))}],
    });
    let path = harness.file("image.json", manifest.to_string());
    let harness = harness.input_path("image", path);
    let fake = Fake::new();
    let (_, run) = run(&harness, &fake);
    assert_undecided(&harness, &run, "changed or exchanged after it was baked");
    assert!(fake.calls().is_empty());
}

#[test]
fn trivy_sees_nothing_of_the_workspace_and_little_of_the_environment() {
    let harness = crate::common::harness()
        .env("HOME", "/nowhere")
        .env("PATH", "/bin")
        .env("TRIVY_SEVERITY", "CRITICAL")
        .env("TRIVY_IGNORE_UNFIXED", "true")
        .env("ACTIONS_RUNTIME_TOKEN", "secret")
        .env("HTTPS_PROXY", "http://proxy.example");
    let (harness, _) = disk(harness);
    let fake = Fake::new().then(
        "trivy",
        Script::exits(0).effect(|spec| {
            assert_eq!(fs::read_dir(spec.environment().get(OsStr::new("HOME")).unwrap()).unwrap().count(), 0);
            fs::write(after(spec, "--output"), whole()).unwrap();
        }),
    );
    let (outcome, run) = run(&harness, &fake);
    assert_eq!(outcome, Some(Outcome::Done), "{}", run.stdout);
    let calls = fake.calls();
    let names: Vec<_> = calls[0].environment().keys().map(|name| name.to_str().unwrap()).collect();
    assert_eq!(names, ["HOME", "HTTPS_PROXY", "LANG", "PATH", "TMPDIR"]);
}

#[test]
fn a_list_of_another_image_or_of_none_is_no_evidence_about_this_one() {
    let other = format!("hallmarkBlocks1:{}", Sha256::of(b"another"));
    let own = content(&disk(crate::common::harness().env("HOME", "/nowhere")).1);
    for (images, says) in [
        (vec![], Some("does not say which image it is of")),
        (vec![&other], Some("says that it is of hallmarkBlocks1:")),
        (vec![&own, &other], Some("does not say which image it is of")),
        (vec![&own], None),
    ] {
        let (harness, _) = disk(crate::common::harness().env("HOME", "/nowhere"));
        let harness = listed(harness, &images);
        let fake = Fake::new().then("trivy", writes(whole()));
        let (outcome, run) = run(&harness, &fake);
        let Some(says) = says else {
            assert_eq!(outcome, Some(Outcome::Done), "{}", run.stdout);
            let about = crate::common::statement(&run)["subject"][0]["digest"].to_string();
            assert!(about.contains(own.trim_start_matches("hallmarkBlocks1:")), "{about}");
            continue;
        };
        assert_undecided(&harness, &run, says);
        let scans = |call: &process::Spec| call.arguments().contains(&"--output".into());
        assert!(!fake.calls().iter().any(scans));
    }
}

#[test]
fn a_partition_that_trivy_would_pass_over_is_an_error_before_it_runs() {
    let named = |name: &str| {
        let mut disk = vec![0_u8; 1 << 20];
        disk[512..520].copy_from_slice(b"EFI PART");
        disk[592] = 1; // entries
        disk[1024] = 0x4f; // any type but none
        for (at, unit) in name.encode_utf16().enumerate() {
            disk[1080 + 2 * at..1082 + 2 * at].copy_from_slice(&unit.to_le_bytes());
        }
        disk
    };
    for (name, seen) in [("root", false), ("Linux", true)] {
        let harness = crate::common::harness().env("HOME", "/nowhere");
        let disk = harness.file("disk.raw", named(name));
        let harness = harness.input_path("image", disk);
        let fake = Fake::new().then("trivy", writes(whole()));
        let (outcome, run) = run(&harness, &fake);
        assert_eq!(outcome.is_some(), seen, "{}", run.stdout);
        if !seen {
            assert_undecided(&harness, &run, "does not look into partition 1");
            assert!(fake.calls().is_empty());
        }
    }
}

/// A folder whose path is longer than any program may name cannot be read by root either.
#[test]
fn a_folder_that_cannot_be_read_is_an_error_whatever_is_looked_for() {
    for scanners in ["vuln", "vuln,secret"] {
        let harness = crate::common::harness().env("HOME", "/nowhere").input("scanners", scanners);
        let [root, deep] = ["root", "deep"].map(|name| {
            let root = harness.workspace().join(name);
            let inner = (0..12).fold(root.clone(), |folder, _| folder.join("d".repeat(250)));
            fs::create_dir_all(&inner).unwrap();
            (root, inner)
        });
        fs::rename(deep.0, root.1.join("deep")).unwrap();
        let harness = harness.input_path("rootfs", root.0);
        let fake = Fake::new().then("trivy", writes(whole()));
        let (_, run) = run(&harness, &fake);
        // What is said of it is cut short behind so long a path.
        assert_undecided(&harness, &run, "d/deep/d");
        assert!(fake.calls().is_empty());
    }
}
