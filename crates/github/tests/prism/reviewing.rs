//! Speaking to a run's deployments, its artifacts, and proposing a change: every call is one that GitHub describes.

use github::{Answer, Client, Error};

use super::{acme, commit};

fn ok<T>(description: &str, answer: Result<T, Error>) -> T {
    answer.unwrap_or_else(|error| panic!("{description}: {error}"))
}

/// By GitHub's own examples, under `--errors`.
pub(super) async fn are_described(client: &Client, description: &str) {
    for answer in [Answer::Approve, Answer::Reject] {
        let said =
            client.review_deployments(&acme(), 7, &[161_171_787], answer, "approve 0123456789ab").await;
        ok(description, said);
    }
    // GitHub's example has artifacts of two runs, which is no answer to this question.
    let artifacts = client.artifacts(&acme(), 2_332_938).await.unwrap_err().to_string();
    assert!(
        artifacts.ends_with("the artifact `Test output` is of run 2332942"),
        "{description}: {artifacts}"
    );

    let head = ok(description, client.branch_head(&acme(), "feature/A").await);
    assert_eq!(head.unwrap().as_str(), "aa218f56b14c9653891f9e74264a383fa43fefbd", "{description}");
    ok(description, client.add_branch(&acme(), "hallmark/exceptions-0f", &commit()).await);
    for replaces in [None, Some("95b966ae1c166bd92f8ae7d1c313e738c731dfc3")] {
        let done = client.commit_file(&acme(), "b", "hallmark/exceptions.yml", "why", b"x", replaces).await;
        ok(description, done);
    }
    // GitHub's own examples of pull requests break GitHub's own schema: they are asked below.
}

/// Answers made up from the schemas: read, or a list that contradicts itself.
pub(super) async fn can_be_read(client: &Client, say: impl Fn(Error) + Copy) {
    let made_up = |error: Error| {
        let text = error.to_string();
        let known = ["says that there are more", "is of run", "is no commit"];
        if !known.iter().any(|part| text.contains(part)) {
            say(error);
        }
    };
    client.artifacts(&acme(), 7).await.map(drop).unwrap_or_else(made_up);
    client.branch_head(&acme(), "main").await.map(drop).unwrap_or_else(made_up);
    client.pull_requests_from(&acme(), "hallmark/exceptions-0f").await.map(drop).unwrap_or_else(say);
    client.open_pull_request(&acme(), "b", "main", "title", "body").await.map(drop).unwrap_or_else(say);
    client.add_branch(&acme(), "b", &commit()).await.unwrap_or_else(say);
    client.commit_file(&acme(), "b", "x.yml", "why", b"x", None).await.unwrap_or_else(say);
    client.review_deployments(&acme(), 7, &[1], Answer::Approve, "").await.unwrap_or_else(say);
}
