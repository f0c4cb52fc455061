//! What became of an upload: waited for, tried again, told.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]

use github::testing::{Answer, FakeGitHub};
use serde_json::json;
use upload_sarif::ACTION;

use crate::common::{harness, said, sarif, sent, taken_in, with_file};

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
