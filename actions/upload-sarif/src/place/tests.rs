use serde_json::json;

use super::*;

const RUN: &str = "1111111111111111111111111111111111111111";
const HEAD: &str = "2222222222222222222222222222222222222222";
const OTHER: &str = "3333333333333333333333333333333333333333";

/// Event, `GITHUB_REF`, payload, the inputs `sha` and `ref`; then commit and ref.
type Row<'r> = (&'r str, &'r str, &'r Value, Option<&'r str>, Option<&'r str>, &'r str, &'r str);

/// The same inputs; then what is said.
type Refused<'r> = (&'r str, &'r str, &'r Value, Option<&'r str>, Option<&'r str>, &'r str);

fn pull(head: &str) -> Value {
    json!({"number": 7, "pull_request": {"number": 7,
        "head": {"sha": HEAD, "repo": {"full_name": head}}, "base": {"repo": {"full_name": "acme/images"}}}})
}

fn place(
    event: &str,
    reference: &str,
    payload: &Value,
    sha: Option<&str>,
    given: Option<&str>,
) -> Result<Place> {
    Run { is_elsewhere: false, event, sha: Some(RUN), reference: Some(reference), payload }.place(sha, given)
}

#[test]
fn every_event_has_its_commit_and_ref() {
    let own = pull("acme/images");
    let none = json!({});
    let queue = "refs/heads/gh-readonly-queue/main/pr-7-abc";
    let table: [Row<'_>; 18] = [
        ("push", "refs/heads/main", &none, None, None, RUN, "refs/heads/main"),
        ("push", "refs/tags/v1", &none, None, None, RUN, "refs/tags/v1"),
        ("release", "refs/tags/v1", &none, None, None, RUN, "refs/tags/v1"),
        ("push", "refs/heads/main", &none, None, Some("refs/heads/main"), RUN, "refs/heads/main"),
        ("repository_dispatch", "refs/heads/main", &none, None, None, RUN, "refs/heads/main"),
        ("schedule", "refs/heads/main", &none, None, None, RUN, "refs/heads/main"),
        ("workflow_dispatch", "refs/heads/x", &none, None, None, RUN, "refs/heads/x"),
        ("merge_group", queue, &none, None, None, RUN, queue),
        ("pull_request", "refs/pull/7/merge", &own, None, None, RUN, "refs/pull/7/merge"),
        ("pull_request", "refs/pull/7/merge", &own, Some(HEAD), None, HEAD, "refs/pull/7/head"),
        ("pull_request", "refs/pull/7/merge", &own, Some(RUN), None, RUN, "refs/pull/7/merge"),
        ("pull_request_review", "refs/pull/7/merge", &own, None, None, RUN, "refs/pull/7/merge"),
        ("pull_request_target", "refs/heads/main", &own, None, None, HEAD, "refs/pull/7/head"),
        ("pull_request_target", "refs/heads/main", &own, Some(HEAD), None, HEAD, "refs/pull/7/head"),
        (
            "pull_request_target",
            "refs/heads/main",
            &own,
            None,
            Some("refs/pull/7/head"),
            HEAD,
            "refs/pull/7/head",
        ),
        ("push", "refs/heads/main", &none, Some(OTHER), Some("refs/heads/y"), OTHER, "refs/heads/y"),
        ("workflow_run", "refs/heads/main", &none, Some(OTHER), Some("refs/heads/y"), OTHER, "refs/heads/y"),
        (
            "pull_request_target",
            "refs/heads/main",
            &own,
            Some(OTHER),
            Some("refs/heads/y"),
            OTHER,
            "refs/heads/y",
        ),
    ];
    for (event, own_ref, payload, sha, given, commit, reference) in table {
        let place = place(event, own_ref, payload, sha, given).unwrap();
        assert_eq!(
            (place.commit.as_str(), place.reference.as_str()),
            (commit, reference),
            "{event} {own_ref}"
        );
        assert_eq!(place.read_only, None);
    }
}

#[test]
fn what_would_land_on_another_branch_is_refused() {
    let (none, own) = (json!({}), pull("acme/images"));
    let table: [Refused<'_>; 17] = [
        ("workflow_run", "refs/heads/main", &none, None, None, "give `sha` and `ref`"),
        ("workflow_run", "refs/heads/main", &none, None, Some("refs/heads/x"), "give `sha` and `ref`"),
        ("issue_comment", "refs/heads/main", &none, Some(OTHER), None, "give `sha` and `ref`"),
        ("push", "refs/heads/main", &none, Some(OTHER), None, "of which ref"),
        ("push", "refs/heads/main", &none, None, Some("refs/heads/x"), "which commit"),
        ("pull_request", "refs/pull/7/merge", &own, None, Some("refs/pull/7/head"), "which commit"),
        ("pull_request", "refs/pull/7/merge", &own, Some(OTHER), None, "of which ref"),
        // Not the base, which is what such a run is of.
        ("pull_request_target", "refs/heads/main", &none, None, None, "no head of a pull request"),
        ("pull_request_target", "refs/heads/main", &own, None, Some("refs/heads/main"), "which commit"),
        ("pull_request_target", "refs/heads/main", &own, Some(RUN), None, "of which ref"),
        ("push", "main", &none, None, None, "none that code scanning takes"),
        ("push", "refs/heads/", &none, None, None, "none that code scanning takes"),
        ("push", "refs/notes/x", &none, None, None, "none that code scanning takes"),
        ("push", "refs/pull/7", &none, None, None, "none that code scanning takes"),
        ("push", "refs/pull/x/merge", &none, None, None, "none that code scanning takes"),
        ("push", "refs/pull/7/merge/x", &none, None, None, "none that code scanning takes"),
        ("push", "refs/heads/main", &none, Some("main"), Some("refs/heads/x"), "the commit"),
    ];
    for (event, own_ref, payload, sha, given, says) in table {
        let error = place(event, own_ref, payload, sha, given).unwrap_err();
        assert!(format!("{error:#}").contains(says), "{event}: {error:#}");
    }
}

#[test]
fn a_forks_token_can_only_read() {
    for (event, head, read_only) in [
        ("pull_request", "acme/images", false),
        ("pull_request", "somebody/images", true),
        ("pull_request_review", "somebody/images", true),
        ("pull_request_review_comment", "somebody/images", true),
        ("pull_request_target", "somebody/images", false),
        ("workflow_dispatch", "somebody/images", false),
    ] {
        let place = place(event, "refs/pull/7/merge", &pull(head), None, None).unwrap();
        assert_eq!(place.read_only.is_some(), read_only, "{event} {head}");
    }
    let mut gone = pull("x");
    gone["pull_request"]["head"]["repo"] = Value::Null;
    let place = place("pull_request", "refs/pull/7/merge", &gone, None, None).unwrap();
    assert!(place.read_only.unwrap().contains("a fork that is gone"));
}

#[test]
fn without_a_run_both_are_given() {
    let payload = Value::Null;
    let run = Run { is_elsewhere: false, event: "", sha: None, reference: None, payload: &payload };
    let error = run.place(None, None).unwrap_err();
    assert!(error.to_string().contains("GITHUB_REF"), "{error}");
    let place = run.place(Some(OTHER), Some("refs/heads/x")).unwrap();
    assert_eq!((place.commit.as_str(), place.reference.as_str()), (OTHER, "refs/heads/x"));
}

#[test]
fn another_repository_has_its_own() {
    let payload = Value::Null;
    let run = Run {
        is_elsewhere: true,
        event: "push",
        sha: Some(RUN),
        reference: Some("refs/heads/main"),
        payload: &payload,
    };
    for (sha, reference) in [(None, None), (Some(OTHER), None), (None, Some("refs/heads/x"))] {
        let error = run.place(sha, reference).unwrap_err();
        assert!(error.to_string().contains("of that one"), "{error}");
    }
    let place = run.place(Some(OTHER), Some("refs/heads/x")).unwrap();
    assert_eq!((place.commit.as_str(), place.reference.as_str()), (OTHER, "refs/heads/x"));
}
