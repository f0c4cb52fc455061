//! Everything that may go wrong between Grype and a report, with scripted programs: nothing is
//! decided, and nothing is left that looks like evidence.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests: a panic is their message")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{after, assert_undecided, sbom, statement};
use grype_scan::{ACTION, Programs, run_with};
use model::Sha256;
use process::{Fake, Script, Spec};
use runner::Outcome;
use runner::testing::{Harness, Run};
use serde_json::json;
use tools::{Source, Tool};

fn tool(name: &str) -> Tool {
    Tool {
        name: name.into(),
        version: "0.1.2".into(),
        path: PathBuf::from(format!("/pinned/{name}")),
        sha256: Sha256::of(name.as_bytes()),
        source: Source::Cache,
        uri: format!("pkg:golang/github.com/anchore/{name}@v0.1.2"),
    }
}

fn harness() -> Harness {
    common::harness().env("HOME", "/nowhere")
}

fn of_sbom(harness: Harness) -> Harness {
    let path = harness.file("sbom.cdx.json", sbom(&[("tar", "tar", "1")]).to_string());
    harness.input_path("sbom", path)
}

/// An SBOM that says it is of these images.
fn listed(harness: Harness, images: &[&String]) -> Harness {
    let mut list = sbom(&[("tar", "tar", "1")]);
    let said: Vec<_> = images.iter().map(|it| json!({"name": "hallmark:image", "value": it})).collect();
    list["metadata"] = json!({"properties": said});
    let path = harness.file("sbom.cdx.json", list.to_string());
    harness.input_path("sbom", path)
}

fn disk(harness: Harness) -> (Harness, PathBuf) {
    let disk = harness.file("disk.raw", vec![7; 1 << 20]);
    (harness.input_path("image", &disk), disk)
}

/// What is on the disk.
fn content(disk: &Path) -> String {
    blocks::digest_file(disk, &blocks::Options::default()).unwrap().content_digest.to_string()
}

/// What Grype says of the sample.
fn status() -> Script {
    Script::exits(0).stdout(r#"{"schemaVersion":"v6.1.10","built":"2026-11-22T00:00:00Z","valid":true}"#)
}

fn whole() -> String {
    json!({"matches": [], "distro": {"name": "debian", "version": "13.7"},
           "descriptor": {"name": "grype", "version": "0.1.2"}})
    .to_string()
}

/// A Grype that writes this report.
fn writes(report: impl Into<Vec<u8>>) -> Script {
    let report = report.into();
    Script::exits(0).effect(move |spec| fs::write(after(spec, "--file"), report).unwrap())
}

fn run(harness: &Harness, fake: &Fake) -> (Option<Outcome>, Run) {
    let (outcome, run) = harness.with_context(&ACTION, async |ctx: &mut runner::Context| {
        let programs = Programs { grype: Some(tool("grype")), syft: Some(tool("syft")) };
        run_with(ctx, fake, programs).await
    });
    (outcome.ok(), run)
}

fn undecided(script: Script, says: &str) {
    let harness = of_sbom(harness());
    let fake = Fake::new().then("grype", status()).then("grype", script);
    let (outcome, run) = run(&harness, &fake);
    assert!(outcome.is_none(), "{says}");
    assert_undecided(&harness, &run, says);
}

#[test]
fn a_whole_report_is_taken() {
    let harness = of_sbom(harness());
    let fake = Fake::new().then("grype", status()).then("grype", writes(whole()));
    let (outcome, run) = run(&harness, &fake);
    assert_eq!(outcome, Some(Outcome::Done), "{}", run.stdout);
    let more = &statement(&run)["predicate"]["hallmark"];
    assert_eq!(
        more["tool"],
        json!({"name": "grype", "version": "0.1.2", "sha256": Sha256::of(b"grype").to_string()})
    );
    assert_eq!(more["packages"], 1);
}

#[test]
fn grype_that_fails_decides_nothing() {
    let failed = || Script::exits(1).stderr("[0000] ERROR failed to catalog: unable to decode sbom\n");
    undecided(failed(), "Grype failed");
    undecided(failed(), "unable to decode sbom");
    // A whole report does not help a failure.
    undecided(
        Script::exits(2).effect(|spec| fs::write(after(spec, "--file"), whole()).unwrap()),
        "exit code 2",
    );
    undecided(Script::dies_of(9), "signal 9");
    undecided(Script::is_cancelled(), "cancelled");
    undecided(Script::is_missing(), "grype");
}

#[test]
fn a_report_that_is_not_whole_decides_nothing() {
    let whole = whole();
    undecided(writes(&whole.as_bytes()[..whole.len() - 1]), "truncated");
    undecided(writes(""), "wrote nothing");
    undecided(writes("{}"), "does not say that Grype made it");
    undecided(Script::exits(0), "its report is not to be read");
    for gap in [
        "[0000]  WARN Unable to determine the OS distribution of some packages.",
        "[0000]  WARN matcher returned error error=x package=y",
        "[0000] DEBUG no OS found in the DB for the given criteria os=debian@99",
    ] {
        undecided(writes(whole.clone()).stderr(format!("{gap}\n")), "left out a part");
    }
}

#[test]
fn a_database_that_grype_cannot_use_decides_nothing() {
    for (script, says) in [
        (Script::exits(1).stderr("[0000] ERROR bad db checksum\n"), "bad db checksum"),
        (Script::exits(0), "is empty"),
        (Script::exits(0).stdout("{\"schemaVersion\":"), "ends early"),
        (
            Script::exits(0).stdout(r#"{"schemaVersion":"v7.0.0","built":"2026-11-22T00:00:00Z"}"#),
            "version v7.0.0",
        ),
        (Script::exits(0).stdout(r#"{"schemaVersion":"v6.1.0","built":"soon"}"#), "built"),
    ] {
        let harness = of_sbom(harness());
        let (_, run) = run(&harness, &Fake::new().then("grype", script));
        assert_undecided(&harness, &run, says);
    }
}

#[test]
fn a_time_out_decides_nothing() {
    let harness = of_sbom(harness().input("timeout", "1s"));
    let slow = writes(whole()).takes(std::time::Duration::from_secs(2));
    let (_, run) = run(&harness, &Fake::new().then("grype", status()).then("grype", slow));
    assert_undecided(&harness, &run, "its time was up");
}

#[test]
fn a_database_or_an_image_that_changes_meanwhile_decides_nothing() {
    let scans = |change: Box<dyn FnOnce(&Spec)>| {
        Script::exits(0).effect(move |spec| {
            fs::write(after(spec, "--file"), whole()).unwrap();
            change(spec);
        })
    };
    let harness = of_sbom(harness());
    let database = scans(Box::new(|spec| {
        let cache =
            PathBuf::from(spec.environment().get(std::ffi::OsStr::new("GRYPE_DB_CACHE_DIR")).unwrap());
        fs::write(cache.join("6/import.json"), "{}").unwrap();
    }));
    let (_, ran) = run(&harness, &Fake::new().then("grype", status()).then("grype", database));
    assert_undecided(&harness, &ran, "database changed while it was used");

    let (harness, disk) = disk(self::harness());
    let harness = listed(harness, &[&content(&disk)]);
    let image = scans(Box::new(move |_| fs::write(disk, vec![8; 1 << 20]).unwrap()));
    let (_, ran) = run(&harness, &Fake::new().then("grype", status()).then("grype", image));
    assert_undecided(&harness, &ran, "the image changed meanwhile");
}

#[test]
fn a_list_of_another_image_or_of_none_is_no_evidence_about_this_one() {
    let other = format!("hallmarkBlocks1:{}", Sha256::of(b"another"));
    let own = content(&disk(harness()).1);
    for (images, says) in [
        (vec![], Some("does not say which image it is of")),
        (vec![&other], Some("says that it is of hallmarkBlocks1:")),
        (vec![&own, &other], Some("does not say which image it is of")),
        (vec![&own], None),
    ] {
        let (harness, _) = disk(harness());
        let harness = listed(harness, &images);
        let fake = Fake::new().then("grype", status()).then("grype", writes(whole()));
        let (outcome, run) = run(&harness, &fake);
        let Some(says) = says else {
            assert_eq!(outcome, Some(Outcome::Done), "{}", run.stdout);
            let about = statement(&run)["subject"][0]["digest"].to_string();
            assert!(about.contains(own.trim_start_matches("hallmarkBlocks1:")), "{about}");
            continue;
        };
        assert_undecided(&harness, &run, says);
        let scans = |call: &process::Spec| call.arguments().contains(&"--file".into());
        assert!(!fake.calls().iter().any(scans));
    }
}

#[test]
fn the_bytes_that_were_checked_are_those_that_are_scanned() {
    let harness = of_sbom(harness());
    let given = harness.workspace().join("sbom.cdx.json");
    let exchange = status().effect(move |_| fs::write(given, "{}").unwrap());
    let scan = Script::exits(0).effect(|spec| {
        let what = spec.arguments().last().unwrap().to_str().unwrap().to_owned();
        let scanned = fs::read_to_string(what.strip_prefix("sbom:").unwrap()).unwrap();
        assert_eq!(scanned, sbom(&[("tar", "tar", "1")]).to_string());
        fs::write(after(spec, "--file"), whole()).unwrap();
    });
    let (outcome, run) = run(&harness, &Fake::new().then("grype", exchange).then("grype", scan));
    assert_eq!(outcome, Some(Outcome::Done), "{}", run.stdout);
}

#[test]
fn syft_that_fails_or_leaves_something_out_decides_nothing() {
    for (script, says) in [
        (Script::exits(1).stderr("[0000] ERROR cannot\n"), "Syft failed"),
        (Script::exits(0).stderr("[0000]  WARN unable to access path=\"/x\"\n"), "Syft left out a part"),
        (Script::exits(0), "its report is not to be read"),
        (Script::is_missing(), "syft"),
    ] {
        let harness = harness();
        fs::create_dir(harness.workspace().join("root")).unwrap();
        let harness = harness.input("rootfs", "root");
        let fake = Fake::new().then("syft", script);
        let (_, run) = run(&harness, &fake);
        assert_undecided(&harness, &run, says);
        assert_eq!(fake.calls().len(), 1, "Grype is not asked");
    }
}

#[test]
fn inputs_that_contradict_one_another_are_refused_before_anything_runs() {
    let disk = |harness: Harness| {
        let disk = harness.file("disk.raw", vec![7; 4096]);
        harness.input_path("image", disk)
    };
    let cases: [(&str, Harness); 8] = [
        ("there is nothing to scan", harness()),
        ("make an SBOM of it with the action `sbom`", disk(harness())),
        ("`sbom` and `rootfs` are given", of_sbom(harness()).input("rootfs", ".")),
        ("`rootfs` and `report` are given", harness().input("rootfs", ".").input("report", "r.json")),
        ("there is no directory", harness().input("rootfs", "nowhere")),
        ("Grype takes one", of_sbom(harness()).input("database-url", "https://a.example,https://b.example")),
        ("auto, cache, sample or a folder", of_sbom(harness()).input("database", "none")),
        ("is not a severity", of_sbom(harness()).input("fail-on", "huge")),
    ];
    for (says, harness) in cases {
        let fake = Fake::new();
        let (_, run) = run(&harness, &fake);
        assert_undecided(&harness, &run, says);
        assert!(fake.calls().is_empty(), "{says}");
    }
}

#[test]
fn an_sbom_that_is_none_is_refused_before_grype_sees_it() {
    for (text, says) in [
        ("", "is empty"),
        ("{\"bomFormat\":", "truncated"),
        (r#"{"spdxVersion":"SPDX-2.3"}"#, "only CycloneDX is read here"),
        (r#"{"bomFormat":"CycloneDX","specVersion":"9.9"}"#, "specVersion `9.9`"),
    ] {
        let harness = harness();
        let path = harness.file("s.json", text);
        let harness = harness.input_path("sbom", path);
        let fake = Fake::new();
        let (_, run) = run(&harness, &fake);
        assert_undecided(&harness, &run, says);
        assert!(fake.calls().is_empty(), "{says}");
    }
}

#[test]
fn grype_sees_nothing_of_the_workspace_and_little_of_the_environment() {
    let harness = harness()
        .env("PATH", "/bin")
        .env("GRYPE_ONLY_FIXED", "true")
        .env("ACTIONS_RUNTIME_TOKEN", "secret")
        .env("HTTPS_PROXY", "http://proxy.example");
    let harness = of_sbom(harness);
    let fake = Fake::new().then("grype", status()).then("grype", writes(whole()));
    let (outcome, run) = run(&harness, &fake);
    assert_eq!(outcome, Some(Outcome::Done), "{}", run.stdout);
    for call in fake.calls() {
        let names: Vec<_> = call.environment().keys().map(|name| name.to_str().unwrap().to_owned()).collect();
        let others: Vec<_> = names.iter().filter(|name| !name.starts_with("GRYPE_")).collect();
        assert_eq!(others, ["HOME", "HTTPS_PROXY", "LANG", "NO_COLOR", "PATH", "TMPDIR"]);
        assert!(!names.iter().any(|name| name == "GRYPE_ONLY_FIXED"));
    }
}
