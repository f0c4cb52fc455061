//! What the channels show, decided about again: by real evidence, in a real archive, night after night.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod alerts;
mod consent;
mod issues;
mod place;
mod rescan;
mod role;
mod script;

use std::fs;
use std::path::{Path, PathBuf};

use place::{CHANNEL, POLICY, Place, all, codes, standing};
use runner::testing::Run;

pub(crate) const FIXED: crate::common::Found<'_> = ("CVE-2026-0001", "CRITICAL", Some("2"));
pub(crate) const LOW: crate::common::Found<'_> = ("CVE-2026-0002", "LOW", None);

pub(crate) const EXCEPTION: &str = "version: 1
exceptions:
  - {id: CVE-2026-0001, reason: not reachable, owner: web, created: 2026-11-20, expires: 2026-12-01}
";

fn said(run: &Run) -> String {
    format!("{}\n{}\n{}", run.stdout, run.stderr, run.outputs.get("json").map_or("", String::as_str))
}

#[test]
fn what_passed_passes_for_as_long_as_its_scan_is_fresh() {
    let place = Place::published(&[LOW], None);
    // Tests are of 24 hours and provenance of 7 days by the policy: they are as old as on the day of publishing.
    for days in [0, 1, 8, 29] {
        let run = place.night(days, None);
        assert_eq!((run.code, standing(&run).as_str()), (0, "passes"), "{days}: {}", said(&run));
        assert_eq!((run.outputs["passing"].as_str(), run.outputs["failing"].as_str()), (CHANNEL, ""));
    }
    // What is known is another thing.
    let run = place.night(31, None);
    assert_eq!((run.code, standing(&run).as_str()), (1, "stale"), "{}", said(&run));
    assert_eq!(codes(&run), ["stale-database", "stale-evidence"]);
    assert_eq!(run.outputs["failing"], CHANNEL);
}

/// What the gate itself says to the same evidence on another day: a re-decision is more lenient, so it must never be
/// one to publish by, and leaves nothing behind that anybody could take for a verdict.
#[test]
fn nothing_that_could_publish_is_left_behind() {
    let mut place = Place::published(&[LOW], None);
    let files = |folder: &Path| {
        let mut all = Vec::new();
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            for path in fs::read_dir(folder).unwrap().map(|one| one.unwrap().path()) {
                if path.is_dir() {
                    open.push(path)
                } else {
                    all.push((path.clone(), fs::read(path).unwrap()))
                }
            }
        }
        all.sort();
        all
    };
    let home = place.world.path("");
    let before = files(&home);
    let run = place.night(8, None);
    assert_eq!(run.code, 0, "{}", said(&run));
    assert_eq!(files(&home), before);
    place.world.now = place.world.now.checked_add(jiff::SignedDuration::from_hours(192)).unwrap();
    let gate = place.gate(&[]);
    assert_eq!((gate.code, gate.outputs["verdict"].as_str()), (1, "fail"), "{}", gate.stderr);
}

#[test]
fn what_is_exploited_by_now() {
    let place = Place::published(&[LOW], None);
    place.kev(&["CVE-2026-0002"]);
    let run = place.night(2, None);
    assert_eq!((run.code, standing(&run).as_str()), (1, "fails"), "{}", said(&run));
    assert_eq!(codes(&run), ["unfixed-vulnerability"]);
    let finding = &all(&run)[0]["found"]["findings"][0];
    assert_eq!((finding["id"].as_str(), finding["exploited"].as_bool()), (Some("CVE-2026-0002"), Some(true)));
}

#[test]
fn an_exception_that_is_over() {
    let place = Place::published(&[FIXED], Some(EXCEPTION));
    let run = place.night(9, None);
    assert_eq!((run.code, standing(&run).as_str()), (0, "passes"), "the last day: {}", said(&run));
    let run = place.night(10, None);
    assert_eq!((run.code, standing(&run).as_str()), (1, "fails"), "{}", said(&run));
    assert_eq!(codes(&run), ["fixable-vulnerability"]);
    let ended = all(&run)[0]["found"]["ended"][0].as_str().unwrap().to_owned();
    assert_eq!(ended, "CVE-2026-0001, by web: its last day was 2026-12-01");
}

#[test]
fn a_policy_that_became_stricter() {
    let place = Place::published(&[("CVE-2026-0003", "HIGH", Some("2"))], None);
    assert_eq!(place.night(1, None).code, 0);
    place.write("policy.yml", &POLICY.replace("severity: critical,", "severity: [critical, high],"));
    let run = place.night(1, None);
    assert_eq!((run.code, codes(&run)), (1, vec!["fixable-vulnerability".to_owned()]), "{}", said(&run));
    // A policy that lets somebody else decide does not believe the verdict of then.
    place.write(
        "policy.yml",
        &POLICY.replace("verdict: {signed-by: [assay]}", "verdict: {signed-by: [publish]}"),
    );
    let run = place.night(1, None);
    assert_eq!(run.code, 1, "{}", said(&run));
    assert!(codes(&run).contains(&"not-published".to_owned()), "{}", said(&run));
}

#[test]
fn a_feed_that_is_not_there_is_not_known() {
    let place = Place::published(&[LOW], None);
    let mut harness = place.night_with(1, None, &[("kev", "")]);
    assert_eq!((harness.code, standing(&harness).as_str()), (1, "stale"), "{}", said(&harness));
    assert_eq!(codes(&harness), ["feed-missing"]);
    harness = place.night_with(1, None, &[("kev", "no-such-file")]);
    assert_eq!(harness.code, 2, "{}", said(&harness));
    assert_eq!(harness.outputs["undecided"], CHANNEL);
}

/// The file of an object with these bytes.
pub(crate) fn object(archive: &Path, bytes: &[u8]) -> PathBuf {
    let hex = model::Sha256::of(bytes).to_string();
    archive.join("objects/sha256").join(&hex[..2]).join(hex)
}

#[test]
fn what_was_changed_in_the_archive_is_not_decided_about() {
    let place = Place::published(&[LOW], None);
    let scan = place.world.file("vulns");
    let kept = object(&place.archive(), &fs::read(&scan).unwrap());
    let mut bytes = fs::read(&kept).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::set_permissions(&kept, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    fs::write(&kept, &bytes).unwrap();
    let run = place.night(1, None);
    assert_eq!((run.code, standing(&run).as_str()), (2, "undecided"), "{}", said(&run));
    assert!(run.outputs["json"].contains("was changed: it has the SHA-256"), "{}", said(&run));
    assert_eq!(run.outputs["undecided"], CHANNEL);
    fs::remove_file(&kept).unwrap();
    let run = place.night(1, None);
    assert_eq!(run.code, 2, "{}", said(&run));
    assert!(run.outputs["json"].contains("is missing, and the entry"), "{}", said(&run));
}

/// Whoever may write into the archive can put what they like: what nobody signed for does not pass.
#[test]
fn what_somebody_else_put_into_the_archive_does_not_pass() {
    for (kind, wanted) in
        [("vulns", "unknown-signer"), ("verdict", "not-published"), ("release", "not-released")]
    {
        let place = Place::new(&[LOW], None);
        place.gate(&[]);
        place.release();
        let file = place.world.file(kind);
        let pem =
            fs::read(place.world.path(if kind == "release" { "publish.pub" } else { "assay.pub" })).unwrap();
        let key = attest::PublicKey::from_pem(&String::from_utf8(pem).unwrap()).unwrap();
        let statement =
            attest::verify(&fs::read(&file).unwrap(), &attest::Trust::from(&key)).unwrap().statement;
        fs::remove_file(&file).unwrap();
        place.world.put("mallory", &statement);
        place.put();
        let run = place.night(1, None);
        assert_eq!((run.code, standing(&run).as_str()), (1, "fails"), "{kind}: {}", said(&run));
        assert!(codes(&run).contains(&wanted.to_owned()), "{kind}: {}", said(&run));
    }
    // Without any evidence there is nothing to go by.
    let place = Place::new(&[LOW], None);
    let empty = place.world.path("empty");
    fs::create_dir_all(empty.join("reports")).unwrap();
    place.put_from(&place.world.path("image.json"), &empty);
    let run = place.night(1, None);
    assert_eq!((run.code, standing(&run).as_str()), (1, "fails"), "{}", said(&run));
    for code in ["not-published", "not-released", "missing-evidence"] {
        assert!(codes(&run).contains(&code.to_owned()), "{code}: {}", said(&run));
    }
}

/// A verdict by which nothing may be published has not published.
#[test]
fn a_verdict_that_was_closed_published_nothing() {
    let place = Place::new(&[LOW], None);
    let run = place.gate(&[]);
    let digest = &run.outputs["verdict-digest"];
    for (outcome, code) in [("failed", 0), ("rejected", 1)] {
        let predicate = serde_json::json!({"outcome": outcome, "verdict": {"sha256": digest},
            "brief": {"sha256": digest}, "closedOn": "2026-11-22T13:00:00Z"});
        let subjects = place.world.image.subjects().unwrap();
        place
            .world
            .put("publish", &attest::Statement::new(attest::Kind::Closure, subjects, &predicate).unwrap());
        if outcome == "failed" {
            place.release();
        }
        place.put();
        let run = place.night(1, None);
        assert_eq!(run.code, code, "{outcome}: {}", said(&run));
    }
    // Without that verdict nothing says that the tests were ever fresh.
    assert_eq!(codes(&place.night(1, None)), ["not-published", "stale-evidence"]);
}

#[test]
fn bad_input_is_refused_before_anything() {
    let place = Place::published(&[LOW], None);
    for (input, value, message) in [
        ("archive", "no-such-folder", "there is no archive at"),
        ("archive", "https://example.org/x", "is no place for an archive"),
        ("channels", "stable", "family/name is wanted"),
        ("channels", "debian-web/edge", "has no channel debian-web/edge"),
        ("channels", "debian-web/stable,debian-web/stable", "names debian-web/stable twice"),
        ("channels", "../x/y", "input `channels`"),
        ("issues", "true", "input `token` was not given"),
    ] {
        let run = place.night_with(1, None, &[(input, value)]);
        assert_eq!(run.code, 2, "{input} {value}: {}", said(&run));
        assert!(run.stderr.contains(message) || run.stdout.contains(message), "{input}: {}", said(&run));
    }
    let github = script::GitHub::new();
    for (input, value, message) in [
        ("label", "a,b", "no comma"),
        ("assignees", "@ada", "`@ada` is no login"),
        ("account", "x/../y", "is no account's name"),
        ("repository", "acme", "owner/name is wanted"),
    ] {
        let run = place.night_with(1, Some(&github), &[(input, value)]);
        assert_eq!(run.code, 2, "{input} {value}: {}", said(&run));
        assert!(run.stderr.contains(message) || run.stdout.contains(message), "{input}: {}", said(&run));
    }
    assert_eq!(github.server.asked().len(), 0);
}
