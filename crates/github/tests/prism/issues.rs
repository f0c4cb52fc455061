//! Issues: every question and every call is one that GitHub describes.

use github::{Client, CloseReason, Draft, Error};

use super::acme;

fn draft() -> Draft {
    Draft {
        title: "web/stable no longer passes: 1 reason".to_owned(),
        body: "why".to_owned(),
        labels: vec!["hallmark-regate".to_owned()],
        assignees: vec!["octocat".to_owned()],
    }
}

fn ok<T>(description: &str, answer: Result<T, Error>) -> T {
    answer.unwrap_or_else(|error| panic!("{description}: {error}"))
}

/// By GitHub's own examples, under `--errors`.
pub(super) async fn are_described(client: &Client, description: &str) {
    assert_eq!(ok(description, client.own_account_or("github-actions[bot]").await).login, "octocat");
    let issues = ok(description, client.open_issues(&acme(), "hallmark-regate").await);
    // GitHub's one example of an issue is a pull request.
    assert!(issues.is_empty(), "{description}: {issues:?}");
    let issue = ok(description, client.create_issue(&acme(), &draft()).await);
    assert_eq!((issue.number, issue.author.map(|one| one.id)), (1347, Some(1)), "{description}");
    assert!(issue.url.starts_with("https://github.com/"), "{description}: {}", issue.url);
    ok(description, client.rewrite_issue(&acme(), 1347, "title", "body").await);
    ok(description, client.add_comment(&acme(), 1347, "one more").await);
    for reason in [CloseReason::Completed, CloseReason::NotPlanned] {
        ok(description, client.close_issue(&acme(), 1347, reason).await);
    }
}

/// Answers made up from the schemas.
pub(super) async fn can_be_read(client: &Client, say: impl Fn(Error) + Copy) {
    client.own_account_or("github-actions[bot]").await.map(drop).unwrap_or_else(say);
    client.open_issues(&acme(), "hallmark-regate").await.map(drop).unwrap_or_else(say);
    client.create_issue(&acme(), &draft()).await.map(drop).unwrap_or_else(say);
}
