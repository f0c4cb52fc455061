//! Uploads against a GitHub of the test's own: what is sent, what is refused before, and every way it goes wrong.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]

use std::io::Read as _;

use base64::Engine as _;
use github::testing::{Answer, FakeGitHub};
use runner::testing::{Harness, Run};
use serde_json::{Value, json};
use upload_sarif::ACTION;

const SHA: &str = "1111111111111111111111111111111111111111";

fn sarif(tool: &str, id: Option<&str>, results: usize) -> Value {
    let result = |n: usize| {
        json!({"ruleId": "R", "message": {"text": "x"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": "images/web"}}}],
            "partialFingerprints": {"primaryLocationLineHash": format!("{n}:1")}})
    };
    let results: Vec<Value> = (0..results).map(result).collect();
    let mut run = json!({"tool": {"driver": {"name": tool, "rules": [{"id": "R"}]}}, "results": results});
    if let Some(id) = id {
        run["automationDetails"] = json!({"id": id});
    }
    json!({"version": "2.1.0", "runs": [run]})
}

fn harness(server: &FakeGitHub) -> Harness {
    Harness::new()
        .env("GITHUB_SHA", SHA)
        .env("GITHUB_REF", "refs/heads/main")
        .env("GITHUB_EVENT_NAME", "push")
        .env("GITHUB_SERVER_URL", "https://ghes.example")
        .input("token", "ghs_secret")
        .input("repository", "acme/images")
        .input("api-url", server.url("").to_string())
}

fn with_file(harness: Harness, content: impl AsRef<[u8]>) -> Harness {
    let path = harness.file("one.sarif", content);
    harness.input_path("sarif", &path)
}

fn taken_in(status: &'static str) -> FakeGitHub {
    FakeGitHub::new(move |line| match line {
        "POST /repos/acme/images/code-scanning/sarifs" => {
            Answer::Whole(202, Vec::new(), r#"{"id":"abc","url":"x"}"#.into())
        }
        _ => Answer::json(status),
    })
}

fn complete() -> FakeGitHub {
    taken_in(r#"{"processing_status":"complete"}"#)
}

fn said(run: &Run) -> String {
    format!("{}{}", run.stdout, run.stderr)
}

/// What went up.
fn sent(server: &FakeGitHub) -> Vec<(Value, Value)> {
    let posts = server.asked().into_iter().filter(|asked| asked.line.starts_with("POST"));
    posts
        .map(|asked| {
            let body: Value = serde_json::from_str(&asked.body).unwrap();
            let gzip =
                base64::engine::general_purpose::STANDARD.decode(body["sarif"].as_str().unwrap()).unwrap();
            let mut text = String::new();
            flate2::read::GzDecoder::new(&gzip[..]).read_to_string(&mut text).unwrap();
            (body, serde_json::from_str(&text).unwrap())
        })
        .collect()
}

#[test]
fn a_file_goes_up_as_it_is_and_is_waited_for() {
    let server = complete();
    let file = sarif("Trivy", Some("hallmark/web/amd64/"), 2);
    let harness = with_file(harness(&server), file.to_string());
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 0, "{}", said(&run));
    let sent = sent(&server);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1, file);
    assert_eq!(
        (sent[0].0["commit_sha"].as_str(), sent[0].0["ref"].as_str()),
        (Some(SHA), Some("refs/heads/main"))
    );
    assert_eq!((run.outputs["sarif-id"].as_str(), run.outputs["uploaded"].as_str()), ("abc", "true"));
    assert_eq!(
        (run.outputs["processing-status"].as_str(), run.outputs["results"].as_str()),
        ("complete", "2")
    );
    assert_eq!(
        run.outputs["alerts-url"],
        "https://ghes.example/acme/images/security/code-scanning?query=is%3Aopen+branch%3Amain"
    );
    assert!(run.summary.contains("hallmark/web/amd64"), "{}", run.summary);
}

#[test]
fn a_run_without_a_category_gets_the_one_that_is_given() {
    for (id, wanted) in [(None, "hallmark/x/"), (Some("nightly"), "hallmark/x/nightly")] {
        let server = complete();
        let harness =
            with_file(harness(&server), sarif("Semgrep", id, 1).to_string()).input("category", "hallmark/x");
        let run = harness.run(&ACTION);
        assert_eq!(run.code, 0, "{}", said(&run));
        assert_eq!(sent(&server)[0].1["runs"][0]["automationDetails"]["id"], wanted);
    }
}

#[test]
fn what_github_would_refuse_or_would_churn_alerts_is_refused_before_anything_is_sent() {
    let digest = "a".repeat(64);
    let mut by_digest = sarif("T", Some("c/"), 1);
    by_digest["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] =
        json!(format!("registry/web@sha256:{digest}"));
    let mut runs = sarif("T", Some("c/"), 0);
    runs["runs"] = Value::Array(vec![runs["runs"][0].clone(); 21]);
    let mut unfinished = sarif("T", None, 0);
    unfinished["runs"][0]["results"] = Value::Null;
    let whole = sarif("T", Some("c/"), 1).to_string();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut file = sarif("T", Some("c/"), 1);
        change(&mut file["runs"][0]);
        file.to_string()
    };
    let place = json!({"physicalLocation": {"artifactLocation": {"index": 0}}});
    let by_index = with(&|run| {
        run["results"][0]["locations"] = json!([place]);
        run["artifacts"] = json!([{"location": {"uri": "ami-0123456789abcdef0/etc"}}]);
    });
    let by_base = with(&|run| {
        run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] =
            json!({"uri": "etc/passwd", "uriBaseId": "ROOT"});
        run["originalUriBaseIds"] = json!({"ROOT": {"uri": format!("oci://x/{digest}/")}});
    });
    let tags = with(&|run| {
        run["tool"]["extensions"] =
            json!([{"name": "x", "rules": [{"id": "R9", "properties": {"tags": vec!["t"; 21]}}]}]);
    });
    let rules = with(&|run| run["tool"]["driver"]["rules"] = json!(vec![json!({"id": "R"}); 25_001]));
    let extensions = with(&|run| run["tool"]["extensions"] = json!(vec![json!({"name": "x"}); 101]));
    let locations = with(&|run| run["results"][0]["locations"] = json!(vec![json!({}); 1_001]));
    let flows = with(&|run| {
        run["results"][0]["codeFlows"] = json!([{"threadFlows": [{"locations": vec![json!({}); 10_001]}]}]);
    });
    let unnamed = with(&|run| run["tool"]["driver"]["name"] = json!(" "));
    let twice = json!({"version": "2.1.0", "runs": [json!({"tool": {"driver": {"name": "T"}}, "results": []}),
        json!({"tool": {"driver": {"name": "T"}}, "results": []})]});
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (content, says) in [
        (String::new(), "no whole SARIF file"),
        (whole[..whole.len() / 2].to_owned(), "no whole SARIF file"),
        (nested, "no whole SARIF file"),
        ("{}".into(), "its version is none"),
        (json!({"version": "2.0.0", "runs": []}).to_string(), "its version is 2.0.0"),
        (json!({"version": "2.1.0", "runs": []}).to_string(), "it has no run"),
        (unfinished.to_string(), "did not come to an end"),
        (runs.to_string(), "it has 21 runs"),
        (sarif("T", Some("c/"), 25_001).to_string(), "25001 results"),
        (by_digest.to_string(), "names one image by its digest"),
        (by_index, "names one image by its digest or id"),
        (by_base, "names one image by its digest"),
        (sarif("T", Some(&format!("web/{digest}/")), 1).to_string(), "names one image by its digest"),
        (tags, "the rule R9: it has 21 tags"),
        (rules, "25001 rules"),
        (extensions, "101 extensions"),
        (locations, "1001 locations"),
        (flows, "10001 thread flow locations"),
        (unnamed, "the tool has no name"),
        (twice.to_string(), "would close the alerts of the first"),
        (whole.replace("2.1.0", "2.1.0\",\"version\":\"2.1.0"), "duplicate field `version`"),
    ] {
        let server = complete();
        let harness = with_file(harness(&server), content);
        let run = harness.run(&ACTION);
        assert_eq!(run.code, 2, "{says}: {}", said(&run));
        assert!(said(&run).contains(says), "wanted {says}: {}", said(&run));
        assert!(server.asked().is_empty(), "{says}");
    }
}

#[test]
fn two_uploads_that_would_close_each_others_alerts_are_refused() {
    let server = complete();
    let harness = harness(&server);
    harness.file("all/a.sarif", sarif("Trivy", Some("c/1"), 1).to_string());
    harness.file("all/b.sarif", sarif("Trivy", Some("c/2"), 1).to_string());
    let folder = harness.workspace().join("all");
    let run = harness.input_path("sarif", &folder).run(&ACTION);
    assert_eq!(run.code, 2);
    assert!(said(&run).contains("would close the alerts of the first"), "{}", said(&run));
    assert!(server.asked().is_empty());
}

#[test]
fn a_folder_goes_up_file_by_file() {
    let server = complete();
    let harness = harness(&server);
    harness.file("all/a.sarif", sarif("Trivy", Some("c/"), 1).to_string());
    harness.file("all/b.sarif", sarif("Grype", Some("c/"), 2).to_string());
    harness.file("all/readme.txt", "x");
    let folder = harness.workspace().join("all");
    let run = harness.input_path("sarif", &folder).run(&ACTION);
    assert_eq!(run.code, 0, "{}", said(&run));
    assert_eq!((sent(&server).len(), run.outputs["results"].as_str()), (2, "3"));
}

/// A GitHub that sees the repository, or not, and answers an upload so.
fn refusing(answer: Answer, is_seen: bool) -> FakeGitHub {
    FakeGitHub::new(move |line| match line {
        "GET /repos/acme/images" if is_seen => Answer::json(r#"{"default_branch":"main","private":false}"#),
        "GET /repos/acme/images" => Answer::error(404, "Not Found"),
        _ => answer.clone(),
    })
}

#[test]
fn no_licence_and_no_permission_are_told_and_are_errors_only_where_it_is_required() {
    let licence = "Advanced Security must be enabled for this repository to use code scanning.";
    for (answer, says) in [
        (Answer::error(403, licence), "GitHub Code Security"),
        (Answer::error(403, "Resource not accessible by integration"), "`security-events: write`"),
        (Answer::error(404, "Not Found"), "there is no code scanning here"),
    ] {
        for required in [false, true] {
            let server = refusing(answer.clone(), true);
            let harness = with_file(harness(&server), sarif("T", Some("c/"), 3).to_string())
                .input("required", required.to_string());
            let run = harness.run(&ACTION);
            assert_eq!(run.code, if required { 2 } else { 0 }, "{}", said(&run));
            assert!(said(&run).contains(says), "wanted {says}: {}", said(&run));
            assert_eq!(run.outputs["uploaded"], "false");
            assert!(run.outputs["sarif"].ends_with("one.sarif"));
            let status = if required { "failed" } else { "skipped" };
            assert_eq!(run.outputs["processing-status"], status);
            if !required {
                assert_eq!(run.outputs["results"], "3");
                assert!(
                    said(&run).contains("::notice title=Code scanning::Nothing was uploaded"),
                    "{}",
                    said(&run)
                );
                assert!(run.summary.contains("Not uploaded to code scanning"), "{}", run.summary);
                assert!(run.summary.contains("one.sarif"), "{}", run.summary);
            }
        }
    }
}

#[test]
fn what_is_not_known_to_be_that_is_an_error() {
    for (answer, is_seen, says) in [
        (Answer::error(403, "Repository was archived so is read-only."), true, "archived"),
        (Answer::error(401, "Bad credentials"), true, "the token is not valid"),
        // A name that leads nowhere.
        (Answer::error(404, "Not Found"), false, "is `repository` right?"),
    ] {
        let server = refusing(answer, is_seen);
        let run = with_file(harness(&server), sarif("T", Some("c/"), 1).to_string()).run(&ACTION);
        assert_eq!(run.code, 2, "{}", said(&run));
        assert!(said(&run).contains(says), "wanted {says}: {}", said(&run));
        assert_eq!(run.outputs["uploaded"], "false");
    }
}

fn from_a_fork(server: &FakeGitHub) -> Harness {
    let harness = harness(server);
    let event = harness.file(
        "event.json",
        json!({"number": 7, "pull_request": {"number": 7, "head": {"sha": SHA, "repo": {"full_name": "x/images"}},
            "base": {"repo": {"full_name": "acme/images"}}}})
        .to_string(),
    );
    with_file(harness, sarif("T", Some("c/"), 1).to_string())
        .env("GITHUB_EVENT_NAME", "pull_request")
        .env("GITHUB_REF", "refs/pull/7/merge")
        .env("GITHUB_EVENT_PATH", event.to_string_lossy())
}

#[test]
fn a_pull_request_from_a_fork_sends_nothing() {
    let server = complete();
    let run = from_a_fork(&server).run(&ACTION);
    assert_eq!(run.code, 0, "{}", said(&run));
    assert!(said(&run).contains("comes from the fork x/images"), "{}", said(&run));
    assert_eq!(run.outputs["processing-status"], "skipped");
    assert!(run.outputs["alerts-url"].ends_with("?query=is%3Aopen+pr%3A7"), "{:?}", run.outputs);
    assert!(server.asked().is_empty());
}

/// Some repositories give such runs a token that writes.
#[test]
fn where_it_is_required_a_fork_tries() {
    let server = complete();
    let run = from_a_fork(&server).input("required", "true").run(&ACTION);
    assert_eq!((run.code, run.outputs["uploaded"].as_str()), (0, "true"), "{}", said(&run));
    assert_eq!(sent(&server)[0].0["ref"], "refs/pull/7/merge");
    let server = refusing(Answer::error(403, "Resource not accessible by integration"), true);
    let run = from_a_fork(&server).input("required", "true").run(&ACTION);
    assert_eq!(run.code, 2, "{}", said(&run));
    assert!(said(&run).contains("comes from the fork x/images"), "{}", said(&run));
}

#[test]
fn an_event_that_cannot_be_read_is_no_push() {
    let server = complete();
    let harness = harness(&server);
    let event = harness.file("event.json", "{");
    let run = with_file(harness, sarif("T", Some("c/"), 1).to_string())
        .env("GITHUB_EVENT_NAME", "pull_request_target")
        .env("GITHUB_EVENT_PATH", event.to_string_lossy())
        .run(&ACTION);
    assert_eq!(run.code, 2, "{}", said(&run));
    assert!(said(&run).contains("cannot read the event"), "{}", said(&run));
    assert!(server.asked().is_empty());
}

/// A file that is called like a digest is a file of the repository all the same.
#[test]
fn what_stays_in_the_checkout_may_be_called_anything() {
    let name = format!("corpus/{}", "0f".repeat(20));
    let mut file = sarif("gitleaks", Some("c/"), 1);
    file["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] =
        json!(name);
    for is_there in [true, false] {
        let server = complete();
        let harness = with_file(harness(&server), file.to_string());
        if is_there {
            harness.file(&name, "x");
        }
        let run = harness.run(&ACTION);
        assert_eq!((run.code, server.asked().is_empty()), if is_there { (0, false) } else { (2, true) });
    }
}

#[test]
fn what_other_programs_write_is_read() {
    let server = complete();
    // A byte order mark, and null where a list may be missing.
    let text = format!(
        "\u{feff}{}",
        json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "T", "rules": null}, "extensions": null},
            "invocations": [{"startTimeUtc": "2026-01-02T03:04:05Z"}, {"startTimeUtc": "2026-01-02T03:00:00.5Z"},
                {"startTimeUtc": "soon"}],
            "artifacts": null, "properties": null,
            "results": [{"message": {"text": "x"}, "locations": null, "partialFingerprints": null}]}]})
    );
    let run = with_file(harness(&server), text).input("category", "nightly/").run(&ACTION);
    assert_eq!(run.code, 0, "{}", said(&run));
    let (body, file) = &sent(&server)[0];
    assert_eq!(file["runs"][0]["automationDetails"]["id"], "nightly/");
    assert_eq!((&body["started_at"], &body["tool_name"]), (&json!("2026-01-02T03:00:00.5Z"), &json!("T")));
    assert!(body["checkout_uri"].as_str().unwrap().starts_with("file:///"), "{body}");
    assert_eq!(body["validate"], Value::Null);
    let run = with_file(harness(&server), sarif("T", Some("c/"), 1).to_string()).input("validate", "true");
    assert_eq!((run.run(&ACTION).code, &sent(&server)[1].0["validate"]), (0, &json!(true)));
}

#[test]
fn a_category_is_checked() {
    for (category, says) in [
        ("/", "it says nothing"),
        ("a\nb", "one line"),
        ("web@sha256:0123456789ab", "names one image by its digest"),
        ("other", "leave that out, or give the same"),
    ] {
        let server = complete();
        let harness = with_file(harness(&server), sarif("T", Some("c/"), 1).to_string());
        let run = harness.input("category", category).run(&ACTION);
        assert_eq!(run.code, 2, "{category}: {}", said(&run));
        assert!(said(&run).contains(says), "wanted {says}: {}", said(&run));
        assert!(server.asked().is_empty());
    }
    let server = complete();
    let run = with_file(harness(&server), sarif("T", Some("c/"), 1).to_string()).input("category", "c/");
    assert_eq!(run.run(&ACTION).code, 0);
}

#[test]
fn two_files_are_needed_to_be_taken_in_both() {
    let answers = |line: &str, second: Answer| match line {
        "POST /repos/acme/images/code-scanning/sarifs" => {
            Answer::Whole(202, Vec::new(), r#"{"id":"abc","url":"x"}"#.into())
        }
        _ => second,
    };
    let mut asked = 0;
    let server = FakeGitHub::with(move |request| {
        asked += 1;
        let status = if asked < 4 { "complete" } else { "failed" };
        answers(&request.line, Answer::json(json!({"processing_status": status}).to_string()))
    });
    let harness = harness(&server);
    harness.file("all/a.sarif", sarif("Trivy", Some("c/"), 1).to_string());
    harness.file("all/b.sarif", sarif("Grype", Some("c/"), 2).to_string());
    let folder = harness.workspace().join("all");
    let run = harness.input_path("sarif", &folder).run(&ACTION);
    assert_eq!(run.code, 2, "{}", said(&run));
    assert_eq!(run.outputs["processing-status"], "failed");
    assert_eq!((run.outputs["uploaded"].as_str(), run.outputs["sarif-id"].as_str()), ("true", "abc\nabc"));
    assert!(run.summary.contains("Not taken in by code scanning"), "{}", run.summary);
    assert!(said(&run).contains("b.sarif (upload abc)"), "{}", said(&run));
}

/// The first went up, and that is told; code scanning is there, so the second is an error.
#[test]
fn what_went_up_before_an_error_is_told() {
    let mut posts = 0;
    let server = FakeGitHub::with(move |_| {
        posts += 1;
        match posts {
            1 => Answer::Whole(202, Vec::new(), r#"{"id":"abc","url":"x"}"#.into()),
            _ => Answer::error(403, "Resource not accessible by integration"),
        }
    });
    let harness = harness(&server);
    harness.file("all/a.sarif", sarif("Trivy", Some("c/"), 1).to_string());
    harness.file("all/b.sarif", sarif("Grype", Some("c/"), 2).to_string());
    let folder = harness.workspace().join("all");
    let run = harness.input_path("sarif", &folder).run(&ACTION);
    assert_eq!(run.code, 2, "{}", said(&run));
    assert_eq!((run.outputs["sarif-id"].as_str(), run.outputs["results"].as_str()), ("abc", "1"));
    assert!(said(&run).contains("b.sarif could not be uploaded"), "{}", said(&run));
}

#[test]
fn other_refusals_are_errors() {
    for (answer, says) in [
        (Answer::error(400, "Invalid SARIF"), "answered 400: Invalid SARIF"),
        (Answer::error(413, "The sarif field is too large"), "answered 413"),
        (Answer::error(422, "ref is not valid"), "answered 422"),
        (Answer::Whole(429, vec![("retry-after", "3600".into())], "{}".into()), "again in 3600 s"),
        (Answer::json("{}"), "cannot be read"),
    ] {
        let server = FakeGitHub::new(move |_| answer.clone());
        let harness = with_file(harness(&server), sarif("T", Some("c/"), 1).to_string());
        let run = harness.run(&ACTION);
        assert_eq!(run.code, 2, "{}", said(&run));
        assert!(said(&run).contains(says), "wanted {says}: {}", said(&run));
        assert_eq!(server.asked().len(), 1, "{says}");
    }
}

#[test]
fn trouble_passes() {
    let mut answers = vec![
        Answer::json(r#"{"processing_status":"complete"}"#),
        Answer::error(404, "Not Found"),
        Answer::Whole(202, Vec::new(), r#"{"id":"abc"}"#.into()),
        Answer::Whole(429, vec![("retry-after", "0".into())], "{}".into()),
        Answer::Cut,
        Answer::error(503, "Unavailable"),
    ];
    let server = FakeGitHub::with(move |_| answers.pop().unwrap());
    let harness = with_file(harness(&server), sarif("T", Some("c/"), 1).to_string());
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 0, "{}", said(&run));
    assert_eq!((sent(&server).len(), run.outputs["processing-status"].as_str()), (4, "complete"));
}

#[test]
fn what_became_of_it_is_told() {
    for (status, code, says) in [
        (
            r#"{"processing_status":"failed","errors":["rejecting SARIF: no\u001b[31m tool"]}"#,
            2,
            "rejecting SARIF: no",
        ),
        (r#"{"processing_status":"failed"}"#, 2, "without a reason"),
        (r#"{"processing_status":"sleeping"}"#, 2, "processing_status is sleeping"),
        (r"{}", 2, "processing_status is not there"),
        (r#"{"processing_status":"pending"}"#, 0, "has not taken the upload in yet"),
    ] {
        let server = taken_in(status);
        let harness =
            with_file(harness(&server), sarif("T", Some("c/"), 1).to_string()).input("timeout", "1s");
        let run = harness.run(&ACTION);
        assert_eq!(run.code, code, "{status}: {}", said(&run));
        assert!(said(&run).contains(says), "wanted {says}: {}", said(&run));
        assert!(!said(&run).contains('\u{1b}'));
        assert_eq!(run.outputs["processing-status"], if code == 0 { "pending" } else { "failed" });
    }
    let server = taken_in(r#"{"processing_status":"pending"}"#);
    let harness = with_file(harness(&server), sarif("T", Some("c/"), 1).to_string()).input("timeout", "1s");
    assert_eq!(harness.input("required", "true").run(&ACTION).code, 2);
}

#[test]
fn nothing_is_waited_for_where_nobody_wants_it() {
    let server = taken_in(r#"{"processing_status":"failed"}"#);
    let harness = with_file(harness(&server), sarif("T", Some("c/"), 1).to_string()).input("wait", "false");
    let run = harness.run(&ACTION);
    assert_eq!((run.code, run.outputs["processing-status"].as_str()), (0, "pending"), "{}", said(&run));
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn what_was_cut_and_what_lacks_a_fingerprint_is_said() {
    let server = complete();
    let mut file = sarif("T", None, 1);
    file["runs"][0]["properties"] = json!({"hallmark": {"cutResults": 17}});
    file["runs"][0]["results"][0]["partialFingerprints"] = json!({});
    let run = with_file(harness(&server), file.to_string()).run(&ACTION);
    assert_eq!(run.code, 0, "{}", said(&run));
    for says in ["17 findings were cut", "1 of 1 results have no", "has no category"] {
        assert!(said(&run).contains(says), "wanted {says}: {}", said(&run));
    }
    assert!(run.summary.contains("17 cut"), "{}", run.summary);
}

#[test]
fn what_github_does_not_keep_is_said() {
    for (results, is_said) in [(5_000, false), (5_001, true)] {
        let server = complete();
        let run = with_file(harness(&server), sarif("T", Some("c/"), results).to_string()).run(&ACTION);
        assert_eq!(run.code, 0, "{}", said(&run));
        assert_eq!(said(&run).contains("GitHub keeps 5000 of a run"), is_said, "{results}");
        assert_eq!(run.outputs["results"], results.to_string());
    }
}

/// A person at a terminal, and an Enterprise Server that only `api-url` names.
#[test]
fn off_a_runner_everything_is_given() {
    let server = complete();
    let harness = with_file(harness(&server), sarif("T", Some("c/"), 1).to_string()).off_runner();
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 2);
    assert!(said(&run).contains("give `sha` and `ref`"), "{}", said(&run));
    let run = harness.input("sha", SHA).input("ref", "refs/heads/main").run(&ACTION);
    assert_eq!(run.code, 0, "{}", said(&run));
    let page = format!("{}/acme/images/security/code-scanning?", server.url(""));
    assert!(run.outputs["alerts-url"].starts_with(&page), "{:?}", run.outputs);
}
