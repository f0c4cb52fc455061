//! Every way in which GitHub does not do what it is told: each a sentence, and no call is made twice.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use github::environments::{PatternId, Protection, Ref, Variable};
use github::testing::{Answer, FakeGitHub};
use github::{BranchMode, Client, Error, Limits, Repository, Why};
use runner::Secret;

/// Enough on a busy machine: who answers has time for it.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(60),
    whole: Duration::from_secs(60),
    bytes: 1000,
    attempts: 3,
    pause: Duration::from_millis(10),
};

fn acme() -> Repository {
    "acme/images".parse().unwrap()
}

/// Every call that changes something, with its method and what it needs.
const CALLS: [(&str, &str, &str); 6] = [
    ("PUT", "/repos/acme/images/environments/x%2Fy", "administration: write"),
    ("POST", "/repos/acme/images/environments/x%2Fy/deployment-branch-policies", "administration: write"),
    ("DELETE", "/repos/acme/images/environments/x%2Fy/deployment-branch-policies/7", "administration: write"),
    ("POST", "/repos/acme/images/environments/x%2Fy/variables", "environments: write"),
    ("PATCH", "/repos/acme/images/environments/x%2Fy/variables/A", "environments: write"),
    ("DELETE", "/repos/acme/images/environments/x%2Fy/variables/A", "environments: write"),
];

async fn call(client: &Client, at: usize) -> Result<(), Error> {
    let variable = Variable { name: "A".to_owned(), value: "b".to_owned() };
    let rules = Protection {
        reviewers: vec![],
        prevent_self_review: false,
        wait_minutes: 0,
        branches: BranchMode::Any,
        admins_bypass: true,
    };
    match at {
        0 => client.set_environment(&acme(), "x/y", &rules).await,
        1 => client.add_pattern(&acme(), "x/y", Ref::Branch, "main").await,
        2 => client.remove_pattern(&acme(), "x/y", PatternId(7)).await,
        3 => client.add_variable(&acme(), "x/y", &variable).await,
        4 => client.set_variable(&acme(), "x/y", &variable).await,
        _ => client.remove_variable(&acme(), "x/y", "A").await,
    }
}

async fn told(answer: &Answer, at: usize) -> (Result<(), Error>, Vec<String>) {
    let whole = match answer {
        Answer::Silence => Duration::from_millis(500),
        _ => LIMITS.whole,
    };
    let answer = answer.clone();
    let server = FakeGitHub::new(move |_| answer.clone());
    let limits = Limits { whole, ..LIMITS };
    let client = Client::with_limits(&server.url(""), Some(Secret::new("ghs_secret")), limits).unwrap();
    let result = call(&client, at).await;
    (result, server.asked_at_least(1).into_iter().map(|asked| asked.line).collect())
}

#[tokio::test]
async fn every_fault_of_every_call_has_its_sentence_and_is_not_repeated() {
    for (answer, sentence, hint) in [
        (Answer::error(401, "Bad credentials"), "401, the token is not valid", true),
        (Answer::error(403, "Resource not accessible"), "403, forbidden: Resource not accessible", true),
        (Answer::error(409, "Already exists"), "the server answered 409: Already exists", false),
        (Answer::error(422, "Validation Failed"), "the server answered 422: Validation Failed", false),
        (Answer::error(429, "Slow down"), "the rate limit is reached", false),
        (Answer::error(500, "\u{1b}[31mno\n::error::x"), "the server answered 500: no ::error::x", false),
        (Answer::error(503, "Down"), "the server answered 503: Down", false),
        (Answer::Silence, "no answer within 500ms", false),
        (Answer::Cut, "GitHub cannot be reached", false),
        (Answer::CutShort, "GitHub cannot be reached", false),
    ] {
        for (at, (method, path, needs)) in CALLS.into_iter().enumerate() {
            let (result, asked) = told(&answer, at).await;
            let error = result.unwrap_err();
            let begin = format!("{method} {path}: {sentence}");
            assert!(error.to_string().starts_with(&begin), "{begin}\n{error}");
            assert_eq!(error.to_string().contains(needs), hint, "{error}");
            assert_eq!(asked, [format!("{method} {path}")], "{answer:?}");
            assert!(!format!("{error:?}").contains("ghs_secret"));
        }
    }
}

/// What is gone already is gone; all else that is not found is an error.
#[tokio::test]
async fn what_is_done_already_is_all_right() {
    for (at, (_, _, needs)) in CALLS.into_iter().enumerate() {
        let (result, _) = told(&Answer::error(404, "Not Found"), at).await;
        match at {
            2 | 5 => assert_eq!(result, Ok(())),
            _ => {
                let error = result.unwrap_err();
                assert_eq!(error.why, Why::NotFound);
                assert!(error.to_string().contains(needs), "{error}");
            }
        }
        // What a good answer says besides is not looked at.
        let (result, _) = told(&Answer::Whole(200, vec![], "<html>".into()), at).await;
        assert_eq!(result, Ok(()));
    }
}

/// Half of a list would look like things that are missing, or too many.
#[tokio::test]
async fn a_list_is_read_to_its_end_or_not_at_all() {
    let page = |total: u64, names: &[&str]| {
        let all: Vec<_> = names.iter().map(|name| serde_json::json!({"name": name, "value": "x"})).collect();
        Answer::json(serde_json::json!({"total_count": total, "variables": all}).to_string())
    };
    let (first, second, none) = (page(3, &["A", "B"]), page(3, &["C"]), page(3, &[]));
    for (pages, expected) in [
        (vec![first.clone(), second], Ok(vec!["A", "B", "C"])),
        (vec![first, none], Err("says that there are more")),
    ] {
        let server = FakeGitHub::new(move |line| {
            let number: usize = line.rsplit('=').next().unwrap().parse().unwrap();
            pages[number - 1].clone()
        });
        let client = Client::with_limits(&server.url(""), None, LIMITS).unwrap();
        match (client.variables(&acme(), "x").await, expected) {
            (Ok(found), Ok(names)) => {
                assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), names);
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, _) => panic!("{found:?}"),
        }
    }
}
