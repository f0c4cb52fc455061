//! A run, who agreed to it, and who wrote its commit: what GitHub answers, and what becomes of it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use github::testing::{Answer, FakeGitHub};
use github::{ApprovalState, Client, Commit, Limits, NamedEnvironment, Person, Repository, Why};
use serde_json::{Value, json};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn acme() -> Repository {
    "acme/images".parse().unwrap()
}

fn commit() -> Commit {
    COMMIT.parse().unwrap()
}

fn person(id: i64, login: &str) -> Person {
    Person { id, login: login.into() }
}

fn client(server: &FakeGitHub) -> Client {
    let limits = Limits { pause: Duration::from_millis(1), ..Limits::default() };
    Client::with_limits(&server.url(""), None, limits).unwrap()
}

#[tokio::test]
async fn a_run_is_read_and_its_commit_has_to_be_one() {
    let whole = json!({"id": 7, "run_attempt": 2, "head_sha": COMMIT, "event": "push", "path": ".github/workflows/x.yml",
        "actor": {"id": 1, "login": "ada"}, "triggering_actor": {"id": 2, "login": "bob\u{1b}[31m"}});
    let server = FakeGitHub::new(move |_| Answer::json(whole.to_string()));
    let run = client(&server).workflow_run(&acme(), 7).await.unwrap();
    assert_eq!((run.id, run.attempt, run.event.as_str()), (7, 2, "push"));
    assert_eq!((run.actor, run.triggering_actor), (Some(person(1, "ada")), Some(person(2, "bob"))));
    assert_eq!(server.asked()[0].line, "GET /repos/acme/images/actions/runs/7");

    let bare = json!({"id": 7, "head_sha": COMMIT, "event": "schedule", "actor": null});
    let server = FakeGitHub::new(move |_| Answer::json(bare.to_string()));
    let run = client(&server).workflow_run(&acme(), 7).await.unwrap();
    assert_eq!((run.attempt, run.actor, run.triggering_actor), (1, None, None));

    for (answer, part) in [
        (json!({"id": 7, "head_sha": "main", "event": "push"}), "is no commit"),
        (json!({"id": "7", "head_sha": COMMIT, "event": "push"}), "id: invalid type"),
        (
            json!({"id": 7, "head_sha": COMMIT, "event": "push", "actor": {"login": "ada"}}),
            "missing field `id`",
        ),
    ] {
        let server = FakeGitHub::new(move |_| Answer::json(answer.to_string()));
        let error = client(&server).workflow_run(&acme(), 7).await.unwrap_err();
        assert!(matches!(error.why, Why::Malformed(_)) && error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn what_was_said_to_a_run() {
    let answers = json!([
        {"state": "approved", "comment": "yes\n<b>now</b>", "user": {"id": 1, "login": "ada"},
            "environments": [{"id": 5, "name": "production"}, {"name": "canary"}]},
        {"state": "rejected", "comment": "", "user": {"id": 2, "login": "bob"}, "environments": [{"id": 5, "name": "production"}]},
        {"state": "pending", "comment": "", "user": null, "environments": []},
        {"state": "welcomed", "comment": null, "user": {"id": 3}, "environments": [{}]},
    ]);
    let server = FakeGitHub::new(move |_| Answer::json(answers.to_string()));
    let found = client(&server).approvals(&acme(), 7).await.unwrap();
    assert_eq!(server.asked()[0].line, "GET /repos/acme/images/actions/runs/7/approvals");
    let named = |id, name: &str| NamedEnvironment { id, name: name.into() };
    assert_eq!(found[0].environments, [named(Some(5), "production"), named(None, "canary")]);
    assert_eq!(found[0].comment, "yes\n<b>now</b>", "as it is: it is escaped where it is shown");
    let said: Vec<_> = found.iter().map(|one| (one.state, one.by.as_ref().map(|by| by.id))).collect();
    let expected = [
        (ApprovalState::Approved, Some(1)),
        (ApprovalState::Rejected, Some(2)),
        (ApprovalState::Open, None),
        (ApprovalState::Open, Some(3)),
    ];
    assert_eq!(said, expected);

    let long =
        json!([{"state": "approved", "comment": "x".repeat(17_000), "user": {"id": 1}, "environments": []}]);
    for (answer, part) in [(json!({"message": "?"}), "invalid type: map"), (long, "a comment is longer than")]
    {
        let server = FakeGitHub::new(move |_| Answer::json(answer.to_string()));
        let error = client(&server).approvals(&acme(), 7).await.unwrap_err();
        assert!(matches!(error.why, Why::Malformed(_)) && error.to_string().contains(part), "{error}");
    }
}

/// A commit with a pull request of so many commits, by author 10 and committer 11 upward.
fn written(commits: usize) -> FakeGitHub {
    let by = |n: usize| json!({"author": {"id": 10 + n, "login": "a"}, "committer": null});
    let page =
        move |page: usize| -> Value { (0..commits).skip((page - 1) * 100).take(100).map(by).collect() };
    FakeGitHub::new(move |line| {
        let path = line.strip_prefix("GET /repos/acme/images").unwrap();
        let answer = match path {
            path if path == format!("/commits/{COMMIT}") => {
                json!({"author": {"id": 1, "login": "ada"}, "committer": {}})
            }
            path if path == format!("/commits/{COMMIT}/pulls?per_page=100") => {
                json!([{"number": 4, "user": {"id": 2, "login": "bob"}}])
            }
            "/pulls/4/commits?per_page=100&page=1" => page(1),
            "/pulls/4/commits?per_page=100&page=2" => page(2),
            "/pulls/4/commits?per_page=100&page=3" => page(3),
            _ => return Answer::error(404, "Not Found"),
        };
        Answer::json(answer.to_string())
    })
}

#[tokio::test]
async fn everybody_who_wrote_a_change_is_named_once() {
    for (commits, questions) in [(0, 3), (2, 3), (99, 3), (100, 4), (249, 5)] {
        let server = written(commits);
        let writers = client(&server).writers(&acme(), &commit()).await.unwrap();
        assert_eq!(writers.known.len(), commits + 2, "{commits}");
        assert_eq!(writers.known[..2], [person(1, "ada"), person(2, "bob")], "{commits}");
        // Each commit's committer, and the head's, are of no account.
        assert_eq!((writers.unknown, server.asked().len()), (commits + 1, questions), "{commits}");
    }
    let error = client(&written(250)).writers(&acme(), &commit()).await.unwrap_err();
    assert!(error.to_string().contains("more commits than GitHub lists"), "{error}");
}

#[tokio::test]
async fn what_is_not_allowed_names_its_permission() {
    for (path, needs) in [
        ("/runs/7", "actions: read"),
        ("/approvals", "actions: read"),
        ("/commits/", "contents: read"),
        ("/pulls?", "pull-requests: read"),
    ] {
        let server = FakeGitHub::new(move |line| match (line.contains(path), line.contains("/pulls?")) {
            (true, _) => Answer::error(403, "Resource not accessible by integration"),
            (false, true) => Answer::json("[]"),
            (false, false) => Answer::json(r#"{"author":null,"committer":null}"#),
        });
        let client = client(&server);
        let error = match path {
            "/runs/7" => client.workflow_run(&acme(), 7).await.unwrap_err(),
            "/approvals" => client.approvals(&acme(), 7).await.unwrap_err(),
            _ => client.writers(&acme(), &commit()).await.unwrap_err(),
        };
        assert!(matches!(error.why, Why::Forbidden(_)), "{path}: {error}");
        assert!(error.to_string().ends_with(&format!("(needs a token with `{needs}`)")), "{path}: {error}");
    }
}
