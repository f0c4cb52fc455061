//! The alerts of what the channels show: those that the gate wrote when the images were decided about, with what is known
//! and excepted by now.

use std::fs;
use std::path::{Path, PathBuf};

use github::testing::{Answer, FakeGitHub};
use model::{ContentDigest, ImageManifest, Sha256};
use runner::testing::{Harness, Run};
use serde_json::{Value, json};

use crate::common::Found;
use crate::regate::place::{Place, codes};
use crate::regate::{EXCEPTION, FIXED, LOW, object, said};

const FILE: &str = "debian-web.amd64.trivy.sarif";
const EDGE: &str = "debian-web/edge";

fn folder(place: &Place) -> PathBuf {
    place.world.path("sarif")
}

/// A night that writes SARIF.
fn night(place: &Place, days: i64, more: &[(&str, &str)]) -> Run {
    let folder = folder(place);
    let mut inputs = more.to_vec();
    inputs.push(("sarif", folder.to_str().unwrap()));
    place.night_with(days, None, &inputs)
}

fn files(place: &Place) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder(place)) else { return Vec::new() };
    let mut files: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    files.sort();
    files
}

fn log(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

pub(crate) fn results(log: &Value) -> &Vec<Value> {
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

/// The ids, and of each whether it is suppressed.
fn suppressed(log: &Value) -> Vec<(String, bool)> {
    let of = |one: &Value| (one["ruleId"].as_str().unwrap().to_owned(), !one["suppressions"].is_null());
    let mut all: Vec<_> = results(log).iter().map(of).collect();
    all.sort();
    all
}

/// Another image in another channel, by the same keys: its evidence takes the place of the first one's, which is archived.
fn another(place: &mut Place, channel: &str, found: &[Found<'_>]) {
    let world = &mut place.world;
    let (family, name) = channel.split_once('/').unwrap();
    fs::remove_dir_all(world.path("evidence")).unwrap();
    let mut image: Value = serde_json::from_slice(&world.image.to_bytes().unwrap()).unwrap();
    image["disks"][0]["contentDigest"] = json!(ContentDigest::new(Sha256::of(channel.as_bytes())));
    image["family"] = json!(family);
    image["name"] = json!(format!("{family}-{name}"));
    world.image = ImageManifest::parse(&serde_json::to_vec(&image).unwrap()).unwrap();
    world.write_image();
    world.put("bake", &world.signatures(b"binary"));
    world.put("bake", &world.provenance());
    world.put("assay", &world.tests("booted", "2026-11-22T11:00:00Z", 3, 0));
    world.put("assay", &world.scan(found, false));
    let gate = place.gate(&[]);
    assert!(gate.outputs.contains_key("verdict"), "{}", gate.stderr);
    place.release_into(channel);
    place.put_into(channel, &place.world.path("image.json"), &place.world.path("evidence"));
}

/// The folder, as the next step uploads it in a run by schedule; how often, and of which commit and ref.
fn uploaded(place: &Place) -> Vec<(String, String)> {
    const SHA: &str = "1111111111111111111111111111111111111111";
    let server = FakeGitHub::new(|line| match line {
        "POST /repos/acme/images/code-scanning/sarifs" => {
            Answer::Whole(202, Vec::new(), r#"{"id":"abc","url":"x"}"#.into())
        }
        _ => Answer::json(r#"{"processing_status":"complete"}"#),
    });
    let action = hallmark::ACTIONS.iter().find(|action| action.name == "upload-sarif").unwrap();
    let run = Harness::new()
        .env("GITHUB_SHA", SHA)
        .env("GITHUB_REF", "refs/heads/main")
        .env("GITHUB_EVENT_NAME", "schedule")
        .input("token", "ghs_secret")
        .input("repository", "acme/images")
        .input("api-url", server.url("").to_string())
        .input_path("sarif", folder(place))
        .run(action);
    assert_eq!((run.code, run.outputs["uploaded"].as_str()), (0, "true"), "{}", said(&run));
    let posts = server.asked().into_iter().filter(|asked| asked.line.starts_with("POST"));
    let of = |body: &str| {
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["commit_sha"], SHA);
        (body["commit_sha"].as_str().unwrap().to_owned(), body["ref"].as_str().unwrap().to_owned())
    };
    posts.map(|asked| of(&asked.body)).collect()
}

#[test]
fn an_exception_that_is_over_suppresses_its_alert_no_longer() {
    let place = Place::new(&[FIXED, LOW], Some(EXCEPTION));
    let own = place.world.path("own");
    let run = place.gate(&[("sarif", own.to_string_lossy().into_owned())]);
    assert_eq!(run.outputs["verdict"], "pass", "{}", run.stderr);
    place.release();
    place.put();
    let own = log(&own.join("trivy.sarif"));

    let run = night(&place, 9, &[]);
    assert_eq!((run.code, files(&place)), (0, vec![FILE.to_owned()]), "{}", said(&run));
    assert_eq!(run.outputs["sarif"], folder(&place).to_str().unwrap());
    assert_eq!(log(&folder(&place).join(FILE)), own, "the last day: all of it is as it was published");

    let run = night(&place, 10, &[]);
    assert_eq!((run.code, files(&place)), (1, vec![FILE.to_owned()]), "{}", said(&run));
    let over = log(&folder(&place).join(FILE));
    assert_eq!(alerts(&over), alerts(&own));
    let ids = |flag| vec![(FIXED.0.to_owned(), flag), (LOW.0.to_owned(), false)];
    assert_eq!((suppressed(&own), suppressed(&over)), (ids(true), ids(false)));

    crate::multitool::takes(&folder(&place).join(FILE), &place.world.path("said.sarif"));
    let uploads = uploaded(&place);
    assert_eq!(uploads.iter().map(|one| one.1.as_str()).collect::<Vec<_>>(), ["refs/heads/main"]);
    // Nobody asks, and nothing is written.
    fs::remove_dir_all(folder(&place)).unwrap();
    assert_eq!(place.night(10, None).outputs["sarif"], "");
}

/// An upload speaks for a family, and several of its images may be in use.
#[test]
fn an_alert_is_there_for_as_long_as_a_channel_shows_an_image_that_has_it() {
    let other = ("CVE-2026-0007", "LOW", None);
    let exceptions = format!(
        "{EXCEPTION}  - {{id: CVE-2026-0007, images: [debian-web], reason: r, owner: o, created: 2026-11-20, expires: 2026-12-20}}\n"
    );
    let mut place = Place::published(&[FIXED, LOW], Some(&exceptions));
    another(&mut place, EDGE, &[FIXED, other]);
    another(&mut place, "worker/stable", &[LOW]);
    let run = night(&place, 2, &[]);
    let all = vec![FILE.to_owned(), "worker.amd64.trivy.sarif".to_owned()];
    assert_eq!((run.code, files(&place)), (0, all), "{}", said(&run));
    let both = log(&folder(&place).join(FILE));
    let wanted = [(FIXED.0, true), (LOW.0, false), (other.0, true)];
    assert_eq!(suppressed(&both), wanted.map(|(id, flag)| (id.to_owned(), flag)));
    assert_eq!(both["runs"][0]["automationDetails"]["id"], "hallmark/debian-web/amd64/");
    assert_eq!(uploaded(&place).len(), 2);
    // Only of the channels that are named.
    night(&place, 2, &[("channels", EDGE)]);
    assert_eq!(files(&place), [FILE]);
    assert_eq!(suppressed(&log(&folder(&place).join(FILE))).len(), 2);
}

/// Of an image of which nothing is known, alerts would be closed that are as open as they were.
#[test]
fn what_is_not_known_leaves_no_file_and_takes_no_other_family_along() {
    let lose = |place: &Place, kind: &str| {
        let bytes = fs::read(place.world.file(kind)).unwrap();
        fs::remove_file(object(&place.archive(), &bytes)).unwrap();
    };
    type Change<'c> = (&'c str, u8, &'c dyn Fn(&mut Place));
    let changes: [Change<'_>; 4] = [
        ("it could not be decided about", 2, &|place| lose(place, "vulns")),
        ("nobody who may publish says", 1, &|place| {
            fs::remove_file(place.world.file("release")).unwrap();
            place.release_into("debian-web/other");
            put_again(place);
        }),
        ("is refused (unknown-signer)", 1, &|place| {
            let scan = place.world.scan(&[], false);
            place.world.put("mallory", &scan);
            put_again(place);
        }),
        ("there is no genuine scan by it", 1, &|place| {
            fs::remove_file(place.world.file("vulns")).unwrap();
            put_again(place);
        }),
    ];
    for (why, code, change) in changes {
        let mut place = Place::published(&[LOW], None);
        another(&mut place, "worker/stable", &[LOW]);
        another(&mut place, EDGE, &[LOW]);
        night(&place, 1, &[]);
        assert_eq!(files(&place), [FILE, "worker.amd64.trivy.sarif"], "{why}");
        fs::write(folder(&place).join("own.sarif"), "{}").unwrap();
        change(&mut place);
        let run = night(&place, 1, &[]);
        assert_eq!(run.code, code, "{why}: {}", said(&run));
        assert_eq!(files(&place), ["own.sarif", "worker.amd64.trivy.sarif"], "{why}: {}", said(&run));
        assert!(said(&run).contains(why) && said(&run).contains(FILE), "{why}: {}", said(&run));
    }
}

/// Puts what has become of the evidence in the place of what the channel shows.
fn put_again(place: &Place) {
    place.put_into(EDGE, &place.world.path("image.json"), &place.world.path("evidence"));
}

#[test]
fn what_is_too_old_says_nothing_about_today() {
    let place = Place::published(&[LOW], None);
    let run = night(&place, 31, &[]);
    assert_eq!(codes(&run), ["stale-database", "stale-evidence"], "{}", said(&run));
    assert_eq!((files(&place), run.outputs["sarif"].as_str()), (Vec::new(), ""));
    assert!(said(&run).contains("is too old to say what there is today"), "{}", said(&run));
}

#[test]
fn alerts_are_where_the_scan_has_put_them() {
    let place = Place::new(&[LOW], None);
    fs::remove_file(place.world.file("vulns")).unwrap();
    let mut scan = place.world.scan(&[FIXED, LOW], false);
    scan.predicate["hallmark"]["alerts"] =
        json!({"category": "hallmark/debian-web/amd64", "location": "hallmark/web.yml", "severity": ["low"]});
    place.world.put("assay", &scan);
    place.write("exceptions.yml", EXCEPTION);
    assert_eq!(place.gate(&[]).outputs["verdict"], "pass");
    place.release();
    place.put();
    for more in [&[] as &[_], &[("sarif-location", "hallmark/web.yml")]] {
        let run = night(&place, 1, more);
        assert_eq!((run.code, files(&place)), (0, vec![FILE.to_owned()]), "{}", said(&run));
        let log = log(&folder(&place).join(FILE));
        assert_eq!(suppressed(&log), [(LOW.0.to_owned(), false)]);
        let place = &results(&log)[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(place, "hallmark/web.yml");
    }
    // Another is refused; what was decided is told all the same.
    let run = night(&place, 1, &[("sarif-location", "images/web")]);
    assert_eq!((run.code, files(&place)), (2, Vec::new()), "{}", said(&run));
    assert!(said(&run).contains("has its alerts on `hallmark/web.yml`"), "{}", said(&run));
    assert_eq!(run.outputs["passing"], "debian-web/stable");
    assert!(!run.outputs.contains_key("sarif"));
}

#[test]
fn where_they_cannot_go_nothing_is_decided() {
    let place = Place::published(&[LOW], None);
    fs::write(folder(&place), "x").unwrap();
    let run = night(&place, 1, &[]);
    assert_eq!(run.code, 2, "{}", said(&run));
    assert!(said(&run).contains("a folder is wanted"), "{}", said(&run));
    assert!(run.outputs.is_empty());
}
