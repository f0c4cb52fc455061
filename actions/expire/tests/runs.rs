//! Runs that wait, at a GitHub with a state: what is ended, what is left alone, and what is only told.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use expire::ACTION;
use github::testing::{Answer, Asked, FakeGitHub};
use runner::testing::{Harness, Run};
use serde_json::{Value, json};

const NOW: &str = "2026-11-26T12:00:00Z";
const REPOSITORY: &str = "/repos/acme/images";

/// A run of the server's.
#[derive(Clone)]
struct Waiting {
    status: &'static str,
    attempt: i64,
    environments: Vec<&'static str>,
    /// When its newest job ended.
    completed: Option<&'static str>,
    started: Option<&'static str>,
    title: &'static str,
    /// What is answered to its cancel, call by call; then 202.
    cancels: Vec<Answer>,
    /// Whether a call that fails was done all the same.
    done_anyway: bool,
    /// What it turns into once its pending deployments were read.
    turns: Option<&'static str>,
    unreadable: Option<Answer>,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            status: "waiting",
            attempt: 1,
            environments: vec!["production"],
            completed: Some("2026-11-25T11:00:00Z"),
            started: Some("2026-11-25T10:00:00Z"),
            title: "golden image",
            cancels: Vec::new(),
            done_anyway: false,
            turns: None,
            unreadable: None,
        }
    }
}

struct GitHub {
    server: FakeGitHub,
    runs: Arc<Mutex<BTreeMap<i64, Waiting>>>,
}

impl GitHub {
    fn new(runs: impl IntoIterator<Item = Waiting>) -> Self {
        let runs: BTreeMap<i64, Waiting> = (1..).zip(runs).collect();
        let runs = Arc::new(Mutex::new(runs));
        let state = Arc::clone(&runs);
        let server = FakeGitHub::with(move |asked| answer(&mut state.lock().unwrap(), asked));
        Self { server, runs }
    }

    fn run(&self, inputs: &[(&str, &str)]) -> Run {
        let mut harness = Harness::new()
            .now(NOW.parse().unwrap())
            .env("GITHUB_API_URL", self.server.url("").to_string())
            .input("workflow", "golden-image.yml")
            .input("timeout", "24h")
            .input("token", "ghs_secret");
        for (name, value) in inputs {
            harness = harness.input(name, value);
        }
        harness.run(&ACTION)
    }

    /// How often a run was told to end.
    fn cancels(&self, run: i64) -> usize {
        let line = format!("POST {REPOSITORY}/actions/runs/{run}/cancel");
        self.server.asked().iter().filter(|asked| asked.line == line).count()
    }

    fn status(&self, run: i64) -> &'static str {
        self.runs.lock().unwrap()[&run].status
    }
}

fn answer(runs: &mut BTreeMap<i64, Waiting>, asked: &Asked) -> Answer {
    let (method, path) = asked.line.split_once(' ').unwrap();
    let path = path.strip_prefix(REPOSITORY).unwrap();
    if path.starts_with("/actions/workflows/golden-image%2Eyml/runs?status=waiting&") {
        let waiting: Vec<Value> =
            runs.iter().filter(|(_, run)| run.status == "waiting").map(|(id, run)| shown(*id, run)).collect();
        return Answer::json(json!({"total_count": waiting.len(), "workflow_runs": waiting}).to_string());
    }
    let Some(rest) = path.strip_prefix("/actions/runs/") else { return Answer::error(404, "Not Found") };
    let (id, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let id: i64 = id.parse().unwrap();
    let Some(run) = runs.get_mut(&id) else { return Answer::error(404, "Not Found") };
    if let Some(answer) = &run.unreadable {
        return answer.clone();
    }
    match (method, rest) {
        ("GET", "") => Answer::json(shown(id, run).to_string()),
        ("GET", "pending_deployments") => {
            let all: Vec<Value> =
                run.environments.iter().map(|name| json!({"environment": {"id": 1, "name": name}})).collect();
            run.status = run.turns.take().unwrap_or(run.status);
            Answer::json(Value::from(all).to_string())
        }
        ("GET", jobs) if jobs.starts_with(&format!("attempts/{}/jobs?", run.attempt)) => {
            let mut jobs = vec![json!({"name": "publish", "status": "waiting", "completed_at": null})];
            jobs.extend(
                run.completed.map(|at| json!({"name": "bake", "status": "completed", "completed_at": at})),
            );
            Answer::json(json!({"total_count": jobs.len(), "jobs": jobs}).to_string())
        }
        ("POST", "cancel") => {
            if run.cancels.is_empty() {
                run.status = "cancelled";
                return Answer::Whole(202, vec![], "{}".to_owned());
            }
            if run.done_anyway {
                run.status = "cancelled";
            }
            run.cancels.remove(0)
        }
        _ => Answer::error(404, "Not Found"),
    }
}

fn shown(id: i64, run: &Waiting) -> Value {
    let (status, conclusion) = match run.status {
        "cancelled" => ("completed", Some("cancelled")),
        "success" => ("completed", Some("success")),
        other => (other, None),
    };
    json!({"id": id, "run_attempt": run.attempt, "status": status, "conclusion": conclusion, "display_title": run.title,
        "run_started_at": run.started})
}

/// What becomes of one run: its outputs, how often it was told to end, the exit code, and a part of what is said.
struct Case {
    name: &'static str,
    run: Waiting,
    expired: bool,
    waiting: bool,
    cancels: usize,
    code: u8,
    said: &'static str,
}

fn case(name: &'static str, run: Waiting, said: &'static str) -> Case {
    Case { name, run, expired: false, waiting: false, cancels: 0, code: 0, said }
}

#[test]
fn every_case() {
    let cut = || vec![Answer::Cut];
    let cases = [
        Case { expired: true, cancels: 1, ..case("over", Waiting::default(), "1 run ended") },
        Case {
            waiting: true,
            ..case(
                "in time",
                Waiting { completed: Some("2026-11-25T12:00:00Z"), ..Waiting::default() },
                "waits",
            )
        },
        Case {
            waiting: true,
            ..case(
                "begun long ago, and asked just now",
                Waiting {
                    completed: Some("2026-11-26T11:00:00Z"),
                    started: Some("2026-11-20T00:00:00Z"),
                    ..Waiting::default()
                },
                "waits",
            )
        },
        Case {
            expired: true,
            cancels: 1,
            ..case(
                "no job before it, begun long ago",
                Waiting { completed: None, ..Waiting::default() },
                "1 run ended",
            )
        },
        Case {
            waiting: true,
            ..case(
                "no job before it, begun just now",
                Waiting { completed: None, started: Some("2026-11-26T11:00:00Z"), ..Waiting::default() },
                "waits",
            )
        },
        Case {
            code: 2,
            ..case(
                "nobody says since when",
                Waiting { completed: None, started: None, ..Waiting::default() },
                "does not say since when",
            )
        },
        Case {
            expired: true,
            cancels: 1,
            ..case("in a second attempt", Waiting { attempt: 2, ..Waiting::default() }, "1 run ended")
        },
        case(
            "nothing of it waits any more",
            Waiting { environments: vec![], ..Waiting::default() },
            "went on or ended by itself",
        ),
        case(
            "approved between the look and the call",
            Waiting { turns: Some("in_progress"), ..Waiting::default() },
            "went on or ended by itself",
        ),
        case(
            "ended by somebody between the look and the call",
            Waiting { turns: Some("cancelled"), ..Waiting::default() },
            "went on or ended by itself",
        ),
        Case {
            cancels: 1,
            ..case(
                "ended by somebody at the very moment",
                Waiting {
                    cancels: vec![Answer::error(409, "over")],
                    done_anyway: true,
                    ..Waiting::default()
                },
                "went on or ended by itself",
            )
        },
        Case {
            cancels: 1,
            code: 2,
            ..case(
                "not to be ended",
                Waiting { cancels: vec![Answer::error(409, "Cannot cancel")], ..Waiting::default() },
                "GitHub does not end it",
            )
        },
        Case {
            expired: true,
            cancels: 1,
            ..case(
                "the answer broke off, and it was done",
                Waiting { cancels: cut(), done_anyway: true, ..Waiting::default() },
                "1 run ended",
            )
        },
        Case {
            expired: true,
            cancels: 2,
            ..case(
                "the call broke off, and it was not done",
                Waiting { cancels: cut(), ..Waiting::default() },
                "1 run ended",
            )
        },
        Case {
            code: 2,
            cancels: 2,
            ..case(
                "the server is in trouble",
                Waiting {
                    cancels: vec![Answer::error(500, "no"), Answer::error(502, "no")],
                    ..Waiting::default()
                },
                "the server answered 502",
            )
        },
        Case {
            code: 2,
            cancels: 1,
            ..case(
                "the token may not",
                Waiting {
                    cancels: vec![Answer::error(403, "Resource not accessible")],
                    ..Waiting::default()
                },
                "actions: write",
            )
        },
        Case {
            code: 2,
            cancels: 1,
            ..case(
                "the limit is reached",
                Waiting { cancels: vec![Answer::error(429, "slow")], ..Waiting::default() },
                "rate limit",
            )
        },
        Case {
            code: 2,
            ..case(
                "it cannot be read",
                Waiting { unreadable: Some(Answer::json("[")), ..Waiting::default() },
                "cannot be read",
            )
        },
    ];
    for case in cases {
        let github = GitHub::new([case.run]);
        let run = github.run(&[]);
        assert_eq!(run.code, case.code, "{}: {}", case.name, run.stdout);
        let id = |is: bool| if is { "1" } else { "" };
        assert_eq!(run.outputs["expired"], id(case.expired), "{}: {}", case.name, run.stdout);
        assert_eq!(run.outputs["waiting"], id(case.waiting), "{}", case.name);
        assert_eq!(github.cancels(1), case.cancels, "{}", case.name);
        assert!(run.stdout.contains(case.said), "{}: {}", case.name, run.stdout);
        assert_eq!(github.status(1) == "cancelled" && case.expired, case.expired, "{}", case.name);
        for asked in github.server.asked() {
            assert!(
                !asked.line.contains("pending_deployments") || asked.line.starts_with("GET"),
                "{}",
                asked.line
            );
        }
    }
}

/// One that cannot be read keeps no other from being looked at.
#[test]
fn each_run_by_itself() {
    let broken = Waiting { unreadable: Some(Answer::error(500, "no")), ..Waiting::default() };
    let in_time = Waiting { completed: Some("2026-11-26T11:00:00Z"), ..Waiting::default() };
    let github = GitHub::new([broken, Waiting::default(), in_time, Waiting::default()]);
    let run = github.run(&[]);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert_eq!((run.outputs["expired"].as_str(), run.outputs["waiting"].as_str()), ("2\n4", "3"));
    assert!(run.stdout.contains("1 run or workflow could not be settled"), "{}", run.stdout);
    assert!(run.summary.starts_with("## 2 runs ended"), "{}", run.summary);
}

#[test]
fn only_what_waits_for_what_was_named() {
    let run =
        |environments: &[&'static str]| Waiting { environments: environments.to_vec(), ..Waiting::default() };
    let github = GitHub::new([run(&["docs"]), run(&["docs", "Production"]), run(&["canary"])]);
    let found = github.run(&[("environments", "production\ncanary")]);
    assert_eq!(found.code, 0, "{}", found.stdout);
    assert_eq!(found.outputs["expired"], "2\n3");
    assert_eq!(github.cancels(1), 0);
}

#[test]
fn a_dry_run_ends_nothing() {
    let github = GitHub::new([Waiting::default()]);
    let run = github.run(&[("dry-run", "true")]);
    assert_eq!((run.code, run.outputs["expired"].as_str()), (0, "1"), "{}", run.stdout);
    assert!(run.stdout.contains("1 run would be ended"), "{}", run.stdout);
    assert!(github.server.asked().iter().all(|asked| asked.line.starts_with("GET ")));
    assert_eq!(github.status(1), "waiting");
}

#[test]
fn a_title_is_only_text() {
    let github =
        GitHub::new([Waiting { title: "@all <img src=x> [x](y)\n::error::x|", ..Waiting::default() }]);
    let run = github.run(&[]);
    assert!(
        !run.summary.contains("<img") && !run.summary.contains("@all") && !run.summary.contains("](y)"),
        "{}",
        run.summary
    );
    assert!(!run.stdout.lines().any(|line| line.starts_with("::error::x")), "{}", run.stdout);
}

#[test]
fn what_is_wrong_is_said_before_anything_is_asked() {
    let github = GitHub::new([Waiting::default()]);
    for (name, value, part) in [
        ("workflow", "", "workflow"),
        ("workflow", ".github/workflows/golden-image.yml", "without its folder"),
        ("workflow", "golden-image", "no workflow file"),
        ("timeout", "", "timeout"),
        ("timeout", "soon", "timeout"),
        ("token", "", "token"),
        ("repository", "images", "owner/name"),
        ("api-url", "http://api.github.com", "HTTPS"),
    ] {
        let run = github.run(&[(name, value)]);
        assert_eq!(run.code, 2, "{name}={value}: {}", run.stdout);
        assert!(run.stdout.contains(part), "{name}={value}: {}", run.stdout);
    }
    assert!(github.server.asked().is_empty());
}

#[test]
fn a_workflow_that_is_not_there_is_an_error_and_hides_no_other() {
    let github = GitHub::new([Waiting::default()]);
    let run = github.run(&[("workflow", "gone.yml, golden-image.yml")]);
    assert_eq!((run.code, run.outputs["expired"].as_str()), (2, "1"), "{}", run.stdout);
    assert!(run.stdout.contains("runs of gone.yml"), "{}", run.stdout);
}
