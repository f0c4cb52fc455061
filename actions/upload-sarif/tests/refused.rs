//! What GitHub refuses: where that is an error, and where it is only told.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]

use github::testing::{Answer, FakeGitHub};
use runner::testing::Harness;
use serde_json::json;
use upload_sarif::ACTION;

use crate::common::{SHA, complete, harness, said, sarif, sent, with_file};

/// A GitHub that sees the repository, or not, and answers an upload so.
fn refusing(answer: Answer, is_seen: bool) -> FakeGitHub {
    FakeGitHub::new(move |line| match line {
        "GET /repos/acme/images" if is_seen => Answer::json(r#"{"default_branch":"main","private":false}"#),
        "GET /repos/acme/images" => Answer::error(404, "Not Found"),
        _ => answer.clone(),
    })
}

#[test]
fn what_is_lacking_is_told_and_is_an_error_where_somebody_can_mend_it_or_wants_it() {
    let licence = "Advanced Security must be enabled for this repository to use code scanning.";
    for (answer, says, is_mended) in [
        (Answer::error(403, licence), "GitHub Code Security", false),
        (Answer::error(403, "Resource not accessible by integration"), "`security-events: write`", true),
        (Answer::error(404, "Not Found"), "there is no code scanning here", true),
    ] {
        for (input, required) in [("", is_mended), ("false", false), ("true", true)] {
            let server = refusing(answer.clone(), true);
            let harness =
                with_file(harness(&server), sarif("T", Some("c/"), 3).to_string()).input("required", input);
            let run = harness.run(&ACTION);
            assert_eq!(run.code, if required { 2 } else { 0 }, "{}", said(&run));
            if input.is_empty() && required {
                assert!(said(&run).contains("`required: false` makes it a notice"), "{}", said(&run));
            }
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
        (Answer::error(403, "Something that GitHub never said before"), true, "never said before"),
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

/// Its token only reads, unless the job says otherwise: which of the two it is, GitHub's answer says.
#[test]
fn a_run_of_dependabot_tries_and_its_missing_permission_is_told() {
    let refused = Answer::error(403, "Resource not accessible by integration");
    for (server, uploaded) in [(refusing(refused, true), "false"), (complete(), "true")] {
        let run = with_file(harness(&server), sarif("T", Some("c/"), 1).to_string())
            .env("GITHUB_ACTOR", "dependabot[bot]")
            .run(&ACTION);
        assert_eq!((run.code, run.outputs["uploaded"].as_str()), (0, uploaded), "{}", said(&run));
        assert!(!server.asked().is_empty());
    }
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
