//! Uploads to code scanning, and snapshots of dependencies: every way in which GitHub does not take them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use github::testing::{Answer, FakeGitHub};
use github::{
    Built, Client, Commit, Dependency, Detector, Error, Gzipped, Lacking, Limits, Processing, Repository,
    SarifUpload, Snapshot, Why,
};
use runner::Secret;
use serde_json::{Value, json};

fn acme() -> Repository {
    "acme/images".parse().unwrap()
}

fn commit() -> Commit {
    "0123456789abcdef0123456789abcdef01234567".parse().unwrap()
}

/// Enough on a busy machine: who answers has time for it.
const LONG: Duration = Duration::from_secs(60);

fn client(server: &FakeGitHub, path: &str, whole: Duration) -> Client {
    let limits = Limits { pause: Duration::from_millis(1), whole, connect: LONG, ..Limits::default() };
    Client::with_limits(&server.url(path), Some(Secret::new("ghs_secret")), limits).unwrap()
}

async fn upload(server: &FakeGitHub, path: &str) -> Result<String, Error> {
    upload_within(server, path, LONG).await
}

async fn upload_within(server: &FakeGitHub, path: &str, whole: Duration) -> Result<String, Error> {
    let (commit, gzipped) = (commit(), Gzipped::of(b"{}").unwrap());
    let upload = SarifUpload {
        commit: &commit,
        reference: "refs/heads/main",
        checkout: None,
        started: None,
        tool: None,
        validate: false,
        gzipped: &gzipped,
    };
    client(server, path, whole).upload_sarif(&acme(), &upload).await
}

fn with(status: u16, headers: &[(&'static str, &str)], said: &str) -> Answer {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Answer::Whole(status, headers, json!({"message": said}).to_string())
}

fn taken() -> Answer {
    Answer::Whole(202, vec![], r#"{"id":"abc","url":"x"}"#.to_owned())
}

/// Gives these answers one after the other; the last again and again.
fn in_turn(answers: Vec<Answer>) -> FakeGitHub {
    let mut answers = answers.into_iter().peekable();
    let mut last = Answer::Cut;
    FakeGitHub::with(move |_| {
        if let Some(next) = answers.next() {
            last = next;
        }
        last.clone()
    })
}

#[tokio::test]
async fn what_goes_up_and_where() {
    let server = in_turn(vec![taken()]);
    assert_eq!(upload(&server, "/api/v3").await.unwrap(), "abc");
    let asked = server.asked();
    assert_eq!(asked[0].line, "POST /api/v3/repos/acme/images/code-scanning/sarifs");
    assert_eq!(asked[0].header("authorization"), Some("Bearer ghs_secret"));
    let body: Value = serde_json::from_str(&asked[0].body).unwrap();
    let members: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["commit_sha", "ref", "sarif"], "what is not known is left out");
}

#[tokio::test]
async fn every_refusal_is_said_at_once_and_told_apart() {
    let licence = "Advanced Security must be enabled for this repository to use code scanning.";
    for (answer, says, lacking) in [
        (with(400, &[], "Invalid SARIF"), "the server answered 400: Invalid SARIF", None),
        (with(401, &[], "Bad credentials"), "401, the token is not valid", None),
        (with(403, &[], licence), "Advanced Security must be enabled", Some(Lacking::Licence)),
        (
            with(403, &[], "Resource not accessible by integration"),
            "needs a token with `security-events: write`",
            Some(Lacking::Permission),
        ),
        (with(403, &[], "Repository was archived so is read-only."), "archived", None),
        (with(404, &[], "Not Found"), "404, not there", Some(Lacking::NotThere)),
        (with(413, &[], "too large"), "the server answered 413: too large", None),
        (with(422, &[], "ref is not valid"), "the server answered 422", None),
        (with(429, &[("retry-after", "3600")], ""), "the rate limit is reached; again in 3600 s", None),
        (with(403, &[("retry-after", "3600")], "x"), "the rate limit is reached; again in 3600 s", None),
        (Answer::json("{}"), "the answer cannot be read: missing field `id`", None),
        (Answer::json("<html>"), "the answer cannot be read", None),
    ] {
        let shown = format!("{answer:?}");
        let server = in_turn(vec![answer]);
        let error = upload(&server, "").await.unwrap_err();
        assert!(error.to_string().contains(says), "{shown}: {error}");
        assert_eq!(Lacking::of(&error), lacking, "{shown}");
        assert_eq!(server.asked().len(), 1, "{shown}");
        assert!(!format!("{error:?}").contains("ghs_secret"));
    }
}

#[tokio::test]
async fn trouble_is_waited_out_and_not_for_ever() {
    for trouble in [
        with(500, &[], "x"),
        with(503, &[], "x"),
        with(429, &[("retry-after", "0")], "x"),
        with(429, &[], "x"),
        with(403, &[("x-ratelimit-remaining", "0")], "x"),
        with(403, &[], "You have exceeded a secondary rate limit."),
        Answer::Cut,
        Answer::CutShort,
    ] {
        let shown = format!("{trouble:?}");
        let server = in_turn(vec![trouble.clone(), trouble.clone(), taken()]);
        assert_eq!(upload(&server, "").await.unwrap(), "abc", "{shown}");
        assert_eq!(server.asked().len(), 3, "{shown}");
        let server = in_turn(vec![trouble]);
        let error = upload(&server, "").await.unwrap_err();
        assert_eq!((server.asked().len(), Lacking::of(&error)), (4, None), "{shown}: {error}");
    }
    // One that says nothing: where there is an answer in the end, it has more time than where there is none.
    let server = in_turn(vec![Answer::Silence, taken()]);
    assert_eq!(upload_within(&server, "", Duration::from_secs(2)).await.unwrap(), "abc");
    let server = in_turn(vec![Answer::Silence]);
    let error = upload_within(&server, "", Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(error.why, Why::TimedOut(_)), "{error}");
    assert_eq!(server.asked_at_least(4).len(), 4);
}

#[tokio::test]
async fn a_wish_to_wait_is_heard() {
    let server = in_turn(vec![with(429, &[("retry-after", "1")], "x"), taken()]);
    let begun = Instant::now();
    assert_eq!(upload(&server, "").await.unwrap(), "abc");
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
}

async fn processed(answers: Vec<Answer>, within: Duration) -> (Result<Processing, Error>, usize) {
    let server = in_turn(answers);
    let found = client(&server, "", LONG).sarif_processed(&acme(), "a/b", within).await;
    let asked = server.asked();
    let place = "GET /repos/acme/images/code-scanning/sarifs/a%2Fb";
    assert!(asked.iter().all(|asked| asked.line == place), "{asked:?}");
    (found, asked.len())
}

#[tokio::test]
async fn it_is_asked_until_github_is_done() {
    let status = |word: &str| Answer::json(json!({"processing_status": word}).to_string());
    let (found, asked) = processed(
        vec![
            with(404, &[], "Not Found"),
            status("pending"),
            with(502, &[], "x"),
            with(502, &[], "x"),
            with(429, &[("retry-after", "0")], "x"),
            status("complete"),
        ],
        LONG,
    )
    .await;
    assert_eq!((found.unwrap(), asked), (Processing::Complete, 6));

    let failed = json!({"processing_status": "failed", "errors": ["no\u{1b}[31m tool\n::error::x"]});
    let (found, _) = processed(vec![status("pending"), Answer::json(failed.to_string())], LONG).await;
    assert_eq!(found.unwrap(), Processing::Failed(vec!["no tool ::error::x".to_owned()]));
    let (found, _) = processed(vec![status("failed")], LONG).await;
    assert_eq!(found.unwrap(), Processing::Failed(vec![]));

    for (answer, says) in [
        (status("sleeping"), "processing_status is sleeping"),
        (status("Complete"), "processing_status is Complete"),
        (Answer::json("{}"), "processing_status is not there"),
        (Answer::json("["), "cannot be read"),
        (with(403, &[], "Resource not accessible by integration"), "403, forbidden"),
        (with(401, &[], "Bad credentials"), "401"),
    ] {
        let (found, asked) = processed(vec![answer], LONG).await;
        let error = found.unwrap_err().to_string();
        assert!(error.contains(says), "wanted {says}: {error}");
        assert_eq!(asked, 1, "{says}");
    }
}

#[tokio::test]
async fn when_the_time_is_up_it_is_said_what_is_known() {
    let short = Duration::from_millis(50);
    // A busy machine takes its time for the first question.
    let twice = Duration::from_secs(3);
    let pending = Answer::json(r#"{"processing_status":"pending"}"#);
    assert_eq!(processed(vec![pending], short).await.0.unwrap(), Processing::Pending);
    // What GitHub never knew is not on its way.
    let (found, asked) = processed(vec![with(404, &[], "Not Found")], twice).await;
    assert_eq!(found.unwrap_err().why, Why::NotFound);
    assert!(asked > 1);
    let (found, _) = processed(vec![with(503, &[], "x")], short).await;
    assert!(matches!(found.unwrap_err().why, Why::Status(503, _)));
    let begun = Instant::now();
    let (found, asked) = processed(vec![with(429, &[("retry-after", "60")], "x")], short).await;
    assert!(matches!(found.unwrap_err().why, Why::RateLimited(_)));
    assert!(begun.elapsed() < Duration::from_secs(50) && asked == 1, "{:?}", begun.elapsed());
}

fn snapshot(commit: &Commit) -> Snapshot<'_> {
    let built = Built {
        commit,
        reference: "refs/heads/main",
        job: "7",
        correlator: "sbom web amd64",
        detector: Detector { name: "Syft", version: "1", url: "https://x" },
        scanned: jiff::Timestamp::UNIX_EPOCH,
        name: "web",
        location: Some("images/web.yml"),
    };
    let one = |purl, needs: &[&'static str], indirect| Dependency {
        purl,
        indirect,
        development: indirect,
        needs: needs.to_vec(),
    };
    Snapshot::of(
        &built,
        [one("pkg:a", &["pkg:b"], true), one("pkg:b", &[], true), one("pkg:a", &["pkg:c", "pkg:b"], false)],
    )
}

#[tokio::test]
async fn a_snapshot_as_github_takes_it() {
    let commit = commit();
    let created = |result: &str| {
        let body = json!({"id": 1, "created_at": "x", "result": result, "message": "said\nso"});
        Answer::Whole(201, vec![], body.to_string())
    };
    let server = in_turn(vec![with(502, &[], "x"), created("ACCEPTED")]);
    let answer = client(&server, "", LONG).submit_dependencies(&acme(), &snapshot(&commit)).await.unwrap();
    assert_eq!(answer, ("ACCEPTED".to_owned(), "said so".to_owned()));
    let asked = server.asked();
    assert_eq!(
        (asked.len(), asked[0].line.as_str()),
        (2, "POST /repos/acme/images/dependency-graph/snapshots")
    );
    let body: Value = serde_json::from_str(&asked[0].body).unwrap();
    assert_eq!(
        body,
        json!({
            "version": 0, "sha": commit.as_str(), "ref": "refs/heads/main",
            "job": {"id": "7", "correlator": "sbom web amd64"},
            "detector": {"name": "Syft", "version": "1", "url": "https://x"},
            "scanned": "1970-01-01T00:00:00Z",
            "manifests": {"web": {"name": "web", "file": {"source_location": "images/web.yml"}, "resolved": {
                "pkg:a": {"package_url": "pkg:a", "relationship": "direct", "scope": "runtime",
                    "dependencies": ["pkg:b", "pkg:c"]},
                "pkg:b": {"package_url": "pkg:b", "relationship": "indirect", "scope": "development"},
            }}},
        })
    );

    for (answer, says) in [
        (created("INVALID"), "INVALID: said so"),
        (created("MAYBE"), "MAYBE"),
        (Answer::json("{}"), "missing field `result`"),
        (with(403, &[], "Resource not accessible by integration"), "`contents: write`"),
        (with(404, &[], "The Dependency graph is disabled"), "dependency graph"),
        (with(422, &[], "bad purl"), "422: bad purl"),
    ] {
        let server = in_turn(vec![answer]);
        let error =
            client(&server, "", LONG).submit_dependencies(&acme(), &snapshot(&commit)).await.unwrap_err();
        assert!(error.to_string().contains(says), "wanted {says}: {error}");
        assert_eq!(server.asked().len(), 1, "{says}");
    }
}
