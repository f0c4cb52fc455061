//! Issues: what is asked and sent, what of the answers counts, and every way in which GitHub does not do it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use github::testing::{Answer, FakeGitHub};
use github::{Client, CloseReason, Draft, Error, Limits, Person, Repository, Why};
use runner::Secret;
use serde_json::{Value, json};

/// Enough on a busy machine: who answers has time for it.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(60),
    whole: Duration::from_secs(60),
    bytes: 100_000,
    attempts: 3,
    pause: Duration::from_millis(10),
};

fn acme() -> Repository {
    "acme/images".parse().unwrap()
}

fn client(server: &FakeGitHub) -> Client {
    within(server, LIMITS)
}

fn within(server: &FakeGitHub, limits: Limits) -> Client {
    Client::with_limits(&server.url(""), Some(Secret::new("ghs_secret")), limits).unwrap()
}

fn always(answer: Answer) -> FakeGitHub {
    FakeGitHub::new(move |_| answer.clone())
}

fn draft() -> Draft {
    Draft {
        title: "a".to_owned(),
        body: "b".to_owned(),
        labels: vec!["l".to_owned()],
        assignees: vec!["ada".to_owned()],
    }
}

fn issue(number: i64) -> Value {
    json!({"id": number, "number": number, "user": {"id": 7, "login": "bot"}, "title": "t", "body": "b",
        "html_url": format!("https://github.com/acme/images/issues/{number}")})
}

#[tokio::test]
async fn a_list_is_read_to_its_end_and_has_no_pull_requests() {
    let server = FakeGitHub::new(|line| {
        let page = |first: i64, last: i64| Value::from((first..=last).map(issue).collect::<Vec<_>>());
        let list = if line.ends_with("&page=1") { page(1, 100) } else { page(101, 102) };
        let mut list = list.as_array().unwrap().clone();
        if line.ends_with("&page=2") {
            list[0]["pull_request"] = json!({"url": "x"});
            list[1]["user"] = Value::Null;
            list[1]["body"] = Value::Null;
        }
        Answer::json(Value::from(list).to_string())
    });
    let issues = client(&server).open_issues(&acme(), "re gate/x&y").await.unwrap();
    assert_eq!(issues.len(), 101);
    assert_eq!(issues[0].author, Some(Person { id: 7, login: "bot".to_owned() }));
    assert_eq!((issues[100].number, &issues[100].author, issues[100].body.as_str()), (102, &None, ""));
    let asked: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    let page = |n| {
        format!(
            "GET /repos/acme/images/issues?labels=re%20gate%2Fx%26y&state=open&sort=created&direction=asc&per_page=100&page={n}"
        )
    };
    assert_eq!(asked, [page(1), page(2)]);
}

#[tokio::test]
async fn a_list_without_an_end_is_no_list() {
    let full: Vec<Value> = (1..=100).map(issue).collect();
    let server = always(Answer::json(Value::from(full).to_string()));
    let error = client(&server).open_issues(&acme(), "l").await.unwrap_err();
    assert!(error.to_string().contains("more than the 5000 entries"), "{error}");
    assert_eq!(server.asked().len(), 50);
}

#[tokio::test]
async fn what_is_sent() {
    let server = always(Answer::Whole(201, Vec::new(), issue(9).to_string()));
    let client = client(&server);
    assert_eq!(client.create_issue(&acme(), &draft()).await.unwrap().number, 9);
    client.rewrite_issue(&acme(), 9, "c", "d").await.unwrap();
    client.add_comment(&acme(), 9, "e").await.unwrap();
    client.close_issue(&acme(), 9, CloseReason::Completed).await.unwrap();
    client.close_issue(&acme(), 9, CloseReason::NotPlanned).await.unwrap();
    let sent: Vec<(String, Value)> =
        server.asked().into_iter().map(|one| (one.line, serde_json::from_str(&one.body).unwrap())).collect();
    let wanted = [
        (
            "POST /repos/acme/images/issues",
            json!({"title": "a", "body": "b", "labels": ["l"], "assignees": ["ada"]}),
        ),
        ("PATCH /repos/acme/images/issues/9", json!({"title": "c", "body": "d"})),
        ("POST /repos/acme/images/issues/9/comments", json!({"body": "e"})),
        ("PATCH /repos/acme/images/issues/9", json!({"state": "closed", "state_reason": "completed"})),
        ("PATCH /repos/acme/images/issues/9", json!({"state": "closed", "state_reason": "not_planned"})),
    ];
    assert_eq!(sent, wanted.map(|(line, body)| (line.to_owned(), body)));
}

#[tokio::test]
async fn whose_the_token_is() {
    let bot = json!({"id": 41_898_282, "login": "github-actions[bot]"}).to_string();
    for (user, asked) in [
        (Answer::json(bot.clone()), vec!["GET /user"]),
        (
            Answer::error(403, "Resource not accessible by integration"),
            vec!["GET /user", "GET /users/github-actions%5Bbot%5D"],
        ),
    ] {
        let bot = bot.clone();
        let server = FakeGitHub::new(move |line| match line {
            "GET /user" => user.clone(),
            _ => Answer::json(bot.clone()),
        });
        let found = client(&server).own_account_or("github-actions[bot]").await.unwrap();
        assert_eq!(found.id, 41_898_282);
        let lines: Vec<String> = server.asked().into_iter().map(|one| one.line).collect();
        assert_eq!(lines, asked);
    }
    let error = client(&always(Answer::error(401, "Bad credentials"))).own_account_or("x").await.unwrap_err();
    assert!(matches!(error.why, Why::Unauthorized(_)), "{error}");
}

async fn call(client: &Client, at: usize) -> Result<(), Error> {
    match at {
        0 => client.create_issue(&acme(), &draft()).await.map(drop),
        1 => client.rewrite_issue(&acme(), 9, "c", "d").await,
        2 => client.add_comment(&acme(), 9, "e").await.map(drop),
        _ => client.close_issue(&acme(), 9, CloseReason::Completed).await,
    }
}

#[tokio::test]
async fn every_fault_has_its_sentence_and_no_change_is_made_twice() {
    for (answer, sentence, hint) in [
        (Answer::error(401, "Bad credentials"), "401, the token is not valid", true),
        (Answer::error(403, "Resource not accessible"), "403, forbidden: Resource not accessible", true),
        (Answer::error(404, "Not Found"), "404, not there, or hidden from this token", true),
        (
            Answer::error(410, "Issues are disabled for this repo"),
            "the server answered 410: Issues are disabled",
            false,
        ),
        (Answer::error(422, "Validation Failed"), "the server answered 422: Validation Failed", false),
        (Answer::error(429, "Slow down"), "the rate limit is reached", false),
        (Answer::error(503, "Down"), "the server answered 503: Down", false),
        (Answer::Silence, "no answer within 500ms", false),
        (Answer::Cut, "GitHub cannot be reached", false),
        (Answer::CutShort, "GitHub cannot be reached", false),
    ] {
        let whole = match answer {
            Answer::Silence => Duration::from_millis(500),
            _ => LIMITS.whole,
        };
        for at in 0..4 {
            let server = always(answer.clone());
            let error = call(&within(&server, Limits { whole, ..LIMITS }), at).await.unwrap_err();
            assert!(error.to_string().contains(sentence), "{sentence}\n{error}");
            assert_eq!(error.to_string().contains("issues: write"), hint, "{error}");
            assert_eq!(server.asked_at_least(1).len(), 1, "{answer:?}");
        }
    }
    // It was made, and nobody knows which number it has.
    let server = always(Answer::Whole(201, Vec::new(), "{}".to_owned()));
    let error = call(&client(&server), 0).await.unwrap_err();
    assert!(
        error.to_string().starts_with("POST /repos/acme/images/issues: the answer cannot be read"),
        "{error}"
    );
    assert_eq!(server.asked().len(), 1);
}
