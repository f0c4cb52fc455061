//! A decision with everything that one can rest on: parents, environments, feeds, a base, the image
//! before, exceptions. What is told is the same everywhere, and a bundle alone tells it again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Found, World, codes};
use attest::{EvidenceDir, Kind, Statement};
use proptest::prelude::*;
use runner::testing::Run;
use serde_json::{Value, json};

const EPSS: &str =
    "#model_version:v1,score_date:2026-11-21T00:00:00+0000\ncve,epss,percentile\nCVE-2026-0002,0.5,0.9\n";
const KEV: &str = r#"{"title":"x","catalogVersion":"2026.11.21","dateReleased":"2026-11-21T10:00:00.000Z","count":1,
    "vulnerabilities":[{"cveID":"CVE-2026-0003"}]}"#;
const POLICY: &str = "\
version: 1
name: whole
extends: org/parent.yml
vulnerabilities:
  - {epss-at-least: 0.4, then: review, unscored: ignore}
  - {kev: true, then: fail}
  - {layer: image, severity: medium, then: review}
feeds: {epss: {max-age: 3d}, kev: {max-age: 7d}}
auto-approve:
  - {reasons: [fixable-vulnerability, unfixed-vulnerability], environments: [dev], severity: [medium]}
overrides:
  - {environments: [dev], mode: report-only}
";
const EXCEPTIONS: &str = "\
version: 1
exceptions:
  - {id: CVE-2026-0009, package: p1, reason: not reachable, owner: ada, created: 2026-11-01, expires: 2026-12-01}
";

/// What the image has: by EPSS, by KEV, by its layer, by an exception.
const FOUND: &[Found<'_>] = &[
    ("CVE-2026-0002", "LOW", None),
    ("CVE-2026-0003", "LOW", Some("2")),
    ("CVE-2026-0005", "MEDIUM", None),
    ("CVE-2026-0009", "CRITICAL", Some("2")),
];

/// Another image of the same keys.
fn another(world: &World, content: &[u8]) -> model::ImageManifest {
    let mut image = world.image.clone();
    image.disks[0].content_digest = model::ContentDigest::new(model::Sha256::of(content));
    image.base = None;
    image
}

/// A scan of another image, in a folder of its own.
fn scan_of(world: &World, folder: &str, image: &model::ImageManifest, found: &[Found<'_>], signer: &str) {
    let dir = EvidenceDir::new(world.path(folder));
    let mut statement = world.scan(found, false);
    statement.subject = image.subjects().unwrap();
    dir.put_report(&World::report(found)).unwrap();
    dir.write(&statement, (!signer.is_empty()).then(|| world.key(signer) as &dyn attest::Sign)).unwrap();
    fs::write(world.path(folder).join("../image.json"), image.to_bytes().unwrap()).unwrap();
}

struct Whole(World);

impl Whole {
    fn new(found: &[Found<'_>]) -> Self {
        let mut world = World::bare();
        let base = another(&world, b"base");
        world.image.base =
            Some(model::BaseImage { name: "base".into(), content_digest: base.content_digest() });
        world.write_image();
        world.put("bake", &world.signatures(b"binary"));
        world.put("bake", &world.provenance());
        world.put("assay", &world.tests("booted", "2026-11-22T11:00:00Z", 3, 0));
        world.put("assay", &world.scan(found, false));
        fs::create_dir_all(world.path("org")).unwrap();
        let parent =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/minimal.yml"));
        let vsa = "vsa: {signed-by: [assay], required: false}";
        fs::write(world.path("org/parent.yml"), parent.unwrap().replace(vsa, "vsa: {signed-by: [assay]}"))
            .unwrap();
        for (name, text) in
            [("policy.yml", POLICY), ("exceptions.yml", EXCEPTIONS), ("epss.csv", EPSS), ("kev.json", KEV)]
        {
            fs::write(world.path(name), text).unwrap();
        }
        scan_of(&world, "base/evidence", &base, &[], "assay");
        let predicate = json!({
            "verifier": {"id": "https://hallmark.dev/gate"}, "timeVerified": "2026-11-22T11:00:00Z",
            "resourceUri": base.content_digest(), "policy": {"name": "base", "digest": {"sha256": model::Sha256::of(b"base")}},
            "verificationResult": "PASSED", "verifiedLevels": ["HALLMARK_BASE"],
        });
        let vsa = Statement::new(Kind::Vsa, base.subjects().unwrap(), &predicate).unwrap();
        EvidenceDir::new(world.path("base/evidence")).write(&vsa, Some(world.key("assay"))).unwrap();
        let before = another(&world, b"before");
        scan_of(
            &world,
            "before/evidence",
            &before,
            &[FOUND[0], ("CVE-2025-0001", "HIGH", Some("1"))],
            "assay",
        );
        Self(world)
    }

    fn more(&self) -> Vec<(&'static str, String)> {
        let path = |name: &str| self.0.path(name).to_string_lossy().into_owned();
        vec![
            ("exceptions", path("exceptions.yml")),
            ("epss", path("epss.csv")),
            ("kev", path("kev.json")),
            ("base-evidence", path("base/evidence")),
            ("previous-evidence", path("before/evidence")),
            ("environment", "prod".to_owned()),
        ]
    }

    fn run(&self, more: &[(&'static str, &str)]) -> Run {
        let mut all = self.more();
        all.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        all.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        self.0.gate_with(&self.0.path("policy.yml").to_string_lossy(), &all)
    }

    fn said(&self, run: &Run) -> Value {
        let keys =
            [attest::PublicKey::from_pem(&fs::read_to_string(self.0.path("assay.pub")).unwrap()).unwrap()];
        let verdict =
            attest::verify(&fs::read(&run.outputs["evidence"]).unwrap(), &attest::Trust::keys(&keys))
                .unwrap();
        assert_eq!(verdict.kind, Kind::Verdict);
        verdict.statement.predicate
    }
}

#[test]
fn everything_has_its_say() {
    let whole = Whole::new(FOUND);
    let run = whole.run(&[]);
    assert_eq!((run.code, run.outputs["verdict"].as_str()), (1, "fail"), "{}", run.stderr);
    // What an exception's own notes say of it is no reason about a finding.
    let about = |run: &Run| -> String {
        let reasons: Vec<Value> = serde_json::from_str(&run.outputs["reasons"]).unwrap();
        let code = |reason: &&Value| reason["code"].as_str().unwrap().ends_with("-vulnerability");
        reasons.iter().filter(code).map(Value::to_string).collect()
    };
    let reasons = &about(&run);
    for id in ["CVE-2026-0002", "CVE-2026-0003"] {
        assert!(reasons.contains(id), "{id}: {reasons}");
    }
    assert!(!reasons.contains("CVE-2026-0009"), "{reasons}");
    assert_eq!(run.outputs["suppressed"], "1");
    // The base has the same packages, so what is in them is not of the image's own layer.
    assert!(!reasons.contains("CVE-2026-0005"), "{reasons}");
    assert_eq!((run.outputs["new"].as_str(), run.outputs["fixed"].as_str()), ("3", "1"));
    assert_eq!((run.outputs["unchanged"].as_str(), run.outputs["packages-added"].as_str()), ("1", "0"));
    let said = whole.said(&run);
    assert_eq!(said["environment"], "prod");
    assert_eq!(said["changes"]["since"], "web");
    assert_eq!(said["reportOnly"], Value::Null);
    let names: Vec<&str> = said["sources"]["policy"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert!(names[0].ends_with("policy.yml") && names[1].ends_with("org/parent.yml"), "{names:?}");

    // Without the base's scan nobody knows what is the image's own, and that counts as its own.
    let scans = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with("vulns.");
    let base = fs::read_dir(whole.0.path("base/evidence")).unwrap().map(|entry| entry.unwrap());
    base.filter(scans).for_each(|entry| fs::remove_file(entry.path()).unwrap());
    let run = whole.run(&[]);
    assert!(about(&run).contains("CVE-2026-0005"), "{}", run.outputs["reasons"]);
}

#[test]
fn a_feed_that_cannot_be_read_decides_nothing_and_one_that_is_missing_is_a_reason() {
    let whole = Whole::new(&[]);
    for name in ["epss", "kev"] {
        let policy = whole.0.path("policy.yml").to_string_lossy().into_owned();
        let run = whole.run(&[(name, &policy)]);
        assert_eq!(run.code, 2, "{name}: {}", run.stderr);
        assert!(run.stderr.contains(&format!("input `{name}`")), "{}", run.stderr);
        let mut more = whole.more();
        more.retain(|(input, _)| *input != name);
        let run = whole.0.gate_with(&policy, &more);
        assert_eq!(
            (run.code, codes(&run)),
            (1, vec!["feed-missing".to_owned(), "exception-unused".to_owned()]),
            "{}",
            run.stderr
        );
    }
}

/// Only a signed scan of that very image, by those who may sign it, is compared with.
#[test]
fn what_is_no_word_about_the_image_before_is_compared_with_nothing() {
    for (signer, note) in [("assay", false), ("bake", true), ("mallory", true), ("", true)] {
        let whole = Whole::new(FOUND);
        let before = another(&whole.0, b"before");
        fs::remove_dir_all(whole.0.path("before")).unwrap();
        scan_of(&whole.0, "before/evidence", &before, &[FOUND[0]], signer);
        let run = whole.run(&[]);
        assert_eq!(
            codes(&run).contains(&"nothing-compared".to_owned()),
            note,
            "{signer}: {}",
            run.outputs["reasons"]
        );
        assert_eq!(run.outputs["new"].is_empty(), note, "{signer}");
    }
    let elsewhere = |change: fn(&World, &mut model::ImageManifest)| {
        let whole = Whole::new(FOUND);
        let mut before = another(&whole.0, b"before");
        change(&whole.0, &mut before);
        fs::write(whole.0.path("before/image.json"), before.to_bytes().unwrap()).unwrap();
        whole.run(&[])
    };
    let other_family = elsewhere(|_, image| image.family = "other".into());
    assert!(
        other_family.outputs["reasons"].contains("of another family"),
        "{}",
        other_family.outputs["reasons"]
    );
    let other_content = elsewhere(|world, image| *image = another(world, b"else"));
    assert!(codes(&other_content).contains(&"nothing-compared".to_owned()));
    let whole = Whole::new(FOUND);
    fs::remove_dir_all(whole.0.path("before")).unwrap();
    let run = whole.run(&[]);
    assert!(run.outputs["reasons"].contains("cannot be read"), "{}", run.outputs["reasons"]);
    let run = whole.0.gate_with("minimal", &[("previous-image", "image.json".to_owned())]);
    assert_eq!(run.code, 2, "an image and no evidence: {}", run.stderr);
}

#[test]
fn a_policy_that_only_reports_stops_nothing_and_opens_nothing() {
    let whole = Whole::new(FOUND);
    let run = whole.run(&[("environment", "dev")]);
    assert_eq!((run.code, run.outputs["verdict"].as_str()), (0, "fail"), "{}", run.stderr);
    assert_eq!((run.outputs["report-only"].as_str(), run.outputs["vsa"].as_str()), ("true", ""));
    assert!(run.stderr.contains("only reports") || run.stdout.contains("only reports"), "{}", run.stderr);
    assert_eq!(whole.said(&run)["reportOnly"], true);
    let vsa = fs::read_dir(whole.0.path("evidence")).unwrap();
    let vsa = vsa.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("vsa."));
    assert_eq!(vsa.count(), 0);
    let replayed = whole.0.replay(&run.outputs["replay"]);
    assert_eq!(replayed.code, 0, "{}", replayed.stdout);

    // A review is no different: nobody approves what opens nothing.
    let whole = Whole::new(&[FOUND[0]]);
    let run = whole.run(&[("environment", "dev")]);
    assert_eq!((run.code, run.outputs["verdict"].as_str()), (0, "review"), "{}", run.stderr);
    let approved = whole.0.approve(&run, "approver");
    assert_eq!(approved.code, 2, "{}", approved.stdout);
    assert!(approved.stdout.contains("only reports"), "{}", approved.stdout);
}

/// Terminal, summary, JSON, page and statement list the same reasons in the same order.
#[test]
fn the_reasons_are_the_same_on_every_surface() {
    let whole = Whole::new(&[FOUND[0], FOUND[1]]);
    fs::write(whole.0.path("evidence/x.txt"), "x").unwrap();
    let run = whole.run(&[]);
    let said = whole.said(&run);
    let reasons = said["reasons"].as_array().unwrap();
    assert!(reasons.len() >= 3, "{reasons:?}");
    let json: Value = serde_json::from_slice(&fs::read(&run.outputs["json"]).unwrap()).unwrap();
    assert_eq!(json["reasons"], said["reasons"]);
    assert_eq!(serde_json::from_str::<Value>(&run.outputs["reasons"]).unwrap(), said["reasons"]);
    assert_eq!(json["environment"], "prod");
    let more: Vec<_> = whole.more();
    let on_runner = whole.0.gate_on_runner(&whole.0.path("policy.yml").to_string_lossy(), &more);
    assert_eq!(on_runner.outputs["reasons"], run.outputs["reasons"]);
    let page = fs::read_to_string(&run.outputs["page"]).unwrap();
    // A terminal folds its lines.
    let terminal = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (name, text) in [
        ("terminal", &terminal),
        ("log", &plain(&on_runner.stdout)),
        ("summary", &plain(&on_runner.summary)),
        ("page", &plain(&page)),
    ] {
        let mut at = 0;
        for reason in reasons {
            let code = reason["code"].as_str().unwrap();
            let found = text[at..].find(code);
            at += found.unwrap_or_else(|| panic!("{name} lacks {code} after {at}: {text}"));
        }
    }
}

#[test]
fn the_policy_can_be_shown_flat() {
    let whole = Whole::new(&[]);
    let policy = whole.0.path("policy.yml").to_string_lossy().into_owned();
    let shown = |more: &[(&'static str, &str)]| {
        let harness = runner::testing::Harness::new()
            .off_runner()
            .input("policy", &policy)
            .input("explain-policy", "true");
        more.iter().fold(harness, |harness, (name, value)| harness.input(name, value)).run(&gate::ACTION)
    };
    let flat = shown(&[("family", "debian-web")]);
    assert_eq!(flat.code, 0, "{}", flat.stderr);
    let said = format!("{}{}", flat.stdout, flat.stderr);
    for part in ["org/parent.yml:", "policy.yml:", "kev: true", "# default"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("report-only"), "{said}");
    let flat = shown(&[("image", &whole.0.path("image.json").to_string_lossy()), ("environment", "dev")]);
    assert!(format!("{}{}", flat.stdout, flat.stderr).contains("report-only"), "{}", flat.stdout);
    assert!(flat.outputs.is_empty());
}

fn bundle(world: &World) -> Vec<PathBuf> {
    let list = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let all = list(world.path("replay")).chain(list(world.path("replay/sha256")));
    all.filter(|path| path.is_file()).collect()
}

/// Every file of the bundle matters: none can be changed or taken away unnoticed.
#[test]
fn every_file_of_a_bundle_is_noticed() {
    let whole = Whole::new(FOUND);
    let run = whole.run(&[]);
    let files = bundle(&whole.0);
    assert!(files.len() >= 16, "{files:?}");
    for file in &files {
        let good = fs::read(file).unwrap();
        let mut changed = good.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        fs::write(file, changed).unwrap();
        let replayed = whole.0.replay(&run.outputs["replay"]);
        assert_ne!(replayed.code, 0, "changed: {}", file.display());
        fs::remove_file(file).unwrap();
        // The other copies of the signed verdict and its summary are in the evidence.
        let name = file.to_string_lossy();
        let needed = !name.contains(".verdict.") && !name.contains(".vsa.");
        let replayed = whole.0.replay(&run.outputs["replay"]);
        assert_eq!(replayed.code != 0, needed, "removed: {}", file.display());
        fs::write(file, good).unwrap();
    }
    assert_eq!(whole.0.replay(&run.outputs["replay"]).code, 0);
}

/// The real program, with nothing but the bundle: another folder, no network, everything else gone.
#[test]
#[expect(clippy::disallowed_methods, reason = "the program under test is started by the test alone")]
fn a_bundle_replays_without_anything_else() {
    let whole = Whole::new(FOUND);
    let run = whole.run(&[]);
    let elsewhere = tempfile::tempdir().unwrap();
    let to = elsewhere.path().join("bundle");
    fs::create_dir_all(to.join("sha256")).unwrap();
    for file in bundle(&whole.0) {
        let name = file.strip_prefix(whole.0.path("replay")).unwrap().to_owned();
        fs::copy(&file, to.join(name)).unwrap();
    }
    let digest = run.outputs["verdict-digest"].clone();
    let manifest = to.join(Path::new(&run.outputs["replay"]).file_name().unwrap());
    drop(whole);
    let output = std::process::Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "--"])
        .arg(env!("CARGO_BIN_EXE_gate"))
        .arg("--replay")
        .arg(&manifest)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .current_dir(elsewhere.path())
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    // Another build of the gate has made it: the test's own program, which has the gate in it.
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains(&digest), "{said}");
}

fn rule() -> impl Strategy<Value = String> {
    let severity = prop::sample::select(vec!["critical", "high", "medium", "low", "unknown"]);
    let then = prop::sample::select(vec!["fail", "review", "note"]);
    let more = prop::sample::select(vec![
        "",
        ", fixable: true",
        ", fixable: false",
        ", epss-at-least: 0.2",
        ", kev: true",
        ", layer: image",
        ", package: p1",
        ", unscored: ignore, cvss-at-least: 5",
    ]);
    (severity, then, more)
        .prop_map(|(severity, then, more)| format!("  - {{severity: {severity}, then: {then}{more}}}\n"))
}

fn exception() -> impl Strategy<Value = String> {
    let expires = prop::sample::select(vec!["2026-11-20", "2026-11-25", "2027-01-20"]);
    let more = prop::sample::select(vec![
        "",
        ", until: fixed",
        ", images: [debian-*]",
        ", images: [other]",
        ", version: \"1\"",
    ]);
    (0_u8..10, expires, more).prop_map(|(n, expires, more)| {
        format!("  - {{id: CVE-2026-000{n}, package: p1, reason: r, owner: o, created: 2026-11-01, expires: {expires}{more}}}\n")
    })
}

fn found() -> impl Strategy<Value = (String, &'static str, Option<&'static str>)> {
    let severity = prop::sample::select(vec!["CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN"]);
    let fixed = prop::sample::select(vec![None, Some("2")]);
    (0_u8..10, severity, fixed).prop_map(|(n, severity, fixed)| (format!("CVE-2026-000{n}"), severity, fixed))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the policy, the exceptions and the findings are: a replay finds the same bytes.
    #[test]
    fn replay_always_agrees(
        rules in prop::collection::vec(rule(), 1..4),
        exceptions in prop::collection::btree_set(exception(), 0..4),
        found in prop::collection::vec(found(), 0..6),
        environment in prop::sample::select(vec!["dev", "prod"]),
    ) {
        let found: Vec<Found<'_>> = found.iter().map(|(id, severity, fixed)| (id.as_str(), *severity, *fixed)).collect();
        let whole = Whole::new(&found);
        let policy = POLICY.split_once("vulnerabilities:\n").unwrap();
        let rest = policy.1.split_once("feeds:").unwrap().1;
        fs::write(whole.0.path("policy.yml"), format!("{}vulnerabilities:\n{}feeds:{rest}", policy.0, rules.concat())).unwrap();
        let listed: String = exceptions.into_iter().collect();
        let listed = if listed.is_empty() { "exceptions: []\n".to_owned() } else { format!("exceptions:\n{listed}") };
        fs::write(whole.0.path("exceptions.yml"), format!("version: 1\n{listed}")).unwrap();
        let run = whole.run(&[("environment", environment)]);
        // Two exceptions for one id are a mistake, which decides nothing.
        if run.code == 2 {
            prop_assert!(run.stderr.contains("mistake"), "{}", run.stderr);
            return Ok(());
        }
        let replayed = whole.0.replay(&run.outputs["replay"]);
        prop_assert_eq!(replayed.code, 0, "{}", replayed.stdout);
        for output in ["verdict", "reasons", "policy-digest", "verdict-digest", "new", "fixed", "unchanged"] {
            prop_assert_eq!(&replayed.outputs[output], &run.outputs[output]);
        }
    }
}

/// The members that are new are written only where they say something, and need not be there.
#[test]
fn a_manifest_of_an_earlier_gate_still_reads() {
    let world = World::good();
    let run = world.gate("minimal");
    let manifest: Value = serde_json::from_slice(&fs::read(&run.outputs["replay"]).unwrap()).unwrap();
    let members: Vec<&str> = manifest.as_object().unwrap().keys().map(String::as_str).collect();
    for new in ["environment", "epss", "kev", "previous"] {
        assert!(!members.contains(&new), "what was not given is not written: {members:?}");
    }
    let mut old = manifest;
    old.as_object_mut().unwrap().remove("sources");
    let path = world.path("replay/old.json");
    fs::write(&path, serde_json::to_vec(&json!(old)).unwrap()).unwrap();
    let replayed = world.replay(&path.to_string_lossy());
    // It reads, and says what differs: the verdict of that manifest is another.
    assert_eq!(replayed.code, 1, "{}", replayed.stdout);
    assert!(replayed.stdout.contains("there is no signed verdict beside"), "{}", replayed.stdout);
}
