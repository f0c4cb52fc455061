//! One issue for each channel: opened, updated, left alone when nothing changed, closed; and never two.

use github::testing::Answer;
use model::ImageManifest;
use serde_json::Value;

use crate::regate::place::{CHANNEL, Place};
use crate::regate::script::{BOT, GitHub, MALLORY, issue};
use crate::regate::{EXCEPTION, FIXED, LOW, said};

const MARK: &str = "<!-- hallmark:regate:debian-web/stable -->";
const POST: &str = "POST /repos/acme/images/issues";
const COMMENT: &str = "POST /repos/acme/images/issues/1/comments";
const PATCH: &str = "PATCH /repos/acme/images/issues/1";

#[test]
fn from_the_first_night_to_the_last() {
    let (place, github) = (Place::published(&[FIXED, LOW], Some(EXCEPTION)), GitHub::new());
    let run = place.night(1, Some(&github));
    assert_eq!(run.code, 0, "{}", said(&run));
    assert_eq!((github.changes().len(), run.outputs["issues"].as_str()), (0, ""));

    // The exception is over.
    let run = place.night_with(10, Some(&github), &[("assignees", "ada,bob")]);
    assert_eq!(run.code, 1, "{}", said(&run));
    assert_eq!(github.changes(), [POST]);
    assert_eq!(github.issues(), [(1, true, "debian-web/stable no longer passes: 1 reason".to_owned())]);
    assert_eq!(run.outputs["issues"], "https://github.com/acme/images/issues/1");
    let body = github.body(0);
    assert!(body.starts_with(MARK), "{body}");
    for part in [
        "CVE-2026-0001",
        "fixed in <code>2</code>",
        "by web: its last day was 2026-12-01",
        "| since | 2026-12-02 |",
        "--operation rollback --family debian-web --channel stable",
    ] {
        assert!(body.contains(part), "{part}\n{body}");
    }
    github.change(|kept| {
        assert_eq!(kept.issues[0]["labels"], serde_json::json!(["hallmark-regate"]));
        assert_eq!(kept.issues[0]["assignees"], serde_json::json!(["ada", "bob"]));
    });

    // Nothing has changed, so nobody hears of it.
    let run = place.night(11, Some(&github));
    assert_eq!((run.code, github.changes().len()), (1, 1), "{}", said(&run));

    // One finding more is exploited: the body, and a comment that says what is new.
    place.kev(&["CVE-2026-0002"]);
    let run = place.night(12, Some(&github));
    assert_eq!(run.code, 1, "{}", said(&run));
    assert_eq!(github.changes(), [POST, COMMENT, PATCH]);
    let (number, comment) = github.comments().remove(0);
    assert!(
        number == 1 && comment.contains("CVE-2026-0002 in p1") && !comment.contains("CVE-2026-0001"),
        "{comment}"
    );
    assert!(github.body(0).contains("| since | 2026-12-02 |"), "{}", github.body(0));

    // One less: the body, and no comment.
    place.kev(&[]);
    place.night(13, Some(&github));
    assert_eq!(github.changes(), [POST, COMMENT, PATCH, PATCH]);

    // Somebody renews the exception.
    place.write("exceptions.yml", &EXCEPTION.replace("2026-12-01", "2027-01-31"));
    let run = place.night(14, Some(&github));
    assert_eq!(run.code, 0, "{}", said(&run));
    assert_eq!(github.changes(), [POST, COMMENT, PATCH, PATCH, COMMENT, PATCH]);
    assert!(github.comments()[1].1.contains("passes again"), "{:?}", github.comments());
    assert!(!github.issues()[0].1);
    assert_eq!(run.outputs["issues"], "");

    // And the next time it is another issue.
    place.kev(&["CVE-2026-0002"]);
    place.night(15, Some(&github));
    assert_eq!(github.issues().len(), 2);
}

/// The same place with another image in the channel.
fn next_image(place: &Place, found: &[crate::common::Found<'_>]) {
    let mut next = Place::new(found, None);
    for name in ["bake", "assay", "approver", "publish"] {
        std::fs::copy(next.world.path(&format!("{name}.pub")), place.world.path(&format!("{name}.pub")))
            .unwrap();
    }
    let mut image: Value = serde_json::from_slice(&next.world.image.to_bytes().unwrap()).unwrap();
    image["disks"][0]["contentDigest"] =
        serde_json::json!(model::ContentDigest::new(model::Sha256::of(b"next")));
    image["name"] = serde_json::json!("web-2");
    next.world.image = ImageManifest::parse(&serde_json::to_vec(&image).unwrap()).unwrap();
    next.world.write_image();
    std::fs::remove_dir_all(next.world.path("evidence")).unwrap();
    next.world.put("bake", &next.world.signatures(b"binary"));
    next.world.put("bake", &next.world.provenance());
    next.world.put("assay", &next.world.tests("booted", "2026-11-22T11:00:00Z", 3, 0));
    next.world.put("assay", &next.world.scan(found, false));
    let gate = next.gate(&[]);
    assert!(gate.outputs.contains_key("verdict"), "{}", gate.stderr);
    next.release();
    place.put_from(&next.world.path("image.json"), &next.world.path("evidence"));
}

#[test]
fn the_channel_moves_on() {
    let (place, github) = (Place::published(&[FIXED], Some(EXCEPTION)), GitHub::new());
    assert_eq!(place.night(10, Some(&github)).code, 1);
    next_image(&place, &[("CVE-2026-0009", "CRITICAL", Some("3"))]);
    let run = place.night(11, Some(&github));
    assert_eq!(run.code, 1, "{}", said(&run));
    let comment = github.comments().remove(0).1;
    assert!(
        comment.contains("shows another image now, web-2") && comment.contains("CVE-2026-0009"),
        "{comment}"
    );
    assert!(github.body(0).contains("| since | 2026-12-03 |"), "{}", github.body(0));

    let (place, github) = (Place::published(&[FIXED], Some(EXCEPTION)), GitHub::new());
    assert_eq!(place.night(10, Some(&github)).code, 1);
    next_image(&place, &[LOW]);
    let run = place.night(11, Some(&github));
    assert_eq!(run.code, 0, "{}", said(&run));
    let comment = github.comments().remove(0).1;
    assert!(comment.contains("has moved on to web-2"), "{comment}");
    assert!(!github.issues()[0].1);
}

#[test]
fn what_is_too_old_says_so_and_not_that_it_fails() {
    let (place, github) = (Place::published(&[LOW], None), GitHub::new());
    assert_eq!(place.night(31, Some(&github)).code, 1);
    assert_eq!(
        github.issues(),
        [(1, true, "debian-web/stable: not known whether it still passes".to_owned())]
    );
    assert!(github.body(0).contains("Scan the image again"), "{}", github.body(0));
}

#[test]
fn an_issue_that_is_not_to_be_closed_stays() {
    let (place, github) = (Place::published(&[FIXED], Some(EXCEPTION)), GitHub::new());
    place.night(10, Some(&github));
    let run = place.night_with(1, Some(&github), &[("close-when-passing", "false")]);
    assert_eq!((run.code, github.changes().len()), (0, 1), "{}", said(&run));
    assert_eq!(run.outputs["issues"], "https://github.com/acme/images/issues/1");
}

#[test]
fn somebody_elses_issue_with_the_mark_is_left_alone() {
    let (place, github) = (Place::published(&[FIXED], Some(EXCEPTION)), GitHub::new());
    github.change(|kept| {
        kept.issues.push(issue(1, MALLORY, "x", &format!("{MARK}\n\nnothing to see")));
        let mut nobody = issue(2, MALLORY, "x", MARK);
        nobody["user"] = Value::Null;
        kept.issues.push(nobody);
        // Quoted further down, it is no mark.
        kept.issues.push(issue(3, BOT, "x", &format!("about\n{MARK}")));
        kept.issues.push(issue(4, BOT, "x", "<!-- hallmark:regate:other/edge -->"));
    });
    let run = place.night(10, Some(&github));
    assert_eq!(run.code, 1, "{}", said(&run));
    assert_eq!(github.changes(), [POST]);
    assert_eq!(github.issues().len(), 5);
    for line in ["issue 1 carries the mark of debian-web/stable", "issue 4 is of other/edge"] {
        assert!(run.stdout.contains(line) || run.stderr.contains(line), "{line}: {}", said(&run));
    }
}

/// Whoever may edit issues can write anything into ours: it is written anew, and nothing of it is believed.
#[test]
fn a_body_that_somebody_edited_is_written_anew() {
    let (place, github) = (Place::published(&[FIXED], Some(EXCEPTION)), GitHub::new());
    place.night(10, Some(&github));
    let wanted = github.body(0);
    for state in [
        "<!-- hallmark:regate-state {} -->",
        "nonsense",
        "",
        "<!-- hallmark:regate-state {\"content\":1} -->",
    ] {
        github.change(|kept| {
            kept.issues[0]["body"] = serde_json::json!(format!("{MARK}\n{state}\n\nall is well"))
        });
        let run = place.night(10, Some(&github));
        assert_eq!(run.code, 1, "{}", said(&run));
        assert_eq!(github.body(0), wanted, "{state}");
    }
    // As GitHub's own form sends a body that nobody changed.
    let before = github.changes().len();
    github.change(|kept| kept.issues[0]["body"] = serde_json::json!(wanted.replace('\n', "\r\n")));
    place.night(10, Some(&github));
    assert_eq!(github.changes().len(), before);
}

#[test]
fn two_runs_at_once_leave_one_issue() {
    let (place, github) = (Place::published(&[FIXED], Some(EXCEPTION)), GitHub::new());
    github.change(|kept| kept.race = Some(issue(7, BOT, "x", &format!("{MARK}\n\nthe other run's"))));
    let run = place.night(10, Some(&github));
    assert_eq!(run.code, 1, "{}", said(&run));
    assert_eq!(github.issues().iter().map(|one| (one.0, one.1)).collect::<Vec<_>>(), [(7, true), (8, false)]);
    assert!(github.comments()[0].1.contains("Duplicate of #7"), "{:?}", github.comments());
    assert_eq!(run.outputs["issues"], "https://github.com/acme/images/issues/7");
    // Neither saw the other's: the next run mends it.
    github.change(|kept| kept.issues.push(issue(9, BOT, "x", MARK)));
    place.night(10, Some(&github));
    assert_eq!(github.issues().iter().filter(|one| one.1).map(|one| one.0).collect::<Vec<_>>(), [7]);
}

#[test]
fn a_token_of_another_account_leaves_nothing_open() {
    let (place, github) = (Place::published(&[FIXED], Some(EXCEPTION)), GitHub::new());
    github.change(|kept| kept.writes_as = Some(5));
    let run = place.night(10, Some(&github));
    assert_eq!(run.code, 2, "{}", said(&run));
    assert!(!github.issues()[0].1);
    assert!(said(&run).contains("give the account that the token writes as"), "{}", said(&run));
}

#[test]
fn what_github_does_not_do_is_exit_code_2_and_all_is_told() {
    for (at, answer, message) in [
        ("GET /repos", Answer::error(403, "Resource not accessible"), "403, forbidden"),
        ("GET /repos", Answer::error(410, "Issues are disabled for this repo"), "has its issues turned off"),
        (
            "GET /repos",
            Answer::Whole(403, vec![("x-ratelimit-remaining", "0".into())], "{\"message\":\"x\"}".into()),
            "rate limit",
        ),
        ("GET /repos", Answer::error(429, "Slow down"), "rate limit"),
        ("GET /users", Answer::error(404, "Not Found"), "whose the issues are"),
        ("POST", Answer::error(403, "Resource not accessible"), "needs a token with `issues: write`"),
        ("POST", Answer::error(410, "Issues are disabled for this repo"), "has its issues turned off"),
        ("POST", Answer::Cut, "GitHub cannot be reached"),
    ] {
        let (place, github) = (Place::published(&[FIXED], Some(EXCEPTION)), GitHub::new());
        github.change(|kept| kept.fault = Some((at, answer.clone())));
        let run = place.night(10, Some(&github));
        assert_eq!(run.code, 2, "{at} {answer:?}: {}", said(&run));
        assert!(said(&run).contains(message), "{message}: {}", said(&run));
        assert_eq!((run.outputs["failing"].as_str(), run.outputs["undecided"].as_str()), (CHANNEL, CHANNEL));
        assert!(
            run.summary.contains("fixable-vulnerability") || run.summary.contains("fixable\\-"),
            "{}",
            run.summary
        );
        assert!(github.changes().len() <= 1, "{:?}", github.changes());
    }
}

/// What could not be decided says nothing about the image: its issue stays as it is.
#[test]
fn an_undecided_channel_keeps_its_issue() {
    let (place, github) = (Place::published(&[FIXED], Some(EXCEPTION)), GitHub::new());
    place.night(10, Some(&github));
    std::fs::remove_dir_all(place.archive().join("objects")).unwrap();
    let run = place.night(11, Some(&github));
    assert_eq!((run.code, github.changes().len()), (2, 1), "{}", said(&run));
    assert!(github.issues()[0].1);
}

#[test]
fn hostile_text_stays_text() {
    let hostile = "CVE-1 @octocat #1 GH-2 <img src=x> [a](https://evil) ```\n<!-- x -->";
    let place = Place::new(&[(hostile, "CRITICAL", Some("2|<b>@x</b>`"))], None);
    place.gate(&[]);
    place.release();
    place.put();
    let github = GitHub::new();
    let run = place.night(10, Some(&github));
    assert_eq!(run.code, 1, "{}", said(&run));
    let body = github.body(0);
    for alive in ["@octocat", "@x", "<img", "<b>", "](https://evil)", "```\n<!--", "GH-2", "-- x --\n"] {
        assert!(!body.contains(alive), "{alive}\n{body}");
    }
    assert_eq!(body.matches("<!--").count(), 2, "{body}");
}
