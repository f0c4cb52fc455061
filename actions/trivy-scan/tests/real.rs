//! The real Trivy over root file systems, an SBOM, and the real image. It is the pinned one: on the
//! path that HALLMARK_TEST_BIN_DIR names, or in the cache of tools. `make test` provides both.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests: a panic is their message")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::common::{
    Kept, assert_undecided, debian, harness, ids, kept, report, setting, statement, with_tools,
};
use runner::testing::{Harness, Run};
use scanners::trivy::sample_db;
use serde_json::{Value, json};
use trivy_scan::ACTION;

/// Some packages of Debian 13: one with an old version, one as it is, two that no advisory is about.
const PACKAGES: [(&str, &str, &str); 4] = [
    ("libcap2", "libcap2", "1:2.75-10+b8"),
    ("libsystemd0", "systemd", "257.13-1~deb13u1"),
    ("ncurses-base", "ncurses", "6.5+20250216-2"),
    ("sed", "sed", "4.9-2"),
];

fn rootfs(packages: &[(&str, &str, &str)], release: &str) -> Harness {
    let harness = with_tools(harness());
    let root = debian(&harness.workspace(), release, packages);
    harness.input_path("rootfs", root)
}

fn done(harness: Harness) -> Kept {
    let run = kept(harness);
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    run
}

/// What the action says it found must be what Trivy wrote, one to one.
fn agrees(run: &Run) {
    let report = report(run);
    let ids = ids(&report);
    assert_eq!(run.outputs["findings"], ids.len().to_string());
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let results = report["Results"].as_array().unwrap();
    for finding in
        results.iter().flat_map(|result| result["Vulnerabilities"].as_array().into_iter().flatten())
    {
        *counts.entry(finding["Severity"].as_str().unwrap().to_lowercase()).or_default() += 1;
    }
    for severity in ["critical", "high", "medium", "low", "negligible", "unknown"] {
        let counted = counts.get(severity).copied().unwrap_or_default();
        assert_eq!(run.outputs[severity], counted.to_string(), "{severity}");
    }
    let packages: usize =
        results.iter().map(|result| result["Packages"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!(run.outputs["packages"], packages.to_string());
    let scan =
        scanners::Scanner::read_report(&scanners::trivy::Trivy, report.to_string().as_bytes()).unwrap();
    let mut found: Vec<_> = scan
        .findings
        .iter()
        .map(|finding| (finding.id.clone(), finding.package.name.clone(), finding.package.version.clone()))
        .collect();
    found.sort();
    assert_eq!(found, ids);
}

#[test]
fn the_sample_is_what_trivy_finds_and_no_more() {
    let run = done(rootfs(&PACKAGES, "13.7"));
    agrees(&run);
    let found = ids(&report(&run));
    let wanted = [
        // Mended in a later version: shown, with that version.
        ("CVE-2026-4878", "libcap2"),
        // Not mended.
        ("CVE-2013-4392", "libsystemd0"),
        ("CVE-2023-31437", "libsystemd0"),
        ("CVE-2023-31438", "libsystemd0"),
        ("CVE-2023-31439", "libsystemd0"),
        ("CVE-2025-6141", "ncurses-base"),
        ("CVE-2025-69720", "ncurses-base"),
    ];
    let mut wanted: Vec<_> =
        wanted.iter().map(|(id, package)| ((*id).to_owned(), (*package).to_owned())).collect();
    wanted.sort();
    let found: Vec<_> = found.into_iter().map(|(id, package, _)| (id, package)).collect();
    // CVE-2025-4598 and CVE-2026-29111 are mended in the version that is installed, so they are not there.
    assert_eq!(found, wanted);
    assert_eq!(run.outputs["fixable"], "1");
    assert_eq!(run.outputs["high"], "1");
    assert_eq!(run.outputs["unknown"], "1");
    assert!(run.summary.contains("fixed in 1:2.75-10+deb13u1"), "{}", run.summary);
}

#[test]
fn every_advisory_of_the_sample_is_read_by_trivy() {
    let list = sample_db::List::parse(sample_db::ADVISORIES).unwrap();
    for (release, number) in [(sample_db::Release::Bookworm, "12.9"), (sample_db::Release::Trixie, "13.7")] {
        let packages: Vec<_> = list.advisories.iter().map(|a| a.package.as_str()).collect();
        let packages: Vec<_> = packages
            .iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .map(|p| (*p, *p, "0.1-1"))
            .collect();
        let run = done(rootfs(&packages, number));
        let mut wanted: Vec<_> = list
            .advisories
            .iter()
            .filter(|advisory| advisory.releases.contains_key(&release))
            .map(|advisory| (advisory.id.clone(), advisory.package.clone(), "0.1-1".to_owned()))
            .collect();
        wanted.sort();
        assert_eq!(ids(&report(&run)), wanted);
        agrees(&run);
    }
}

#[test]
fn the_sample_is_labelled_everywhere() {
    let harness = rootfs(&PACKAGES, "13.7");
    let disk = harness.file("disk.raw", vec![7; 4096]);
    let run = done(harness.input_path("image", disk));
    let statement = statement(&run);
    let predicate = &statement["predicate"];
    let built = sample_db::sample().unwrap();
    assert_eq!(
        predicate["hallmark"]["database"],
        json!({"version": "2", "updatedOn": built.date.to_string(), "sha256": built.digest.to_string(), "sample": true})
    );
    assert_eq!(predicate["hallmark"]["seen"], "rootfs");
    assert_eq!(predicate["hallmark"]["os"], json!({"family": "debian", "name": "13.7"}));
    assert_eq!(predicate["scanner"]["version"], "0.69.3");
    assert_eq!(run.outputs["database-sample"], "true");
    assert!(run.stdout.contains("::warning title=Sample database::"), "{}", run.stdout);
    assert!(run.summary.contains("proves nothing about the image"));
    let finding = &report(&run)["Results"][0]["Vulnerabilities"][0];
    assert!(finding["DataSource"]["Name"].as_str().unwrap().ends_with(sample_db::LABEL));
}

#[test]
fn a_directory_alone_has_no_evidence_and_that_is_said() {
    let run = done(rootfs(&PACKAGES, "13.7"));
    assert_eq!(run.outputs["evidence"], "");
    assert!(run.stdout.contains("No evidence was written"));
    assert!(!run.outputs["report"].is_empty());
}

#[test]
fn what_lies_in_the_workspace_configures_nothing() {
    let plain = done(rootfs(&PACKAGES, "13.7"));
    let harness = rootfs(&PACKAGES, "13.7");
    harness.file(".trivyignore", "CVE-2026-4878\nCVE-2013-4392\n");
    harness.file("trivy.yaml", "severity: [CRITICAL]\nvulnerability:\n  ignore-unfixed: true\n");
    let root = harness.workspace().join("rootfs-13.7");
    fs::write(root.join(".trivyignore"), "CVE-2026-4878\n").unwrap();
    fs::write(root.join("trivy.yaml"), "severity: [CRITICAL]\n").unwrap();
    assert_eq!(ids(&report(&done(harness))), ids(&report(&plain)));
}

#[test]
fn no_system_no_packages_and_a_system_the_sample_does_not_know() {
    let harness = with_tools(harness());
    let empty = harness.workspace().join("empty");
    fs::create_dir(&empty).unwrap();
    let empty = harness.input_path("rootfs", empty);
    assert_undecided(&empty, &empty.run(&ACTION), "no operating system was recognised");
    let half = empty.input("allow-no-os", "true");
    assert_undecided(&half, &half.run(&ACTION), "no packages were found");
    let run = done(half.input("allow-no-packages", "true"));
    assert_eq!(run.outputs["packages"], "0");
    // Debian 11 and Ubuntu are known to Trivy, and nothing about them is in the sample.
    let old = rootfs(&PACKAGES, "11.9");
    assert_undecided(&old, &old.run(&ACTION), "Debian 12 and 13 only");
}

#[test]
fn the_sample_by_another_door_needs_leave() {
    let put = |harness: &Harness, folder: &str| {
        let built = sample_db::sample().unwrap();
        let folder = harness.workspace().join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("trivy.db"), built.database).unwrap();
        // Whatever it says of itself.
        fs::write(folder.join("metadata.json"), r#"{"Version":2,"UpdatedAt":"2026-01-01T00:00:00Z"}"#)
            .unwrap();
    };
    for folder in ["given", "as-trivy-has-it/db"] {
        let harness = rootfs(&PACKAGES, "13.7");
        put(&harness, folder);
        let harness = harness.input("database", folder.trim_end_matches("/db"));
        assert_undecided(&harness, &harness.run(&ACTION), "that database is the sample");
        let run = done(harness.input("allow-sample-database", "true"));
        assert_eq!(run.outputs["database-sample"], "true");
        assert_eq!(run.outputs["findings"], "7");
    }
}

#[test]
fn another_database_is_no_sample_and_is_recorded_by_its_digest() {
    let list = sample_db::List {
        date: "2026-02-03T04:05:06Z".parse().unwrap(),
        advisories: sample_db::List::parse(sample_db::ADVISORIES).unwrap().advisories[..1].to_vec(),
    };
    let built = sample_db::build(&list).unwrap();
    let harness = rootfs(&PACKAGES, "13.7");
    harness.file("db/trivy.db", &built.database);
    harness.file("db/metadata.json", &built.metadata);
    let disk = harness.file("disk.raw", vec![7; 4096]);
    let run = done(harness.input_path("image", disk).input("database", "db"));
    let database = &statement(&run)["predicate"]["hallmark"]["database"];
    assert_eq!(
        *database,
        json!({"version": "2", "updatedOn": "2026-02-03T04:05:06Z", "sha256": built.digest.to_string(), "sample": false})
    );
}

#[test]
fn a_database_that_is_none_decides_nothing() {
    let harness = rootfs(&PACKAGES, "13.7");
    harness.file("db/trivy.db", "this is no database, however long it may be");
    harness.file("db/metadata.json", r#"{"Version":2,"UpdatedAt":"2026-01-01T00:00:00Z"}"#);
    let harness = harness.input("database", "db");
    assert_undecided(&harness, &harness.run(&ACTION), "Trivy failed");
    let other = rootfs(&PACKAGES, "13.7");
    other.file("db/trivy.db", "x");
    other.file("db/metadata.json", r#"{"Version":1,"UpdatedAt":"2026-01-01T00:00:00Z"}"#);
    let other = other.input("database", "db");
    assert_undecided(&other, &other.run(&ACTION), "schema version 1");
}

/// An own tool cache, so that its database is nobody else's; Trivy itself has to be found on PATH.
fn own_cache(harness: Harness) -> Harness {
    let lock = tools::Lock::embedded().unwrap();
    let settings = tools::Settings::from_env(setting).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let path = setting("HALLMARK_TEST_BIN_DIR").map(|folder| PathBuf::from(folder).join("trivy"));
    let trivy = path.filter(|path| path.is_file()).unwrap_or_else(|| {
        let tools = tools::Tools::new(lock, settings, &process::Real);
        runtime.block_on(tools.get("trivy")).expect("the pinned Trivy: `make test` provides it").path
    });
    let cache = harness.workspace().join("tool-cache");
    harness
        .env("PATH", trivy.parent().unwrap().to_str().unwrap())
        .env("HALLMARK_CACHE", cache.to_str().unwrap())
}

#[test]
fn without_a_network_auto_says_what_can_be_done() {
    // Nobody listens there: the fetch fails at once, wherever this runs.
    let offline = |harness: Harness| {
        own_cache(harness).env("HTTPS_PROXY", "http://127.0.0.1:9").env("HTTP_PROXY", "http://127.0.0.1:9")
    };
    let harness = offline(rootfs(&PACKAGES, "13.7").input("database", "auto"));
    assert_undecided(&harness, &harness.run(&ACTION), "allow-sample-database: true");
    let run = done(harness.input("allow-sample-database", "true"));
    assert_eq!(run.outputs["database-sample"], "true");
    let cache =
        offline(rootfs(&PACKAGES, "13.7").input("database", "cache").input("allow-sample-database", "true"));
    assert_undecided(&cache, &cache.run(&ACTION), "has no usable database");
}

#[test]
fn an_sbom_is_scanned_and_is_what_the_evidence_is_about() {
    let component = |name: &str, version: &str| {
        let purl = format!("pkg:deb/debian/{name}@{version}?arch=amd64&distro=debian-13.7");
        json!({"bom-ref": purl, "type": "library", "name": name, "version": version, "purl": purl})
    };
    let sbom = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"component": {"bom-ref": "root", "type": "application", "name": "x"}},
        "components": [
            {"bom-ref": "os", "type": "operating-system", "name": "debian", "version": "13.7"},
            component("libcap2", "1%3A2.75-10"), component("tar", "1.35"),
        ],
        "dependencies": [{"ref": "os", "dependsOn": [component("tar", "1.35")["bom-ref"]]}],
    });
    let harness = with_tools(harness());
    let path = harness.file("sbom.cdx.json", sbom.to_string());
    let run = done(harness.input_path("sbom", path));
    agrees(&run);
    assert!(ids(&report(&run)).iter().any(|(id, package, _)| id == "CVE-2005-2541" && package == "tar"));
    let statement = statement(&run);
    assert_eq!(statement["predicate"]["hallmark"]["seen"], "sbom");
    assert_eq!(statement["subject"][0]["name"], "sbom.cdx.json");
    let digest = model::Sha256::of(sbom.to_string().as_bytes()).to_string();
    assert_eq!(statement["subject"][0]["digest"]["sha256"], digest);
}

#[test]
fn a_container_image_in_an_archive_is_scanned() {
    let harness = with_tools(harness());
    let root = debian(&harness.workspace(), "13.7", &PACKAGES);
    let file = |name: &str| (name.to_owned(), fs::read(root.join(name)).unwrap());
    let layer = tar(&[file("etc/os-release"), file("etc/debian_version"), file("var/lib/dpkg/status")]);
    let diff_id = format!("sha256:{}", model::Sha256::of(&layer));
    let config = json!({"architecture": "amd64", "os": "linux", "config": {},
                        "rootfs": {"type": "layers", "diff_ids": [diff_id]}});
    let manifest = json!([{"Config": "config.json", "RepoTags": ["x:1"], "Layers": ["layer.tar"]}]);
    let archive = tar(&[
        ("manifest.json".into(), manifest.to_string().into_bytes()),
        ("config.json".into(), config.to_string().into_bytes()),
        ("layer.tar".into(), layer),
    ]);
    harness.file("image.tar", &archive);
    let run = done(harness.input("container-image", "image.tar"));
    agrees(&run);
    assert_eq!(run.outputs["findings"], "7");
    let statement = statement(&run);
    assert_eq!(statement["predicate"]["hallmark"]["seen"], "container-image");
    assert_eq!(statement["subject"][0]["digest"]["sha256"], model::Sha256::of(&archive).to_string());
}

/// A tar archive (ustar) of plain files.
fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, content) in files {
        let mut header = [0_u8; 512];
        let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, name);
        put(100, "0000644\0");
        put(108, "0000000\0");
        put(116, "0000000\0");
        put(124, &format!("{:011o}\0", content.len()));
        put(136, "00000000000\0");
        put(148, "        ");
        put(156, "0");
        put(257, "ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(header);
        archive.extend(content);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

#[test]
fn the_real_image() {
    let image = setting("HALLMARK_TEST_IMAGE")
        .expect("HALLMARK_TEST_IMAGE names no image: `make test` bakes one and sets it");
    let harness =
        with_tools(harness()).input("image", &image).input("sarif", "x.sarif").input("fail-on", "critical");
    let run = done(harness);
    agrees(&run);
    let packages: u64 = run.outputs["packages"].parse().unwrap();
    assert!(packages > 50, "{packages} packages: is this the whole image?");
    assert_ne!(run.outputs["findings"], "0", "a Debian image always has unmended vulnerabilities");
    let statement = statement(&run);
    assert_eq!(statement["predicate"]["hallmark"]["seen"], "disk");
    let disk = if image.ends_with(".json") {
        let manifest: Value = serde_json::from_slice(&fs::read(&image).unwrap()).unwrap();
        PathBuf::from(&image).with_file_name(manifest["disks"][0]["file"].as_str().unwrap())
    } else {
        PathBuf::from(&image)
    };
    let digest = blocks::digest_file(&disk, &blocks::Options::default()).unwrap().content_digest;
    assert_eq!(statement["subject"][0]["digest"]["hallmarkBlocks1"], digest.sha256().to_string());
    let sarif: Value = serde_json::from_slice(&fs::read(&run.outputs["sarif"]).unwrap()).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap().len();
    assert_eq!(run.outputs["findings"], results.to_string());
}
