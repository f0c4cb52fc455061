//! Speaking to deployments, artifacts and proposals: what GitHub answers, and what becomes of it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::time::Duration;

use github::testing::{Answer as Answers, FakeGitHub};
use github::{Answer, Client, Error, Limits, Repository, Why};
use runner::Secret;
use serde_json::{Value, json};

fn acme() -> Repository {
    "acme/images".parse().unwrap()
}

fn client(server: &FakeGitHub) -> Client {
    let limits = Limits { pause: Duration::from_millis(1), ..Limits::default() };
    Client::with_limits(&server.url(""), Some(Secret::new("ghp_secret")), limits).unwrap()
}

fn file() -> File {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let name = format!("{:?}-{}", std::thread::current().id(), std::process::id());
    let path = path.join(name.replace(['(', ')'], ""));
    let file = File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    file
}

#[tokio::test]
async fn what_is_said_is_said_once() {
    let server = FakeGitHub::new(|_| Answers::json("[]"));
    client(&server).review_deployments(&acme(), 7, &[3, 4], Answer::Reject, "no\n\"x\"").await.unwrap();
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].line, "POST /repos/acme/images/actions/runs/7/pending_deployments");
    let body: Value = serde_json::from_str(&asked[0].body).unwrap();
    assert_eq!(body, json!({"environment_ids": [3, 4], "state": "rejected", "comment": "no\n\"x\""}));

    for answer in
        [Answers::error(500, "oops"), Answers::Cut, Answers::error(422, "x"), Answers::error(403, "x")]
    {
        let server = FakeGitHub::new(move |_| answer.clone());
        let said = client(&server).review_deployments(&acme(), 7, &[3], Answer::Approve, "").await;
        assert_eq!((said.unwrap_err().needs, server.asked().len()), ("deployments: write", 1));
    }
    // Nobody is spoken to by mistake.
    assert!(client(&server).review_deployments(&acme(), 7, &[], Answer::Approve, "").await.is_err());
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn artifacts_are_those_of_the_run() {
    let one = |id: i64, of: Value| json!({"id": id, "name": "a\u{1b}[31mb", "size_in_bytes": 5, "expired": false, "workflow_run": of});
    for (answer, part) in [
        (json!({"total_count": 1, "artifacts": [one(1, json!({"id": 7}))]}), ""),
        (json!({"total_count": 1, "artifacts": [one(1, Value::Null)]}), ""),
        (json!({"total_count": 1, "artifacts": [one(1, json!({"id": 8}))]}), "is of run 8"),
        (json!({"total_count": 2, "artifacts": []}), "says that there are more"),
        (json!({"total_count": 1, "artifacts": [{"id": 1}]}), "cannot be read"),
        (json!([]), "cannot be read"),
    ] {
        let text = answer.to_string();
        let server = FakeGitHub::new(move |_| Answers::json(text.clone()));
        match client(&server).artifacts(&acme(), 7).await {
            Ok(found) => {
                assert_eq!((part, found[0].name.as_str(), &found[0].sha256), ("", "ab", &None), "{answer}");
            }
            Err(error) => assert!(!part.is_empty() && error.to_string().contains(part), "{answer}: {error}"),
        }
    }
}

async fn download(server: &FakeGitHub, limit: u64) -> Result<String, Error> {
    let mut to = file();
    client(server).download_artifact(&acme(), 9, limit, to.try_clone().unwrap()).await?;
    to.rewind().unwrap();
    let mut text = String::new();
    to.read_to_string(&mut text).unwrap();
    Ok(text)
}

#[tokio::test]
async fn an_archive_lies_elsewhere_and_the_token_stays_here() {
    let elsewhere = FakeGitHub::new(|_| Answers::Bytes(b"archive".to_vec()));
    let place = format!("{}/x?sig=permission", elsewhere.url(""));
    let to = |place: String| Answers::Whole(302, vec![("location", place)], String::new());
    let there = place.clone();
    // One more redirect on the same server is a repository that was renamed.
    let server = FakeGitHub::new(move |line| match line {
        "GET /repos/acme/images/actions/artifacts/9/zip" => to("/renamed".to_owned()),
        _ => to(there.clone()),
    });
    assert_eq!(download(&server, 100).await.unwrap(), "archive");
    assert!(server.asked().iter().all(|asked| asked.header("authorization") == Some("Bearer ghp_secret")));
    assert_eq!((server.asked().len(), elsewhere.asked().len()), (2, 1));
    assert_eq!(elsewhere.asked()[0].header("authorization"), None);

    for (answer, limit, part) in [
        (to(place.clone()), 6, "longer than the 6 bytes"),
        (to("http://127.0.0.1:1/x?sig=permission".to_owned()), 100, "cannot be reached"),
        (to("file:///etc/passwd".to_owned()), 100, ""),
        (Answers::Whole(302, vec![], String::new()), 100, "leads nowhere"),
        (to("/repos/acme/images/actions/artifacts/9/zip".to_owned()), 100, "on and on"),
        (Answers::error(410, "Artifact has expired"), 100, "410: Artifact has expired"),
        (Answers::error(404, "Not Found"), 100, "404"),
        (Answers::error(403, "no"), 100, "needs a token with `actions: read`"),
        (Answers::Whole(429, vec![("retry-after", "9".into())], "{}".into()), 100, "again in 9 s"),
        (Answers::Cut, 100, "cannot be reached"),
        (Answers::CutShort, 100_000, ""),
    ] {
        let shown = format!("{answer:?}");
        let server = FakeGitHub::new(move |_| answer.clone());
        let error = download(&server, limit).await.unwrap_err().to_string();
        assert!(error.contains(part), "{shown}: {error}");
        // An address that lets anybody read is told to nobody.
        assert!(!error.contains("permission") && !error.contains("ghp_secret"), "{error}");
    }
}

#[tokio::test]
async fn branches_and_pull_requests() {
    let server = FakeGitHub::new(|_| Answers::error(404, "Not Found"));
    assert_eq!(client(&server).branch_head(&acme(), "a/b.c").await.unwrap(), None);
    assert_eq!(server.asked()[0].line, "GET /repos/acme/images/git/ref/heads%2Fa%2Fb%2Ec");
    for (answer, part) in [
        (json!({"object": {"sha": "main"}}), "is no commit"),
        (json!([{"object": {"sha": "x"}}]), "cannot be read"),
        (json!({}), "cannot be read"),
    ] {
        let server = FakeGitHub::new(move |_| Answers::json(answer.to_string()));
        let error = client(&server).branch_head(&acme(), "main").await.unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
    let server = FakeGitHub::new(|_| Answers::json(r#"[{"number": 2, "state": "closed"}]"#));
    let found = client(&server).pull_requests_from(&acme(), "a/b").await.unwrap();
    assert_eq!((found[0].number, found[0].open), (2, false));
    assert_eq!(
        server.asked()[0].line,
        "GET /repos/acme/images/pulls?state=all&per_page=100&head=acme%3Aa%2Fb"
    );
    let server = FakeGitHub::new(|_| Answers::error(422, "A pull request already exists"));
    let error = client(&server).open_pull_request(&acme(), "a", "b", "t", "x").await.unwrap_err();
    assert!(matches!(error.why, Why::Status(422, _)), "{error}");
    assert_eq!(server.asked().len(), 1);
}
