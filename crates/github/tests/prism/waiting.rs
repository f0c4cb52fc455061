//! Runs that wait, comments and check runs: every question and every call is one that GitHub describes.

use github::{Cancelled, Check, Client, Conclusion, Error, Person};

use super::{acme, commit};

fn ok<T>(description: &str, answer: Result<T, Error>) -> T {
    answer.unwrap_or_else(|error| panic!("{description}: {error}"))
}

fn check(conclusion: Conclusion, details_url: Option<String>) -> Check {
    Check {
        name: "Hallmark: debian-app".to_owned(),
        commit: commit(),
        conclusion,
        title: "review".to_owned(),
        summary: "## Review".to_owned(),
        external_id: "0f".repeat(32),
        details_url,
    }
}

/// By GitHub's own examples, under `--errors`.
pub(super) async fn are_described(client: &Client, description: &str) {
    let octocat = Person { id: 1, login: "octocat".into() };
    for workflow in [None, Some("golden-image.yml")] {
        let runs = ok(description, client.waiting_runs(&acme(), workflow).await);
        assert_eq!((runs.len(), runs[0].id), (1, 30_433_642), "{description}");
        assert_eq!(runs[0].branch.as_deref(), Some("master"), "{description}");
    }
    let run = ok(description, client.run(&acme(), 7).await);
    assert_eq!((run.id, run.attempt, run.event.as_str()), (30_433_642, 1, "push"), "{description}");
    assert_eq!((run.status.as_str(), run.conclusion, run.by), ("queued", None, Some(octocat.clone())));
    assert!(run.started.is_some(), "{description}");
    // GitHub's own examples of pending deployments, of an attempt's jobs and of ending a run break GitHub's own schema:
    // they are asked below.

    let comments = ok(description, client.comments(&acme(), 7).await);
    assert_eq!(
        (comments.len(), comments[0].id, comments[0].body.as_str()),
        (1, 1, "Me too"),
        "{description}"
    );
    let by = comments[0].by.as_ref().map(|by| (by.is_bot, by.account.login.as_str()));
    assert_eq!(by, Some((false, "octocat")), "{description}");
    assert_eq!(ok(description, client.add_comment(&acme(), 7, "x").await).id, 1, "{description}");
    assert_eq!(ok(description, client.change_comment(&acme(), 1, "x").await).id, 1, "{description}");
    assert_eq!(ok(description, client.own_account().await), Some(octocat), "{description}");

    for conclusion in
        [Conclusion::Success, Conclusion::Failure, Conclusion::Neutral, Conclusion::ActionRequired]
    {
        for url in [None, Some("https://github.com/acme/images/actions/runs/1".to_owned())] {
            let page = ok(description, client.add_check(&acme(), &check(conclusion, url)).await);
            assert!(page.starts_with("https://github.com/"), "{description}: {page}");
        }
    }
}

/// Answers made up from the schemas: read, or a list that contradicts its own count.
pub(super) async fn can_be_read(client: &Client, say: impl Fn(Error) + Copy) {
    let whole = |error: Error| {
        if !error.to_string().contains("says that there are more") {
            say(error);
        }
    };
    client.waiting_runs(&acme(), None).await.map(drop).unwrap_or_else(whole);
    client.waiting_runs(&acme(), Some("x.yml")).await.map(drop).unwrap_or_else(whole);
    client.jobs(&acme(), 7, 1).await.map(drop).unwrap_or_else(whole);
    assert_eq!(client.cancel(&acme(), 7).await.map_err(say), Ok(Cancelled::Taken));
    client.run(&acme(), 7).await.map(drop).unwrap_or_else(say);
    client.pending_deployments(&acme(), 7).await.map(drop).unwrap_or_else(say);
    client.comments(&acme(), 7).await.map(drop).unwrap_or_else(say);
    client.add_comment(&acme(), 7, "x").await.map(drop).unwrap_or_else(say);
    client.change_comment(&acme(), 7, "x").await.map(drop).unwrap_or_else(say);
    client.own_account().await.map(drop).unwrap_or_else(say);
    client.pull_requests(&acme(), &commit()).await.map(drop).unwrap_or_else(say);
    client.add_check(&acme(), &check(Conclusion::Neutral, None)).await.map(drop).unwrap_or_else(say);
}
