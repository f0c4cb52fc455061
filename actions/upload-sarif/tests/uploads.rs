//! What is sent, and what is said of it.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]

use serde_json::{Value, json};
use upload_sarif::ACTION;

use crate::common::{SHA, complete, harness, said, sarif, sent, with_file};

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
