//! A brief, and a GitHub with a state: what is written where, and what is not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::{Arc, Mutex};

use attest::{EvidenceDir, Kind, Statement};
use brief::ACTION;
use github::testing::{Answer, Asked, FakeGitHub};
use model::{ContentDigest, Severity, Sha256, Subject};
use runner::testing::{Harness, Run};
use serde_json::{Value, json};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const HOSTILE: &str = "--> <img src=x> @all [x](y)";
const BOT: &str = "github-actions[bot]";

/// What the server has, and what goes wrong.
#[derive(Default)]
struct State {
    /// Author's number, name and kind, and the text.
    comments: Vec<(i64, &'static str, &'static str, String)>,
    checks: Vec<Value>,
    /// Whose token it is; none for an app's.
    user: Option<i64>,
    /// What is answered instead, by what a line begins with; once or always.
    faults: Vec<(&'static str, Answer, bool)>,
    /// Whether a call that fails was done all the same.
    done_anyway: bool,
    pulls: Value,
    /// As whom comments are written.
    writes_as: Option<&'static str>,
}

struct World {
    server: FakeGitHub,
    state: Arc<Mutex<State>>,
    folder: tempfile::TempDir,
    image: String,
    verdict: Value,
    brief: String,
}

impl World {
    fn new(verdict: &str) -> Self {
        Self::of("debian-app", verdict)
    }

    fn of(image: &str, verdict: &str) -> Self {
        let state = Arc::new(Mutex::new(State { pulls: json!([]), ..State::default() }));
        let at_server = Arc::clone(&state);
        let brief = "## 🟡 Review: debian-app\n\n| a | b |\n".to_owned();
        let reason = |weight: &str| json!({"weight": weight, "code": "c", "message": "m", "evidence": [], "clears": "x"});
        Self {
            server: FakeGitHub::with(move |asked| answer(&mut at_server.lock().unwrap(), asked)),
            state,
            folder: tempfile::tempdir().unwrap(),
            image: image.to_owned(),
            verdict: json!({
                "verdict": verdict, "reasons": [reason("review"), reason("review"), reason("note")],
                "policy": {"name": "p", "digest": {"sha256": Sha256::of(b"p")}}, "evidence": [],
                "decidedOn": "2026-11-26T05:00:00Z", "brief": {"sha256": Sha256::of(brief.as_bytes())},
            }),
            brief,
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn harness(&self) -> Harness {
        let subjects = vec![
            Subject::image(self.image.clone(), ContentDigest::new(Sha256::of(b"disk"))),
            Subject::file("image.json", Sha256::of(b"image.json")),
        ];
        let statement = Statement::new(Kind::Verdict, subjects, &self.verdict).unwrap();
        let verdict = EvidenceDir::new(self.folder.path()).write(&statement, None).unwrap();
        let brief = self.folder.path().join("brief.md");
        std::fs::write(&brief, &self.brief).unwrap();
        let event = json!({"pull_request": {"number": 3, "head": {"sha": COMMIT}}});
        let event_path = self.folder.path().join("event.json");
        std::fs::write(&event_path, event.to_string()).unwrap();
        Harness::new()
            .env("GITHUB_API_URL", self.server.url("").to_string())
            .env("GITHUB_SHA", "f".repeat(40))
            .env("GITHUB_EVENT_PATH", event_path.to_string_lossy())
            .env("GITHUB_RUN_ID", "7")
            .env("GITHUB_RUN_ATTEMPT", "2")
            .input_path("verdict", verdict)
            .input_path("brief", brief)
            .input("token", "ghs_secret")
    }

    fn run(&self, inputs: &[(&str, &str)]) -> Run {
        inputs.iter().fold(self.harness(), |harness, (name, value)| harness.input(name, value)).run(&ACTION)
    }
}

fn answer(state: &mut State, asked: &Asked) -> Answer {
    let line = asked.line.as_str();
    let fault = state.faults.iter().position(|(begin, _, _)| line.starts_with(begin));
    let fault = fault
        .map(|at| if state.faults[at].2 { state.faults[at].1.clone() } else { state.faults.remove(at).1 });
    if let Some(fault) = &fault
        && !state.done_anyway
    {
        return fault.clone();
    }
    let body =
        |name: &str| serde_json::from_str::<Value>(&asked.body).unwrap()[name].as_str().unwrap().to_owned();
    let answer = match line {
        "GET /user" => match state.user {
            Some(id) => Answer::json(json!({"id": id, "login": "ada"}).to_string()),
            None => Answer::error(403, "Resource not accessible by integration"),
        },
        "GET /repos/acme/images/issues/3/comments?per_page=100&page=1" => {
            let all: Vec<Value> = (0..state.comments.len()).map(|at| comment(state, at)).collect();
            Answer::json(Value::from(all).to_string())
        }
        "POST /repos/acme/images/issues/3/comments" => {
            let (id, name, kind) = match (state.user, state.writes_as) {
                (Some(id), _) => (id, "ada", "User"),
                (None, name) => (41, name.unwrap_or(BOT), "Bot"),
            };
            state.comments.push((id, name, kind, body("body")));
            Answer::Whole(201, vec![], comment(state, state.comments.len() - 1).to_string())
        }
        line if line.starts_with("PATCH /repos/acme/images/issues/comments/") => {
            let at: usize = line.rsplit_once('/').unwrap().1.parse().unwrap();
            state.comments[at].3 = body("body");
            Answer::json(comment(state, at).to_string())
        }
        "POST /repos/acme/images/check-runs" => {
            state.checks.push(serde_json::from_str(&asked.body).unwrap());
            Answer::Whole(
                201,
                vec![],
                json!({"html_url": "https://github.com/acme/images/runs/9"}).to_string(),
            )
        }
        line if line.starts_with("GET /repos/acme/images/commits/") => Answer::json(state.pulls.to_string()),
        _ => Answer::error(404, "Not Found"),
    };
    fault.unwrap_or(answer)
}

fn comment(state: &State, at: usize) -> Value {
    let (id, name, kind, body) = &state.comments[at];
    json!({"id": at, "body": body, "html_url": format!("https://github.com/acme/images/pull/3#issuecomment-{at}"),
        "user": {"id": id, "login": name, "type": kind}})
}

#[test]
fn a_comment_is_written_once_and_then_anew() {
    let mut world = World::new("review");
    let run = world.run(&[]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let digest = Sha256::of(world.brief.as_bytes());
    assert_eq!(run.outputs["words"], format!("approve {}", digest.short()));
    assert_eq!(run.outputs["brief-digest"], digest.to_string());
    assert_eq!(run.outputs["comment-url"], "https://github.com/acme/images/pull/3#issuecomment-0");
    assert_eq!(run.outputs["check-url"], "https://github.com/acme/images/runs/9");
    let text = world.state().comments[0].3.clone();
    assert!(text.starts_with("<!-- hallmark:brief:debian-app -->\n## 🟡 Review: debian-app\n"), "{text}");
    for part in [
        format!("<code>approve {}</code>", digest.short()),
        format!("<code>{digest}</code>"),
        "[7, attempt 2](<https://github.com/acme/images/actions/runs/7/attempts/2>)".to_owned(),
    ] {
        assert!(text.contains(&part), "{part}: {text}");
    }
    // Another decision about the same image.
    world.brief = "## ✅ Pass: debian-app\n".to_owned();
    world.verdict["brief"]["sha256"] = json!(Sha256::of(world.brief.as_bytes()));
    world.verdict["verdict"] = json!("pass");
    let run =
        world.run(&[("page-url", "https://x.example/a b?q=<>"), ("alerts-url", "https://x.example/alerts")]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let state = world.state();
    assert_eq!(state.comments.len(), 1);
    let text = &state.comments[0].3;
    assert!(text.contains("Pass") && !text.contains("Review") && !text.contains("approve"), "{text}");
    assert!(text.contains("[Page](<https://x.example/a%20b?q=%3C%3E>)"), "{text}");
    assert!(text.contains("[Alerts](<https://x.example/alerts>)"), "{text}");
}

#[test]
fn only_a_comment_of_its_own_is_written_anew() {
    let marker = "<!-- hallmark:brief:debian-app -->\n";
    for (name, user, theirs, own) in [
        ("a person's with the marker", None, (1, "mallory", "User"), false),
        ("a person's who is called like the bot", None, (1, BOT, "User"), false),
        ("another app's", None, (2, "other[bot]", "Bot"), false),
        ("the bot's", None, (41, BOT, "Bot"), true),
        ("a person's token, and their own", Some(1), (1, "ada", "User"), true),
        ("a person's token, and the bot's", Some(1), (41, BOT, "Bot"), false),
        ("a person's token, and somebody of their name", Some(1), (2, "ada", "User"), false),
    ] {
        let world = World::new("review");
        world.state().user = user;
        world.state().comments.push((theirs.0, theirs.1, theirs.2, format!("{marker}old")));
        let run = world.run(&[]);
        assert_eq!(run.code, 0, "{name}: {}", run.stdout);
        let state = world.state();
        assert_eq!(state.comments.len(), if own { 1 } else { 2 }, "{name}");
        assert_eq!(state.comments[0].3.ends_with("old"), !own, "{name}");
    }
    // One that only contains the marker, or is another image's.
    let world = World::new("review");
    for text in ["see <!-- hallmark:brief:debian-app -->\n", "<!-- hallmark:brief:debian-app2 -->\n"] {
        world.state().comments.push((41, BOT, "Bot", text.to_owned()));
    }
    assert_eq!(world.run(&[]).code, 0);
    assert_eq!(world.state().comments.len(), 3);
}

#[test]
fn an_app_under_another_name_is_told_to_say_so() {
    let world = World::new("review");
    world.state().writes_as = Some("hallmark-acme[bot]");
    let run = world.run(&[]);
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("give that name"), "{}", run.stdout);
    let run = world.run(&[("author", "hallmark-acme[bot]")]);
    assert_eq!((run.code, world.state().comments.len()), (0, 1), "{}", run.stdout);
}

/// What is done to the world, what is given, and a part of the sentence.
type Refused<'r> = (&'r str, &'r dyn Fn(&mut World), &'r [(&'r str, &'r str)], &'r str);

#[test]
fn another_brief_is_refused_before_anything_is_written() {
    let edited = |world: &mut World| world.brief.push_str("all is well\n");
    let unnamed = |world: &mut World| drop(world.verdict.as_object_mut().unwrap().remove("brief"));
    let other = "0".repeat(64);
    let cases: [Refused<'_>; 6] = [
        ("edited", &edited, &[], "it was changed since"),
        ("unnamed", &unnamed, &[], "names no brief"),
        ("another digest", &|_| {}, &[("brief-digest", &other)], "not the brief that was decided with"),
        ("no digest", &|_| {}, &[("brief-digest", "main")], "brief-digest"),
        ("no address", &|_| {}, &[("page-url", "javascript:alert(1)")], "no https address"),
        ("no commit", &|_| {}, &[("commit", "main")], "is no commit"),
    ];
    for (name, change, inputs, part) in cases {
        let mut world = World::new("review");
        change(&mut world);
        let run = world.run(inputs);
        assert_eq!(run.code, 2, "{name}: {}", run.stdout);
        assert!(run.stdout.contains(part), "{name}: {}", run.stdout);
        assert!(world.server.asked().is_empty(), "{name}");
    }
}

#[test]
fn what_a_check_run_says() {
    for (verdict, report_only, conclusion, asks) in [
        ("pass", false, "success", false),
        ("review", false, "action_required", true),
        ("fail", false, "failure", false),
        ("review", true, "neutral", false),
        ("fail", true, "neutral", false),
    ] {
        let mut world = World::new(verdict);
        if report_only {
            world.verdict["reportOnly"] = json!(true);
        }
        let finding =
            |severity, exceptions| report::Finding { severity, exceptions, ..report::Finding::default() };
        let view = report::View {
            verdict: serde_json::from_value(json!(verdict)).unwrap(),
            image: report::Image {
                content_digest: ContentDigest::new(Sha256::of(b"disk")).to_string(),
                ..report::Image::default()
            },
            findings: vec![
                finding(Severity::Critical, vec![]),
                finding(Severity::Critical, vec![0]),
                finding(Severity::High, vec![]),
                finding(Severity::Low, vec![]),
            ],
            ..report::View::default()
        };
        let json = serde_json::to_string(&view).unwrap();
        let path = world.folder.path().join("decision.json");
        std::fs::write(&path, json).unwrap();
        let run = world.run(&[("json", &path.to_string_lossy())]);
        assert_eq!(run.code, 0, "{}", run.stdout);
        let state = world.state();
        let check = &state.checks[0];
        assert_eq!(
            (check["conclusion"].as_str(), check["head_sha"].as_str()),
            (Some(conclusion), Some(COMMIT))
        );
        assert_eq!(check["name"], "Hallmark: debian-app");
        assert_eq!(check["external_id"], json!(Sha256::of(world.brief.as_bytes())));
        let mode = if report_only { ", only reported" } else { "" };
        let title =
            format!("{verdict}{mode}: 0 to fail, 2 to review, 1 notes; 1 critical and 1 high findings");
        assert_eq!(check["output"]["title"], title);
        assert_eq!(check["output"]["summary"].as_str().unwrap().contains("approve"), asks);
    }
    // Another decision's counts are not shown beside this one.
    let world = World::new("review");
    let path = world.folder.path().join("decision.json");
    std::fs::write(&path, json!({"verdict": "pass", "findings": []}).to_string()).unwrap();
    let run = world.run(&[("json", &path.to_string_lossy())]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("another decision's"), "{}", run.stdout);
}

#[test]
fn what_is_not_allowed_is_told_and_what_fails_is_an_error() {
    let comments = "GET /repos/acme/images/issues/3/comments";
    let post = "POST /repos/acme/images/issues/3/comments";
    let checks = "POST /repos/acme/images/check-runs";
    let no = || Answer::error(403, "Resource not accessible by integration");
    let cases: Vec<(&str, &'static str, Answer, u8, &str)> = vec![
        ("a fork's token reads", post, no(), 0, "has a token that only reads"),
        (
            "it may not see comments",
            comments,
            Answer::error(404, "Not Found"),
            0,
            "has a token that only reads",
        ),
        ("it may not write check runs", checks, no(), 0, "checks: write"),
        ("the limit", post, Answer::error(429, "slow"), 2, "the rate limit is reached"),
        (
            "the limit, for check runs",
            checks,
            Answer::Whole(403, vec![("retry-after", "9".into())], "{}".into()),
            2,
            "rate limit",
        ),
        ("a token that is none", comments, Answer::error(401, "Bad credentials"), 2, "401"),
        ("a commit that is not there", checks, Answer::error(422, "No commit found"), 2, "422"),
        ("trouble", post, Answer::error(500, "no"), 2, "the server answered 500"),
        ("a broken connection", checks, Answer::Cut, 2, "cannot be reached"),
        ("answers that are none", comments, Answer::json("{}"), 2, "cannot be read"),
    ];
    for (name, line, fault, code, part) in cases {
        let world = World::new("review");
        world.state().faults.push((line, fault, true));
        let run = world.run(&[]);
        assert_eq!(run.code, code, "{name}: {}", run.stdout);
        assert!(run.stdout.contains(part), "{name}: {}", run.stdout);
        // The other place has it all the same.
        let state = world.state();
        let (comment, check) = (line != checks, line == checks);
        assert_eq!((state.comments.is_empty(), state.checks.is_empty()), (comment, check), "{name}");
        let output = if comment { "comment-url" } else { "check-url" };
        assert_eq!(run.outputs[output], "", "{name}");
        let posts = world.server.asked().iter().filter(|asked| asked.line == post).count();
        assert!(posts <= 1, "{name}: {posts}");
    }
}

#[test]
fn a_call_that_broke_off_and_was_done_is_not_made_again() {
    for fault in [Answer::Cut, Answer::CutShort, Answer::error(502, "no"), Answer::json("{")] {
        let world = World::new("review");
        let shown = format!("{fault:?}");
        world.state().faults.push(("POST /repos/acme/images/issues/3/comments", fault, false));
        world.state().done_anyway = true;
        let run = world.run(&[]);
        assert_eq!((run.code, world.state().comments.len()), (0, 1), "{shown}: {}", run.stdout);
        assert!(run.outputs["comment-url"].ends_with("issuecomment-0"), "{shown}");
    }
}

#[test]
fn where_the_pull_request_comes_from() {
    let pull = |number: i64, state: &str, head: &str| json!({"number": number, "state": state, "head": {"sha": head}});
    for (name, pulls, comments, part) in [
        ("none", json!([]), 0, "no open pull request"),
        ("one", json!([pull(3, "open", COMMIT)]), 1, "issuecomment-0"),
        ("a closed one", json!([pull(3, "closed", COMMIT)]), 0, "no open pull request"),
        ("one that has gone on", json!([pull(3, "open", &"a".repeat(40))]), 0, "no open pull request"),
        ("two", json!([pull(3, "open", COMMIT), pull(4, "open", COMMIT)]), 0, "3, 4 bring this commit"),
    ] {
        let world = World::new("review");
        world.state().pulls = pulls;
        let run = world.harness().without_env("GITHUB_EVENT_PATH").env("GITHUB_SHA", COMMIT).run(&ACTION);
        assert_eq!(run.code, 0, "{name}: {}", run.stdout);
        assert!(run.stdout.contains(part), "{name}: {}", run.stdout);
        assert_eq!(world.state().comments.len(), comments, "{name}");
        assert_eq!(world.state().checks.len(), 1, "{name}");
    }
    let world = World::new("review");
    let run = world.run(&[("pull-request", "4"), ("check", "false")]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(world.server.asked().iter().any(|asked| asked.line.contains("/issues/4/comments")));
    assert!(world.state().checks.is_empty());
}

#[test]
fn what_is_long_is_cut_and_keeps_the_words() {
    let mut world = World::new("review");
    world.brief =
        format!("## Head\n\n<details><summary>x</summary>\n\n{}\n</details>\n", "| a | ü |\n".repeat(20_000));
    world.verdict["brief"]["sha256"] = json!(Sha256::of(world.brief.as_bytes()));
    let run = world.run(&[]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let state = world.state();
    for (text, most) in [
        (state.comments[0].3.as_str(), 65_536),
        (state.checks[0]["output"]["summary"].as_str().unwrap(), 65_535),
    ] {
        assert!((60_000..=most).contains(&text.chars().count()), "{}", text.chars().count());
        assert!(text.contains("**Cut:**") && text.contains(&run.outputs["words"]));
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    }
}

#[test]
fn nothing_hostile_comes_alive() {
    let world = World::of(HOSTILE, "review");
    let run = world.run(&[]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let text = world.state().comments[0].3.clone();
    assert_eq!(text.lines().next().unwrap().matches("-->").count(), 1, "{text}");
    assert!(!text.contains("<img") && !text.contains("@all"), "{text}");
    assert!(!run.summary.contains("<img"), "{}", run.summary);
    // The same image is found again.
    assert_eq!((world.run(&[]).code, world.state().comments.len()), (0, 1));
}
