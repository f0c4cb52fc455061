//! SARIF of what was decided about: the alerts of the scanners' own, and what exceptions say of them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests: a panic is their message")]

mod recorded;

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Found, World, codes};
use attest::Statement;
use runner::Action;
use runner::testing::{Harness, Run};
use serde_json::{Value, json};

const LOCATION: &str = "hallmark/web.yml";
const FOUND: &[Found<'_>] = &[
    ("CVE-2026-1", "LOW", None),
    ("CVE-2026-2", "CRITICAL", Some("2")),
    ("CVE-2026-3", "HIGH", Some("3")),
    ("CVE-2026-4", "UNKNOWN", None),
];

fn shown(path: impl AsRef<Path>) -> String {
    path.as_ref().to_string_lossy().into_owned()
}

/// The gate's own, with further inputs.
fn gate(world: &World, policy: &str, more: &[(&'static str, String)]) -> Run {
    let mut inputs = vec![("sarif", shown(world.path("sarif"))), ("sarif-location", LOCATION.to_owned())];
    inputs.extend(more.iter().cloned());
    world.gate_with(policy, &inputs)
}

/// What a scanner's own action writes of a report.
fn scanners(world: &World, action: &'static Action, report: &[u8], more: &[(&str, PathBuf)]) -> Vec<u8> {
    let harness = Harness::new().now(world.now);
    let (report, sarif) = (harness.file("report.json", report), world.path("scan.sarif"));
    let harness = harness
        .input_path("report", report)
        .input_path("sarif", &sarif)
        .input("sarif-location", LOCATION)
        .input("family", &world.image.family)
        .input("evidence", "evidence")
        .input("database", "sample");
    let harness = more.iter().fold(harness, |harness, (name, path)| harness.input_path(name, path));
    let run = harness.input("signing-key", world.pem("assay")).run(action);
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    fs::read(sarif).unwrap()
}

fn files(world: &World) -> Vec<String> {
    let Ok(entries) = fs::read_dir(world.path("sarif")) else { return Vec::new() };
    let mut files: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    files.sort();
    files
}

fn read(world: &World, name: &str) -> Vec<u8> {
    fs::read(world.path("sarif").join(name)).unwrap()
}

fn log(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

/// What GitHub knows alerts by.
fn alerts(log: &Value) -> Vec<String> {
    let run = &log["runs"][0];
    let of = |result: &Value| {
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        let hash = &result["partialFingerprints"]["primaryLocationLineHash"];
        let (tool, category) = (&run["tool"]["driver"]["name"], &run["automationDetails"]["id"]);
        [tool, category, &result["ruleId"], place, hash].map(ToString::to_string).join(" ")
    };
    let mut alerts: Vec<_> = results(log).iter().map(of).collect();
    alerts.sort();
    alerts
}

fn exceptions(world: &World, lines: &str) -> [(&'static str, String); 1] {
    let path = world.path("exceptions.yml");
    fs::write(&path, format!("version: 1\nexceptions:\n{lines}")).unwrap();
    [("exceptions", shown(path))]
}

/// The same with one for the critical finding, until that day.
fn until(world: &World, day: &str) -> [(&'static str, String); 1] {
    let line = format!(
        "  - {{id: CVE-2026-2, package: p1, reason: \"not [reachable](x)\", owner: web, ticket: SEC-7, \
         created: 2026-11-01, expires: {day}}}\n"
    );
    exceptions(world, &line)
}

/// A report of Grype's, and the SBOM that it is of.
fn grype() -> (Vec<u8>, Value) {
    let matched = |n: usize, epss: f64| {
        json!({
            "vulnerability": {"id": format!("CVE-2026-{n}"), "namespace": "debian:distro:debian:13", "severity": "High",
                "epss": [{"cve": format!("CVE-2026-{n}"), "epss": epss, "percentile": 0.9, "date": "2026-11-20"}],
                "fix": {"versions": [], "state": "wont-fix"}},
            "artifact": {"name": "libc6", "version": "2.41-12", "type": "deb",
                "purl": "pkg:deb/debian/libc6@2.41-12?arch=amd64&upstream=glibc"},
        })
    };
    let report = json!({
        "matches": [matched(11, 0.1), matched(12, 0.7), matched(13, 0.2)],
        "distro": {"name": "debian", "version": "13.7"}, "source": {"type": "file", "target": "/r"},
        "descriptor": {"name": "grype", "version": "0.120.0"},
    });
    let purl = "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13.7&upstream=glibc";
    let sbom = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [
        {"bom-ref": "libc6", "type": "library", "name": "libc6", "version": "2.41-12", "purl": purl},
        {"bom-ref": "os", "type": "operating-system", "name": "debian", "version": "13.7",
            "swid": {"tagId": "debian", "name": "debian", "version": "13.7"}},
    ]});
    (serde_json::to_vec(&report).unwrap(), sbom)
}

/// Gives the image a real disk.
fn with_disk(world: &mut World) {
    fs::write(world.path("web.raw"), vec![7; 1 << 20]).unwrap();
    let digest = blocks::digest_file(&world.path("web.raw"), &blocks::Options::default()).unwrap();
    world.image.disks[0].content_digest = digest.content_digest;
    world.write_image();
}

/// The evidence is the scanners' own here, of a real disk.
#[test]
fn without_exceptions_it_is_byte_for_byte_what_the_scanners_wrote() {
    let mut world = World::bare();
    with_disk(&mut world);
    let image = [("image", world.path("image.json")), ("evidence", world.path("evidence"))];
    let trivy = scanners(&world, &trivy_scan::ACTION, &World::report(FOUND), &image);
    let (report, mut sbom) = grype();
    let digest = world.image.disks[0].content_digest.to_string();
    sbom["metadata"] = json!({"properties": [{"name": "hallmark:image", "value": digest}]});
    fs::write(world.path("sbom.cdx.json"), sbom.to_string()).unwrap();
    let [image, evidence] = image;
    let more = [image, evidence, ("sbom", world.path("sbom.cdx.json"))];
    let grype = scanners(&world, &grype_scan::ACTION, &report, &more);

    // Nothing was tested and no provenance is there: refused, and shown all the same.
    let run = gate(&world, "recommended", &[]);
    assert_eq!((run.code, run.outputs["verdict"].as_str()), (1, "fail"), "{}", run.stderr);
    assert_eq!(files(&world), ["grype.sarif", "trivy.sarif"], "{}", run.stderr);
    assert_eq!(run.outputs["sarif"], shown(world.path("sarif")));
    assert_eq!(run.outputs["category"], "hallmark/debian-web/amd64");
    assert_eq!(String::from_utf8(read(&world, "trivy.sarif")).unwrap(), String::from_utf8(trivy).unwrap());
    assert_eq!(String::from_utf8(read(&world, "grype.sarif")).unwrap(), String::from_utf8(grype).unwrap());
}

#[test]
fn what_an_exception_suppresses_is_the_same_alert_with_the_reason() {
    let world = World::with(FOUND);
    let own = scanners(&world, &trivy_scan::ACTION, &World::report(FOUND), &[]);
    let run = gate(&world, "minimal", &until(&world, "2026-11-30"));
    assert_eq!((run.code, run.outputs["suppressed"].as_str()), (0, "1"), "{}", run.stderr);
    let (own, decided) = (log(&own), log(&read(&world, "trivy.sarif")));
    assert_eq!(alerts(&own), alerts(&decided));
    let suppressed: Vec<_> =
        results(&decided).iter().filter(|result| !result["suppressions"].is_null()).collect();
    let [one] = suppressed[..] else { panic!("{suppressed:?}") };
    assert_eq!(one["ruleId"], "CVE-2026-2");
    assert_eq!(
        one["suppressions"],
        json!([{"kind": "external", "status": "accepted",
            "justification": "not \\[reachable\\](x) (ticket SEC-7, until 2026-11-30)",
            "properties": {"ticket": "SEC-7", "expires": "2026-11-30"}}])
    );
    assert_eq!(decided["runs"][0]["properties"]["hallmark"]["suppressedResults"], 1);
    // All else is in the scanner's order.
    let order = |log: &Value| {
        let ids = results(log).iter().map(|result| result["ruleId"].clone());
        ids.filter(|id| id != "CVE-2026-2").collect::<Vec<_>>()
    };
    assert_eq!(order(&own), order(&decided));
}

#[test]
fn an_exception_that_does_not_hold_suppresses_nothing() {
    let world = World::with(FOUND);
    let own = scanners(&world, &trivy_scan::ACTION, &World::report(FOUND), &[]);
    let line = |rest: &str| format!("  - {{package: p1, reason: r, owner: web, {rest}}}\n");
    for (rest, what) in [
        ("id: CVE-2026-2, created: 2026-10-01, expires: 2026-11-21", "its last day is over"),
        ("id: CVE-2026-2, created: 2026-11-23, expires: 2026-11-30", "its first day is to come"),
        ("id: CVE-2026-2, created: 2026-11-01, expires: 2026-11-30, until: fixed", "there is a fix"),
        ("id: CVE-2026-2, created: 2026-11-01, expires: 2026-11-30, images: [other]", "of another family"),
    ] {
        let run = gate(&world, "minimal", &exceptions(&world, &line(rest)));
        assert_eq!(run.outputs.get("verdict").map(String::as_str), Some("fail"), "{what}: {}", run.stderr);
        assert_eq!(read(&world, "trivy.sarif"), own, "{what}");
    }
}

#[test]
fn every_exception_that_suppresses_a_finding_is_named() {
    let world = World::with(FOUND);
    let lines = "  - {id: CVE-2026-2, package: p1, reason: one, owner: web, created: 2026-11-01, expires: 2026-11-30}\n  \
                 - {package: p1, reason: other, owner: web, created: 2026-11-01, expires: 2026-12-01}\n";
    let run = gate(&world, "minimal", &exceptions(&world, lines));
    assert_eq!(run.outputs["suppressed"], "4", "{}", run.stderr);
    let decided = log(&read(&world, "trivy.sarif"));
    for result in results(&decided) {
        let reasons: Vec<_> = result["suppressions"].as_array().unwrap().iter().collect();
        assert_eq!(reasons.len(), if result["ruleId"] == "CVE-2026-2" { 2 } else { 1 }, "{result}");
    }
}

#[test]
fn the_same_verdict_writes_the_same_bytes_and_so_does_its_replay() {
    let world = World::with(FOUND);
    let exceptions = until(&world, "2026-11-30");
    let run = gate(&world, "minimal", &exceptions);
    let first = read(&world, "trivy.sarif");
    gate(&world, "minimal", &exceptions);
    assert_eq!(read(&world, "trivy.sarif"), first);
    let replay = |manifest: &str| {
        Harness::new()
            .now("2036-01-01T00:00:00Z".parse().unwrap())
            .input("replay", manifest)
            .input_path("evidence", world.path("evidence"))
            .input_path("sarif", world.path("sarif"))
            .input("sarif-location", LOCATION)
            .run(&gate::ACTION)
    };
    fs::remove_dir_all(world.path("sarif")).unwrap();
    let replayed = replay(&run.outputs["replay"]);
    assert_eq!(replayed.code, 0, "{}", replayed.stdout);
    assert_eq!(read(&world, "trivy.sarif"), first);
    // What does not come out again leaves nothing to upload.
    fs::write(&run.outputs["replay"], "{}").unwrap();
    assert_eq!(replay(&run.outputs["replay"]).code, 1);
    assert_eq!(files(&world), [""; 0]);
}

#[test]
fn nobody_asked_for_it() {
    let run = World::with(FOUND).gate("minimal");
    assert_eq!((run.outputs["sarif"].as_str(), run.code), ("", 1), "{}", run.stderr);
}

#[test]
fn all_deciding_scans_of_a_scanner_are_in_its_file() {
    let world = World::with(FOUND);
    let mut rootfs = world.scan(&[FOUND[0], ("CVE-2026-9", "MEDIUM", None)], false);
    rootfs.predicate["hallmark"]["seen"] = "rootfs".into();
    world.put("assay", &rootfs);
    gate(&world, "minimal", &[]);
    let decided = log(&read(&world, "trivy.sarif"));
    let mut ids: Vec<_> = results(&decided).iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["CVE-2026-1", "CVE-2026-2", "CVE-2026-3", "CVE-2026-4", "CVE-2026-9"]);
}

#[test]
fn what_github_would_not_keep_is_cut_and_that_is_told() {
    let ids: Vec<String> = (0..5_003).map(|n| format!("CVE-2026-{n:05}")).collect();
    let found: Vec<Found<'_>> = ids.iter().map(|id| (id.as_str(), "LOW", None)).collect();
    let world = World::with(&found);
    let more = [
        ("sarif", shown(world.path("sarif"))),
        ("policy-digest", world.gate("minimal").outputs["policy-digest"].clone()),
    ];
    for kind in ["verdict", "vsa"] {
        fs::remove_file(world.file(kind)).unwrap();
    }
    let run = world.gate_on_runner("minimal", &more);
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    let told = "trivy.sarif leaves out 3 findings";
    assert!(run.summary.contains(told) && run.stdout.contains(told), "{}\n{}", run.stdout, run.summary);
    assert_eq!(results(&log(&read(&world, "trivy.sarif"))).len(), 5_000);
}

/// An upload closes what it does not have: of a scan that is in doubt there is nothing to upload, and nothing of an
/// earlier decision either.
#[test]
fn evidence_in_doubt_leaves_no_file() {
    type Change = fn(&World);
    /// Another scan of the same image, which finds nothing.
    fn clean(world: &World, made: &str) -> Statement {
        let mut scan = world.scan(&[], false);
        scan.predicate["metadata"] = json!({"scanStartedOn": made, "scanFinishedOn": made});
        scan
    }
    fn report(world: &World) -> PathBuf {
        world.dir().report_path(&model::Sha256::of(&World::report(FOUND)))
    }
    fn damaged(path: &Path) {
        let text = fs::read_to_string(path).unwrap();
        fs::write(path, text.replacen("\"sig\":\"", "\"sig\":\"AAAA", 1)).unwrap();
    }
    let rows: [(&str, Change, &str); 9] = [
        (
            "another report lies there",
            |w| fs::write(report(w), World::report(&[])).unwrap(),
            "report-changed",
        ),
        ("there is no report", |w| fs::remove_file(report(w)).unwrap(), "report-missing"),
        ("its signature does not fit", |w| damaged(&w.file("vulns")), "bad-signature"),
        (
            "the newest does not fit, and an older one is clean",
            |w| {
                damaged(&w.file("vulns"));
                w.put("assay", &clean(w, "2026-11-22T10:00:00Z"));
            },
            "bad-signature",
        ),
        (
            "it counts otherwise than its report",
            |w| {
                let mut scan = clean(w, "2026-11-22T11:30:00Z");
                scan.predicate["hallmark"]["counts"]["high"] = 1.into();
                w.put("assay", &scan);
            },
            "report-disagrees",
        ),
        (
            "a newer one says nothing that can be read",
            |w| {
                let mut scan = clean(w, "2026-11-22T11:30:00Z");
                scan.predicate = json!({"scanner": "trivy"});
                w.put("assay", &scan);
            },
            "malformed-evidence",
        ),
        (
            "nobody knows who signed",
            |w| {
                fs::remove_file(w.file("vulns")).unwrap();
                w.put("mallory", &clean(w, "2026-11-22T11:30:00Z"));
            },
            "unknown-signer",
        ),
        (
            "who signed may not",
            |w| {
                fs::remove_file(w.file("vulns")).unwrap();
                w.put("bake", &clean(w, "2026-11-22T11:30:00Z"));
            },
            "wrong-signer",
        ),
        ("there is none", |w| fs::remove_file(w.file("vulns")).unwrap(), "missing-evidence"),
    ];
    for (what, change, code) in rows {
        let world = World::with(FOUND);
        gate(&world, "minimal", &[]);
        assert_eq!(files(&world), ["trivy.sarif"], "{what}");
        for kind in ["verdict", "vsa"] {
            fs::remove_file(world.file(kind)).unwrap();
        }
        change(&world);
        let run = gate(&world, "minimal", &[]);
        assert!(codes(&run).contains(&code.to_owned()), "{what}: {:?}", codes(&run));
        assert_eq!(
            (files(&world), run.outputs["sarif"].as_str()),
            (Vec::new(), ""),
            "{what}: {}",
            run.stderr
        );
        assert!(
            run.stderr.contains("is written") || run.stderr.contains("is not written"),
            "{what}: {}",
            run.stderr
        );
    }
}

/// What another scanner may be accused of is no reason to hide this one's findings.
#[test]
fn a_scanner_in_doubt_does_not_take_the_others_along() {
    let world = World::with(FOUND);
    let (report, sbom) = grype();
    let mut scan = world.scan_of(&World::report(&[]), false);
    let report = world.dir().put_report(&report).unwrap();
    let inventory = world.dir().put_report(sbom.to_string().as_bytes()).unwrap();
    let more = &mut scan.predicate["hallmark"];
    more["tool"]["name"] = "grype".into();
    more["report"] = json!({"name": "grype.json", "digest": {"sha256": report}});
    more["inventory"] = json!({"name": "sbom.cdx.json", "digest": {"sha256": inventory}});
    // It says that nothing was found, and its report says more.
    world.put("assay", &scan);
    let run = gate(&world, "minimal", &[]);
    assert!(codes(&run).contains(&"report-disagrees".to_owned()), "{:?}", codes(&run));
    assert_eq!(files(&world), ["trivy.sarif"]);
    assert!(run.stderr.contains("grype.sarif is not written"), "{}", run.stderr);
}

/// A report that says less than it seems to is the policy's to judge: so is what an upload would make of it.
#[test]
fn an_incomplete_scan_is_shown_where_the_policy_takes_it() {
    let world = World::good();
    fs::remove_file(world.file("vulns")).unwrap();
    let mut report = log(&World::report(FOUND));
    report["Metadata"] = json!({});
    world.put("assay", &world.scan_of(&serde_json::to_vec(&report).unwrap(), false));
    gate(&world, "minimal", &[]);
    assert_eq!(files(&world), [""; 0]);
    let minimal = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/minimal.yml");
    let policy = format!("{}\n  scan-incomplete: note\n", fs::read_to_string(minimal).unwrap().trim_end());
    let path = world.path("policy.yml");
    fs::write(&path, policy).unwrap();
    gate(&world, &shown(path), &[]);
    assert_eq!(files(&world), ["trivy.sarif"]);
}

/// The step that uploads may run whatever became of this one.
#[test]
fn what_an_earlier_decision_left_is_gone_where_nothing_is_decided() {
    let world = World::with(FOUND);
    gate(&world, "minimal", &[]);
    fs::write(world.path("sarif").join("own.sarif"), "{}").unwrap();
    assert_eq!(files(&world), ["own.sarif", "trivy.sarif"]);
    assert_eq!(gate(&world, "minimal", &[("image", "absent.json".to_owned())]).code, 2);
    assert_eq!(files(&world), ["own.sarif"], "another's files are left alone");
}

#[test]
fn what_cannot_be_written_decides_nothing() {
    let world = World::with(FOUND);
    fs::write(world.path("file"), "x").unwrap();
    let digest = "a".repeat(64);
    for (input, value, wanted) in [
        ("sarif", shown(world.path("file")), "a folder is wanted"),
        ("sarif-location", format!("images/{digest}"), "every alert would be closed"),
    ] {
        let run = gate(&world, "minimal", &[(input, value)]);
        assert_eq!(run.code, 2, "{input}: {}", run.stderr);
        assert!(run.stderr.contains(wanted), "{input}: {}", run.stderr);
        assert!(run.outputs.is_empty(), "{input}");
    }
}

#[test]
fn github_would_take_it() {
    let world = World::with(FOUND);
    gate(&world, "minimal", &until(&world, "2026-11-30"));
    crate::multitool::takes(&world.path("sarif").join("trivy.sarif"), &world.path("said.sarif"));
}
