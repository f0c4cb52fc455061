//! Environments as they are set up: every question and every call is one that GitHub describes.

use github::environments::{PatternId, PersonId, Protection, Ref, Variable};
use github::{BranchMode, Client, Error, Why};

use super::acme;

const NAME: &str = "pro duction/eu";

fn variable() -> Variable {
    Variable { name: "AWS_REGION".to_owned(), value: "eu-west-1".to_owned() }
}

/// Every rule there is, with administrators kept out and let in, reviewers and none.
fn rules() -> Vec<Protection> {
    let mut all = Vec::new();
    for branches in [BranchMode::Any, BranchMode::Protected, BranchMode::Named] {
        for reviewers in [vec![], vec![PersonId::User(1), PersonId::Team(2)]] {
            for flag in [false, true] {
                all.push(Protection {
                    reviewers: reviewers.clone(),
                    prevent_self_review: flag,
                    wait_minutes: 30,
                    branches,
                    admins_bypass: flag,
                });
            }
        }
    }
    all
}

fn ok<T>(description: &str, answer: Result<T, Error>) -> T {
    answer.unwrap_or_else(|error| panic!("{description}: {error}"))
}

/// By GitHub's own examples, under `--errors`.
pub(super) async fn are_described(client: &Client, description: &str) {
    let user = ok(description, client.user("octocat").await);
    assert_eq!((user.id, user.name.as_str()), (PersonId::User(1), "octocat"), "{description}");

    // The Enterprise Server's own example breaks its own schema; it is read below, made up.
    if description == "api.github.com.json" {
        let environments = ok(description, client.environments(&acme()).await);
        assert_eq!(environments.len(), 1, "{description}");
        assert_eq!(environments[0].wait_minutes, 30, "{description}");
        assert_eq!(environments[0].reviewers.len(), 2, "{description}");
    }
    let patterns = ok(description, client.patterns(&acme(), NAME).await);
    assert_eq!(patterns.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["release/*", "main"]);
    let variables = ok(description, client.variables(&acme(), NAME).await);
    assert_eq!(variables.len(), 2, "{description}");
    assert_eq!(ok(description, client.secret_names(&acme(), NAME).await).len(), 2, "{description}");

    for rules in rules() {
        ok(description, client.set_environment(&acme(), NAME, &rules).await);
    }
    for of in [Ref::Branch, Ref::Tag] {
        ok(description, client.add_pattern(&acme(), NAME, of, "release/*").await);
    }
    ok(description, client.remove_pattern(&acme(), NAME, PatternId(361_471)).await);
    ok(description, client.set_variable(&acme(), NAME, &variable()).await);
    ok(description, client.remove_variable(&acme(), NAME, "AWS_REGION").await);
}

/// Answers made up from the schemas: read, or a list that contradicts its own count. (GitHub's own examples of a team
/// and of a new variable break GitHub's own schema, so these are asked here.)
pub(super) async fn can_be_read(client: &Client, say: impl Fn(Error) + Copy) {
    let whole = |error: Error| match &error.why {
        Why::Malformed(what) if what.contains("says that there are more") => {}
        _ => say(error),
    };
    client.environments(&acme()).await.map(drop).unwrap_or_else(whole);
    client.patterns(&acme(), NAME).await.map(drop).unwrap_or_else(whole);
    client.variables(&acme(), NAME).await.map(drop).unwrap_or_else(whole);
    client.secret_names(&acme(), NAME).await.map(drop).unwrap_or_else(whole);
    let person = |error: Error| match &error.why {
        Why::Malformed(what) if what.contains("no person") => {}
        _ => say(error),
    };
    client.user("octocat").await.map(drop).unwrap_or_else(person);
    client.team("github", "justice-league").await.map(drop).unwrap_or_else(say);
    client.add_variable(&acme(), NAME, &variable()).await.unwrap_or_else(say);
}
