//! Runs that wait, comments and check runs: what GitHub answers, and what becomes of it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use github::testing::{Answer, FakeGitHub};
use github::{Cancelled, Check, Client, Conclusion, Limits, Person, PullRequest, Repository, Reviewer, Why};
use serde_json::{Value, json};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn acme() -> Repository {
    "acme/images".parse().unwrap()
}

fn client(server: &FakeGitHub) -> Client {
    let limits = Limits { pause: Duration::from_millis(1), ..Limits::default() };
    Client::with_limits(&server.url(""), None, limits).unwrap()
}

fn lines(server: &FakeGitHub) -> Vec<String> {
    server.asked().into_iter().map(|asked| asked.line).collect()
}

#[tokio::test]
async fn waiting_runs_are_read_to_the_end() {
    let server = FakeGitHub::new(|line| {
        let first = line.ends_with("page=1");
        let run = |id: usize| {
            json!({"id": id, "status": "waiting", "run_attempt": 2, "display_title": "a\u{1b}[31mb\nc",
            "run_started_at": "2026-11-26T05:00:00Z", "head_branch": null})
        };
        let runs: Vec<Value> = if first { (0..100).map(run).collect() } else { vec![json!({"id": 100})] };
        Answer::json(json!({"total_count": 101, "workflow_runs": runs}).to_string())
    });
    let runs = client(&server).waiting_runs(&acme(), Some("a/../b.yml")).await.unwrap();
    assert_eq!((runs.len(), runs[0].attempt, runs[100].attempt), (101, 2, 1));
    assert_eq!((runs[0].title.as_str(), &runs[0].branch), ("ab c", &None));
    assert_eq!(runs[0].started, Some("2026-11-26T05:00:00Z".parse().unwrap()));
    assert_eq!((runs[100].status.as_str(), runs[100].started), ("", None));
    let at = |page| {
        format!(
            "GET /repos/acme/images/actions/workflows/a%2F%2E%2E%2Fb%2Eyml/runs?status=waiting&per_page=100&page={page}"
        )
    };
    assert_eq!(lines(&server), [at(1), at(2)]);
}

#[tokio::test]
async fn an_answer_that_is_wrong_is_none() {
    for answer in [
        json!({"workflow_runs": []}),
        json!({"total_count": 1, "workflow_runs": []}),
        json!({"total_count": 1, "workflow_runs": [{"id": "7"}]}),
        json!({"total_count": 1, "workflow_runs": [{"id": 7, "run_started_at": "yesterday"}]}),
        json!([]),
    ] {
        let shown = answer.to_string();
        let server = FakeGitHub::new(move |_| Answer::json(answer.to_string()));
        let error = client(&server).waiting_runs(&acme(), None).await.unwrap_err();
        assert!(matches!(error.why, Why::Malformed(_)), "{shown}: {error}");
    }
}

#[tokio::test]
async fn what_waits_and_since_when() {
    let server = FakeGitHub::new(|line| {
        match line {
        "GET /repos/acme/images/actions/runs/7/pending_deployments" => Answer::json(
            json!([{"environment": {"id": 5, "name": "production"}, "current_user_can_approve": true, "wait_timer": 0,
                "reviewers": [{"type": "User", "reviewer": {"login": "ada"}}, {"type": "Team", "reviewer": {"slug": "security"}},
                    {"type": "User", "reviewer": null}]}, {"environment": {}}])
            .to_string(),
        ),
        _ => Answer::json(
            json!({"total_count": 2, "jobs": [
                {"name": "bake", "status": "completed", "conclusion": "success", "completed_at": "2026-11-26T05:00:00Z"},
                {"name": "publish", "status": "waiting", "conclusion": null, "completed_at": null}]})
            .to_string(),
        ),
    }
    });
    let client = client(&server);
    let pending = client.pending_deployments(&acme(), 7).await.unwrap();
    let names = [Reviewer::User("ada".into()), Reviewer::Team("security".into())];
    assert_eq!(
        (pending[0].reviewers.as_slice(), pending[0].current_user_can_approve),
        (names.as_slice(), true)
    );
    assert_eq!((pending[1].environment.name.as_str(), pending[1].current_user_can_approve), ("", false));
    let jobs = client.jobs(&acme(), 7, 2).await.unwrap();
    assert_eq!(jobs[0].completed, Some("2026-11-26T05:00:00Z".parse().unwrap()));
    assert_eq!((jobs[1].status.as_str(), jobs[1].completed), ("waiting", None));
    assert!(lines(&server)[1].starts_with("GET /repos/acme/images/actions/runs/7/attempts/2/jobs?"));
}

/// A call that changes something is made once, whatever comes of it.
#[tokio::test]
async fn a_run_is_ended_once() {
    for (answer, expected) in [
        (Answer::Whole(202, vec![], "{}".into()), Ok(Cancelled::Taken)),
        (Answer::Whole(202, vec![], String::new()), Ok(Cancelled::Taken)),
        (Answer::error(409, "Cannot cancel a workflow run that is completed."), Ok(Cancelled::Over)),
        (Answer::error(403, "no"), Err("actions: write")),
        (Answer::error(500, "no"), Err("500")),
        (Answer::Cut, Err("GitHub cannot be reached")),
    ] {
        let shown = format!("{answer:?}");
        let server = FakeGitHub::new(move |_| answer.clone());
        let found = client(&server).cancel(&acme(), 7).await;
        match (&found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(*found, expected, "{shown}"),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{shown}: {error}"),
            _ => assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{shown}"),
        }
        assert_eq!(lines(&server), ["POST /repos/acme/images/actions/runs/7/cancel"], "{shown}");
    }
}

#[tokio::test]
async fn comments_are_read_to_the_end_and_written_once() {
    let comment = |id: usize| {
        json!({"id": id, "body": "a\n<!-- x -->", "html_url": "https://x.example/1",
        "user": {"id": 41, "login": "github-actions[bot]", "type": "Bot"}})
    };
    let server = FakeGitHub::new(move |line| match line {
        line if line.starts_with("GET") && line.ends_with("page=1") => {
            Answer::json(Value::from((0..100).map(comment).collect::<Vec<_>>()).to_string())
        }
        line if line.starts_with("GET") => {
            Answer::json(json!([{"id": 100, "user": null, "body": null}]).to_string())
        }
        _ => Answer::Whole(201, vec![], comment(7).to_string()),
    });
    let client = client(&server);
    let found = client.comments(&acme(), 3).await.unwrap();
    assert_eq!((found.len(), found[0].body.as_str()), (101, "a\n<!-- x -->"));
    assert_eq!((found[100].body.as_str(), &found[100].by), ("", &None));
    let by = found[0].by.as_ref().unwrap();
    assert_eq!(
        (by.is_bot, by.account.clone()),
        (true, Person { id: 41, login: "github-actions[bot]".into() })
    );
    client.add_comment(&acme(), 3, "new").await.unwrap();
    client.change_comment(&acme(), 7, "newer").await.unwrap();
    let asked = server.asked();
    assert_eq!(asked[2].line, "POST /repos/acme/images/issues/3/comments");
    assert_eq!(asked[2].body, r#"{"body":"new"}"#);
    assert_eq!(asked[3].line, "PATCH /repos/acme/images/issues/comments/7");
}

#[tokio::test]
async fn whose_token_it_is() {
    for (answer, expected) in [
        (Answer::json(r#"{"id":1,"login":"ada"}"#), Ok(Some(1))),
        (Answer::error(403, "Resource not accessible by integration"), Ok(None)),
        (Answer::error(404, "Not Found"), Ok(None)),
        (Answer::error(401, "Bad credentials"), Err(())),
        (Answer::error(429, "slow"), Err(())),
        (Answer::Whole(403, vec![("retry-after", "9".into())], "{}".into()), Err(())),
        (Answer::error(500, "no"), Err(())),
    ] {
        let shown = format!("{answer:?}");
        let server = FakeGitHub::new(move |_| answer.clone());
        let found = client(&server).own_account().await;
        assert_eq!(found.map(|one| one.map(|one| one.id)).map_err(drop), expected, "{shown}");
    }
}

#[tokio::test]
async fn a_check_run_says_what_it_is() {
    let server =
        FakeGitHub::new(|_| Answer::Whole(201, vec![], r#"{"html_url":"https://x.example/2"}"#.into()));
    let check = Check {
        name: "Hallmark: app".into(),
        commit: COMMIT.parse().unwrap(),
        conclusion: Conclusion::ActionRequired,
        title: "t".into(),
        summary: "s".into(),
        external_id: "e".into(),
        details_url: None,
    };
    assert_eq!(client(&server).add_check(&acme(), &check).await.unwrap(), "https://x.example/2");
    let asked = server.asked();
    assert_eq!(asked[0].line, "POST /repos/acme/images/check-runs");
    let body: Value = serde_json::from_str(&asked[0].body).unwrap();
    assert_eq!(
        body,
        json!({"name": "Hallmark: app", "head_sha": COMMIT, "status": "completed", "conclusion": "action_required",
            "external_id": "e", "output": {"title": "t", "summary": "s"}})
    );
}

#[tokio::test]
async fn the_pull_requests_of_a_commit() {
    let server = FakeGitHub::new(|_| {
        Answer::json(
            json!([{"number": 3, "state": "open", "head": {"sha": COMMIT}}, {"number": 4, "state": "closed"}]).to_string(),
        )
    });
    let found = client(&server).pull_requests(&acme(), &COMMIT.parse().unwrap()).await.unwrap();
    let pull = |number, is_open, head: &str| PullRequest { number, is_open, head: head.into() };
    assert_eq!(found, [pull(3, true, COMMIT), pull(4, false, "")]);
}
