//! The real Grype, and the real Syft before it, over root file systems and SBOMs. They are the pinned ones: on the
//! path that HALLMARK_TEST_BIN_DIR names, or in the cache of tools. `make test` provides both, and Trivy.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests: a panic is their message")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use common::{
    alpine, assert_undecided, debian, done, harness, ids, report, sbom, setting, statement, with_tools,
};
use grype_scan::ACTION;
use runner::testing::{Harness, Run};
use scanners::Scanner as _;
use scanners::advisories::{ADVISORIES, LABEL, List, Release};
use scanners::grype::{Grype, sample_db};
use serde_json::{Value, json};

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

fn of_sbom(document: &Value) -> Harness {
    let harness = with_tools(harness());
    let path = harness.file("sbom.cdx.json", document.to_string());
    harness.input_path("sbom", path)
}

/// The severity that counts: Grype's, or the worst of the others where Grype has none.
fn counted(found: &Value) -> String {
    const ORDER: [&str; 6] = ["unknown", "negligible", "low", "medium", "high", "critical"];
    let word = |one: &Value| one["severity"].as_str().unwrap().to_lowercase();
    let own = word(&found["vulnerability"]);
    if own != "unknown" {
        return own;
    }
    let others = found["relatedVulnerabilities"].as_array().unwrap().iter().map(word);
    others.max_by_key(|other| ORDER.iter().position(|known| known == other)).unwrap_or(own)
}

/// What the action says it found must be what Grype wrote, one to one.
fn agrees(run: &Run) {
    let report = report(run);
    let ids = ids(&report);
    assert_eq!(run.outputs["findings"], ids.len().to_string());
    assert_eq!(report.get("ignoredMatches"), None, "nothing is left out by Grype itself");
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in report["matches"].as_array().unwrap() {
        *counts.entry(counted(one)).or_default() += 1;
    }
    for severity in ["critical", "high", "medium", "low", "negligible", "unknown"] {
        let counted = counts.get(severity).copied().unwrap_or_default();
        assert_eq!(run.outputs[severity], counted.to_string(), "{severity}");
    }
    let scan = Grype.read_report(report.to_string().as_bytes()).unwrap();
    let mut found: Vec<_> = scan
        .findings
        .iter()
        .map(|one| (one.id.clone(), one.package.name.clone(), one.package.version.clone()))
        .collect();
    found.sort();
    assert_eq!(found, ids);
}

/// The same as Trivy finds in it, with its own sample: (id, package, version), sorted.
fn by_trivy(root: PathBuf) -> Vec<(String, String, String)> {
    let trivy = with_tools(harness()).input_path("rootfs", root);
    let run = trivy.run(&trivy_scan::ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let scan = scanners::trivy::Trivy.read_report(&fs::read(&run.outputs["report"]).unwrap()).unwrap();
    let mut found: Vec<_> =
        scan.findings.into_iter().map(|one| (one.id, one.package.name, one.package.version)).collect();
    found.sort();
    found
}

#[test]
fn grype_finds_what_trivy_finds_with_the_same_advisories() {
    let harness = rootfs(&PACKAGES, "13.7");
    let root = harness.workspace().join("rootfs-13.7");
    let trivy = by_trivy(root);
    let run = done(harness);
    agrees(&run);
    assert_eq!(ids(&report(&run)), trivy);
    assert_eq!(run.outputs["findings"], "7");
    assert_eq!(run.outputs["fixable"], "1");
    assert_eq!(run.outputs["packages"], "4");
    assert!(run.summary.contains("fixed in 1:2.75-10+deb13u1"), "{}", run.summary);
}

#[test]
fn every_advisory_of_the_sample_is_read_by_grype() {
    let list = List::parse(ADVISORIES).unwrap();
    for (release, number) in [(Release::Bookworm, "12.9"), (Release::Trixie, "13.7")] {
        let names: std::collections::BTreeSet<_> =
            list.advisories.iter().map(|one| one.package.as_str()).collect();
        let packages: Vec<_> = names.iter().map(|name| (*name, *name, "0.1-1")).collect();
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
fn the_evidence_has_the_sbom_that_was_made_and_the_sample_by_its_name() {
    let harness = rootfs(&PACKAGES, "13.7");
    let disk = harness.file("disk.raw", vec![7; 4096]);
    let run = done(harness.input_path("image", disk));
    let statement = statement(&run);
    let more = &statement["predicate"]["hallmark"];
    let built = sample_db::sample().unwrap();
    assert_eq!(
        more["database"],
        json!({"version": "6", "updatedOn": built.date.to_string(), "sha256": built.digest.to_string(), "sample": true})
    );
    assert_eq!(more["seen"], "rootfs");
    assert_eq!(more["packages"], 4);
    assert_eq!(more["os"], json!({"family": "debian", "name": "13.7"}));
    assert_eq!(statement["predicate"]["scanner"]["version"], "0.120.0");
    let digest = more["inventory"]["digest"]["sha256"].as_str().unwrap();
    let kept =
        PathBuf::from(&run.outputs["evidence"]).with_file_name("reports").join(format!("{digest}.json"));
    let inventory = scanners::sbom::read(&fs::read(kept).unwrap()).unwrap();
    assert_eq!(inventory.packages.len(), 4);
    assert_eq!(run.outputs["database-sample"], "true");
    assert!(run.summary.contains("proves nothing about the image"));
    assert!(report(&run)["matches"][0]["vulnerability"]["namespace"].as_str().unwrap().contains(LABEL));
}

#[test]
fn a_stored_sbom_is_scanned_again_without_the_image() {
    let document = sbom(&PACKAGES);
    let run = done(of_sbom(&document));
    agrees(&run);
    assert_eq!(run.outputs["findings"], "7");
    let statement = statement(&run);
    assert_eq!(statement["predicate"]["hallmark"]["seen"], "sbom");
    let digest = model::Sha256::of(document.to_string().as_bytes()).to_string();
    assert_eq!(statement["subject"][0]["name"], "sbom.cdx.json");
    assert_eq!(statement["subject"][0]["digest"]["sha256"], digest);
    assert_eq!(statement["predicate"]["hallmark"]["inventory"]["digest"]["sha256"], digest);
}

#[test]
fn a_report_is_taken_with_the_sbom_that_it_is_of_and_names_the_sample() {
    let first = done(of_sbom(&sbom(&PACKAGES)));
    let bytes = fs::read(&first.outputs["report"]).unwrap();
    let harness = harness();
    let given = harness.file("report.json", &bytes);
    let document = harness.file("s.json", sbom(&PACKAGES).to_string());
    let harness = harness.input_path("report", given);
    // Alone it says nothing of what was looked at.
    assert_undecided(&harness, &harness.run(&ACTION), "no packages were found");
    let run = done(harness.input_path("sbom", document));
    assert_eq!(run.outputs["findings"], "7");
    assert_eq!(run.outputs["packages"], "4");
    assert_eq!(run.outputs["database-sample"], "true");
    assert_eq!(statement(&run)["predicate"]["hallmark"]["seen"], "report");
}

#[test]
fn a_release_that_the_database_does_not_know_is_no_release_without_findings() {
    for release in ["99", "11.9"] {
        let harness = rootfs(&PACKAGES, release);
        assert_undecided(&harness, &harness.run(&ACTION), "no OS found in the DB");
    }
    let harness = with_tools(harness());
    let root = alpine(&harness.workspace());
    let harness = harness.input_path("rootfs", root);
    assert_undecided(&harness, &harness.run(&ACTION), "no OS found in the DB");
}

#[test]
fn what_is_installed_is_in_the_sbom_and_not_what_sources_want() {
    let harness = rootfs(&PACKAGES, "13.7");
    let root = harness.workspace().join("rootfs-13.7");
    let put = |name: &str, text: &str| {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), text).unwrap();
    };
    put("srv/q/node_modules/lodash/package.json", r#"{"name":"lodash","version":"4.17.4"}"#);
    put("srv/q/requirements.txt", "django==1.0\n");
    let run = done(harness);
    assert_eq!(run.outputs["packages"], "5", "{}", run.stdout);
    assert_eq!(run.outputs["findings"], "7");
}

#[test]
fn an_sbom_of_trivys_is_refused_because_grype_would_misread_it() {
    let mut document = sbom(&PACKAGES);
    for component in document["components"].as_array_mut().unwrap() {
        if let Some(purl) = component["purl"].as_str() {
            let (purl, source) =
                purl.split_once("&upstream=").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
            component["purl"] = purl.into();
            component["properties"] = json!([{"name": "aquasecurity:trivy:SrcName", "value": source}]);
        }
    }
    let harness = of_sbom(&document);
    assert_undecided(&harness, &harness.run(&ACTION), "Scan it with trivy-scan");
}

#[test]
fn what_lies_in_the_workspace_configures_nothing() {
    let harness = rootfs(&PACKAGES, "13.7");
    let rules = "only-fixed: true\nignore:\n- vulnerability: CVE-2026-4878\n";
    for name in [".grype.yaml", ".grype/config.yaml", "rootfs-13.7/.grype.yaml"] {
        harness.file(name, rules);
    }
    harness.file(".syft.yaml", "exclude: ['**/dpkg/**']\n");
    let run = done(harness.env("GRYPE_ONLY_FIXED", "true").env("SYFT_EXCLUDE", "**"));
    assert_eq!(run.outputs["findings"], "7");
}

#[test]
fn no_system_and_no_packages() {
    let harness = with_tools(harness());
    let empty = harness.workspace().join("empty");
    fs::create_dir(&empty).unwrap();
    let harness = harness.input_path("rootfs", empty);
    assert_undecided(&harness, &harness.run(&ACTION), "no operating system was recognised");
    let half = harness.input("allow-no-os", "true");
    assert_undecided(&half, &half.run(&ACTION), "no packages were found");
    assert_eq!(done(half.input("allow-no-packages", "true")).outputs["packages"], "0");
}

fn put_database(harness: &Harness, folder: &str, built: &scanners::Built) {
    harness.file(&format!("{folder}/vulnerability.db"), &built.database);
    harness.file(&format!("{folder}/import.json"), &built.metadata);
}

#[test]
fn the_sample_by_another_door_needs_leave_and_another_database_is_none() {
    let built = sample_db::sample().unwrap();
    for folder in ["given", "as-grype-has-it/6"] {
        let harness = of_sbom(&sbom(&PACKAGES));
        put_database(&harness, folder, &built);
        let harness = harness.input("database", folder.trim_end_matches("/6"));
        assert_undecided(&harness, &harness.run(&ACTION), "that database is the sample");
        let run = done(harness.input("allow-sample-database", "true"));
        assert_eq!(run.outputs["database-sample"], "true");
    }
    let list = List {
        date: "2026-02-03T04:05:06Z".parse().unwrap(),
        advisories: List::parse(ADVISORIES).unwrap().advisories[..1].to_vec(),
    };
    let other = sample_db::build(&list).unwrap();
    let harness = of_sbom(&sbom(&[("tar", "tar", "1.35")]));
    put_database(&harness, "db", &other);
    let run = done(harness.input("database", "db"));
    // It names itself a sample in what it says, and is not the sample: its digest is recorded.
    assert_eq!(
        statement(&run)["predicate"]["hallmark"]["database"],
        json!({"version": "6", "updatedOn": "2026-02-03T04:05:06Z", "sha256": other.digest.to_string(), "sample": false})
    );
    assert_eq!(ids(&report(&run)), [("CVE-2005-2541".to_owned(), "tar".to_owned(), "1.35".to_owned())]);
}

#[test]
fn a_database_that_is_none_or_was_changed_decides_nothing() {
    let built = sample_db::sample().unwrap();
    let harness = of_sbom(&sbom(&PACKAGES));
    put_database(&harness, "db", &built);
    harness.file("db/vulnerability.db", "this is no database, however long it may be");
    let harness = harness.input("database", "db");
    assert_undecided(&harness, &harness.run(&ACTION), "Grype cannot use its database");
    // A byte of the free space of a page: still a database, and not the one that was fetched.
    let mut database = built.database.clone();
    database[8192] ^= 1;
    harness.file("db/vulnerability.db", database);
    assert_undecided(&harness, &harness.run(&ACTION), "bad db checksum");
}

#[test]
fn without_a_network_auto_says_what_can_be_done() {
    let harness = of_sbom(&sbom(&PACKAGES)).input("database", "auto");
    let cache = harness.workspace().join("tool-cache");
    let harness = harness
        .env("PATH", setting("HALLMARK_TEST_BIN_DIR").expect("HALLMARK_TEST_BIN_DIR: `make test` sets it"))
        .env("HALLMARK_CACHE", cache.to_str().unwrap())
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("HTTP_PROXY", "http://127.0.0.1:9");
    assert_undecided(&harness, &harness.run(&ACTION), "allow-sample-database: true");
    let cached = harness.input("database", "cache");
    assert_undecided(&cached, &cached.run(&ACTION), "has no usable database");
    let run = done(cached.input("database", "auto").input("allow-sample-database", "true"));
    assert_eq!(run.outputs["database-sample"], "true");
}

/// A database with what is planted in the root file systems of the test below, made by Python's SQLite.
#[expect(clippy::disallowed_methods, reason = "tests may start programs")]
fn planted(harness: &Harness) -> PathBuf {
    let advisories = json!([
        // Alpine's, about the source of two packages: one mended later, one in an older version than is there.
        {"id": "CVE-2026-100", "package": "busybox", "fixed": "1.36.1-r30", "severity": "high", "os": ["alpine", "3", "20"],
         "cvss": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "epss": [0.42, 0.97], "kev": "2026-11-01"},
        {"id": "CVE-2026-101", "package": "busybox", "fixed": "1.36.1-r2", "severity": "high", "os": ["alpine", "3", "20"]},
        // Another release's.
        {"id": "CVE-2026-102", "package": "busybox", "fixed": null, "severity": "low", "os": ["alpine", "3", "19"]},
        // A package's that is found by its file.
        {"id": "GHSA-jf85-cpcp-j695", "package": "lodash", "fixed": "4.17.12", "severity": "critical", "ecosystem": "npm",
         "aliases": ["CVE-2019-10744"]},
        {"id": "GHSA-none", "package": "underscore", "fixed": null, "severity": "critical", "ecosystem": "npm"},
    ]);
    let folder = harness.workspace().join("planted");
    let list = harness.file("advisories.json", advisories.to_string());
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/database.py");
    let made = std::process::Command::new("python3")
        .arg(script)
        .arg(&folder)
        .stdin(fs::File::open(list).unwrap())
        .status()
        .expect("python3: `make test` provides it");
    assert!(made.success());
    folder
}

#[test]
fn what_is_planted_in_an_alpine_is_found_and_nothing_else() {
    let harness = with_tools(harness());
    let root = alpine(&harness.workspace());
    planted(&harness);
    let disk = harness.file("disk.raw", vec![7; 4096]);
    let harness = harness.input_path("rootfs", root).input_path("image", disk).input("database", "planted");
    let run = done(harness);
    agrees(&run);
    let found = ids(&report(&run));
    let wanted = [
        ("CVE-2026-100", "busybox", "1.36.1-r29"),
        ("CVE-2026-100", "ssl_client", "1.36.1-r29"),
        ("GHSA-jf85-cpcp-j695", "lodash", "4.17.4"),
    ];
    assert_eq!(found, wanted.map(|(id, name, version)| (id.to_owned(), name.to_owned(), version.to_owned())));
    assert_eq!(statement(&run)["predicate"]["hallmark"]["os"], json!({"family": "alpine", "name": "3.20.3"}));
    assert_eq!(run.outputs["database-sample"], "false");
    let scan = Grype.read_report(&fs::read(&run.outputs["report"]).unwrap()).unwrap();
    let of = |name: &str| scan.findings.iter().find(|one| one.package.name == name).unwrap();
    let client = of("ssl_client");
    assert_eq!(client.package.source.as_deref(), Some("busybox"));
    assert_eq!(client.cvss, Some(9.8));
    assert_eq!(client.epss.as_ref().map(|epss| epss.score), Some(0.42));
    assert_eq!(client.kev.as_ref().map(|kev| kev.added.as_str()), Some("2026-11-01"));
    let lodash = of("lodash");
    assert_eq!(lodash.aliases, ["CVE-2019-10744"]);
    assert_eq!(lodash.package.path.as_deref(), Some("srv/q/node_modules/lodash/package.json"));
    assert_eq!(lodash.fixed_version.as_deref(), Some("4.17.12"));
}
