//! Every way in which GitHub does not answer: each a sentence that says what was asked, and no hang.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use github::testing::{Answer, FakeGitHub};
use github::{ApiUrl, Client, Limits, Repository, Why};
use runner::Secret;

/// Enough on a busy machine: who answers has time for it.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(60),
    whole: Duration::from_secs(60),
    bytes: 1000,
    attempts: 2,
    pause: Duration::from_millis(10),
};

fn acme() -> Repository {
    "acme/images".parse().unwrap()
}

async fn asked(answer: Answer) -> (github::Error, usize) {
    let whole = match answer {
        Answer::Silence => Duration::from_millis(500),
        _ => LIMITS.whole,
    };
    let server = FakeGitHub::new(move |_| answer.clone());
    let limits = Limits { whole, ..LIMITS };
    let client = Client::with_limits(&server.url(""), Some(Secret::new("ghs_secret")), limits).unwrap();
    let error = client.environment(&acme(), "production").await.unwrap_err();
    (error, server.asked_at_least(1).len())
}

#[tokio::test]
async fn every_fault_has_its_sentence() {
    let with = |status, headers: &[(&'static str, &str)]| {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Answer::Whole(status, headers, r#"{"message":"Slow down"}"#.into())
    };
    let hostile = "\u{1b}[31mno\n::error::x\u{202e}";
    for (answer, sentence, questions) in [
        (
            Answer::error(401, "Bad credentials"),
            "401, the token is not valid (expired, or of another server): Bad credentials (needs a token with `actions: read`)",
            1,
        ),
        (
            Answer::error(403, "Resource not accessible by integration"),
            "403, forbidden: Resource not accessible by integration (needs a token with `actions: read`)",
            1,
        ),
        (
            Answer::error(404, "Not Found"),
            "404, not there, or hidden from this token (needs a token with `actions: read`)",
            1,
        ),
        (with(429, &[("retry-after", "17")]), "the rate limit is reached; again in 17 s", 1),
        (with(429, &[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")]), "the rate limit is reached", 1),
        (with(403, &[("x-ratelimit-remaining", "0")]), "the rate limit is reached", 1),
        (with(403, &[("retry-after", "60")]), "the rate limit is reached; again in 60 s", 1),
        (
            with(403, &[("x-ratelimit-remaining", "7")]),
            "403, forbidden: Slow down (needs a token with `actions: read`)",
            1,
        ),
        (Answer::error(500, hostile), "the server answered 500: no ::error::x", 2),
        (
            Answer::Whole(502, vec![], "<html>Bad Gateway".into()),
            "the server answered 502: <html>Bad Gateway",
            2,
        ),
        (Answer::Whole(418, vec![], String::new()), "the server answered 418: I'm a teapot", 1),
        (
            Answer::Whole(410, vec![], "x".repeat(900)),
            &format!("the server answered 410: {}… (600 bytes more)", "x".repeat(300)),
            1,
        ),
        (Answer::Silence, "no answer within 500ms", 1),
        (Answer::json(""), "the answer cannot be read: EOF while parsing a value at line 1 column 0", 1),
        (Answer::json("{"), "the answer cannot be read: EOF while parsing an object at line 1 column 1", 1),
        (
            Answer::json(r#"{"name":1}"#),
            "the answer cannot be read: name: invalid type: integer `1`, expected a string at line 1 column 9",
            1,
        ),
        (
            Answer::json(format!("\"{}\"", "x".repeat(2000))),
            "the answer cannot be read: it is longer than the 1000 bytes that are read",
            1,
        ),
    ] {
        let shown = format!("{answer:?}");
        let (error, count) = asked(answer).await;
        let expected = format!("GET /repos/acme/images/environments/production: {sentence}");
        assert_eq!(error.to_string(), expected, "{shown}");
        assert_eq!(count, questions, "{shown}");
        assert!(!format!("{error:?}").contains("ghs_secret"));
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_once_more() {
    for answer in [Answer::Cut, Answer::CutShort] {
        let shown = format!("{answer:?}");
        let (error, count) = asked(answer).await;
        assert!(matches!(error.why, Why::Unreachable(_)), "{shown}: {error}");
        assert_eq!(count, 2, "{shown}");
    }
    let server = FakeGitHub::new({
        let first = std::sync::atomic::AtomicBool::new(true);
        move |_| match first.swap(false, std::sync::atomic::Ordering::Relaxed) {
            true => Answer::Cut,
            false => Answer::json(
                r#"{"default_workflow_permissions":"read","can_approve_pull_request_reviews":false}"#,
            ),
        }
    });
    let client = Client::with_limits(&server.url(""), None, LIMITS).unwrap();
    assert!(!client.workflow_permissions(&acme()).await.unwrap().write);
}

#[tokio::test]
async fn where_nobody_listens_there_is_a_sentence_and_no_wait() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let begun = Instant::now();
    for (address, why) in
        [(format!("http://{free}"), "refused"), ("https://github.invalid".to_owned(), "(no network?)")]
    {
        let client = Client::with_limits(&ApiUrl::parse(&address).unwrap(), None, LIMITS).unwrap();
        let error = client.repository(&acme()).await.unwrap_err();
        assert!(matches!(error.why, Why::Unreachable(_)), "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
    // A resolver that is slow to say so is no wait of ours.
    assert!(begun.elapsed() < Duration::from_secs(90), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_token_that_is_no_line_is_refused_and_never_shown() {
    let server = FakeGitHub::new(|_| Answer::error(404, "Not Found"));
    let client = Client::new(&server.url(""), Some(Secret::new("ghs_a\nb: c"))).unwrap();
    let error = client.repository(&acme()).await.unwrap_err();
    assert!(matches!(error.why, Why::Unauthorized(_)), "{error}");
    assert!(!format!("{error} {error:?}").contains("ghs_a"));
    assert_eq!(server.asked(), []);
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    assert!(Client::new(&ApiUrl::parse("https://api.github.com").unwrap(), None).is_err());
}
