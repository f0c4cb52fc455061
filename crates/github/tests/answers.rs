//! What GitHub answers, and what becomes of it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use github::testing::{Answer, FakeGitHub};
use github::{Allowed, Branch, BranchMode, Client, Commit, Repository, Reviewer};
use runner::Secret;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn acme() -> Repository {
    "acme/images".parse().unwrap()
}

fn environment(more: &str) -> String {
    format!(
        r#"{{"id":1,"node_id":"x","name":"production","url":"https://api.example/e","html_url":"https://example/e",
        "created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z"{more}}}"#
    )
}

#[tokio::test]
async fn every_rule_of_an_environment_is_read() {
    let bare = Environment {
        reviewers: &[],
        prevents: false,
        wait: 0,
        branches: BranchMode::Any,
        admins: None,
        other: &[],
    };
    for (more, expected) in [
        ("", bare),
        (r#","protection_rules":[],"deployment_branch_policy":null"#, bare),
        (
            r#","can_admins_bypass":true,"deployment_branch_policy":{"protected_branches":true,"custom_branch_policies":false},
            "protection_rules":[{"id":1,"node_id":"a","type":"branch_policy"}]"#,
            Environment { branches: BranchMode::Protected, admins: Some(true), ..bare },
        ),
        (
            r#","can_admins_bypass":false,"deployment_branch_policy":{"protected_branches":false,"custom_branch_policies":true},
            "protection_rules":[{"id":1,"node_id":"a","type":"wait_timer","wait_timer":30},
              {"id":2,"node_id":"b","type":"acme_app"},
              {"id":3,"node_id":"c","type":"required_reviewers","prevent_self_review":true,"reviewers":[
                {"type":"User","reviewer":{"login":"octo\u001b[31mcat"}},
                {"type":"Team","reviewer":{"slug":"image-owners"}},
                {"type":"Team","reviewer":null}]}]"#,
            Environment {
                reviewers: &["user octocat", "team image-owners", "team ?"],
                prevents: true,
                wait: 30,
                branches: BranchMode::Named,
                admins: Some(false),
                other: &["acme_app"],
            },
        ),
    ] {
        let body = environment(more);
        let server = FakeGitHub::new(move |_| Answer::json(body.clone()));
        let client = Client::new(&server.url(""), None).unwrap();
        let found = client.environment(&acme(), "production").await.unwrap();
        let reviewers: Vec<String> = found
            .reviewers
            .iter()
            .map(|reviewer| match reviewer {
                Reviewer::User(login) => format!("user {login}"),
                Reviewer::Team(slug) => format!("team {slug}"),
            })
            .collect();
        assert_eq!(reviewers, expected.reviewers, "{more}");
        assert_eq!(found.prevents_self_review, expected.prevents, "{more}");
        assert_eq!(found.wait_minutes, expected.wait, "{more}");
        assert_eq!(found.branches, expected.branches, "{more}");
        assert_eq!(found.admins_bypass, expected.admins, "{more}");
        assert_eq!(found.other_rules, expected.other, "{more}");
    }
}

#[derive(Clone, Copy)]
struct Environment {
    reviewers: &'static [&'static str],
    prevents: bool,
    wait: u32,
    branches: BranchMode,
    admins: Option<bool>,
    other: &'static [&'static str],
}

#[tokio::test]
async fn the_settings_of_actions() {
    for (body, write, approve) in [
        (r#"{"default_workflow_permissions":"read","can_approve_pull_request_reviews":false}"#, false, false),
        (r#"{"default_workflow_permissions":"write","can_approve_pull_request_reviews":true}"#, true, true),
        // A word that is new to this program is not taken for the narrow one.
        (r#"{"default_workflow_permissions":"more","can_approve_pull_request_reviews":false}"#, true, false),
    ] {
        let server = FakeGitHub::new(move |_| Answer::json(body));
        let client = Client::new(&server.url(""), None).unwrap();
        let found = client.workflow_permissions(&acme()).await.unwrap();
        assert_eq!((found.write, found.may_approve_pull_requests), (write, approve), "{body}");
    }
    for (body, enabled, allowed, pinning) in [
        (
            r#"{"enabled":true,"allowed_actions":"all","sha_pinning_required":true}"#,
            true,
            Some(Allowed::All),
            Some(true),
        ),
        (r#"{"enabled":true,"allowed_actions":"local_only"}"#, true, Some(Allowed::OwnersOnly), None),
        (
            r#"{"enabled":true,"allowed_actions":"selected","selected_actions_url":"https://x.example/"}"#,
            true,
            Some(Allowed::Selected),
            None,
        ),
        (r#"{"enabled":false}"#, false, None, None),
    ] {
        let server = FakeGitHub::new(move |_| Answer::json(body));
        let client = Client::new(&server.url(""), None).unwrap();
        let found = client.actions_policy(&acme()).await.unwrap();
        assert_eq!(
            (found.enabled, found.allowed, found.pinning_required),
            (enabled, allowed, pinning),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_branch_and_its_rules() {
    let server = FakeGitHub::new(|line| match line {
        "GET /repos/acme/images" => Answer::json(
            r#"{"id":1,"name":"images","private":true,"default_branch":"release/1","archived":false}"#,
        ),
        "GET /repos/acme/images/branches/release%2F1" => Answer::json(format!(
            r#"{{"name":"release/1","commit":{{"sha":"{COMMIT}","url":"x"}},"protected":true}}"#
        )),
        "GET /repos/acme/images/rules/branches/release%2F1?per_page=100" => Answer::json(
            r#"[{"type":"pull_request","ruleset_id":1,"ruleset_source_type":"Moon","parameters":{"x":1}},
                {"type":"deletion"},{"type":"pull_request"}]"#,
        ),
        _ => Answer::error(404, "Not Found"),
    });
    let client = Client::new(&server.url(""), None).unwrap();
    let facts = client.repository(&acme()).await.unwrap();
    assert!(facts.private && !facts.archived);
    let branch = client.branch(&acme(), facts.default_branch.as_deref().unwrap()).await.unwrap();
    assert_eq!((branch.name.as_str(), branch.protected), ("release/1", true));
    assert_eq!(branch.commit.as_str(), COMMIT);
    assert_eq!(branch.rules, ["deletion", "pull_request"]);
}

#[test]
fn when_a_branch_is_protected() {
    for (protected, rules, expected) in [
        (false, &[] as &[&str], false),
        (true, &[], true),
        (false, &["deletion"], false),
        (false, &["deletion", "pull_request"], true),
        (true, &["deletion"], true),
    ] {
        let branch = Branch {
            name: "main".into(),
            commit: COMMIT.parse().unwrap(),
            protected,
            rules: rules.iter().map(|&rule| rule.to_owned()).collect(),
        };
        assert_eq!(branch.is_protected(), expected, "{protected} {rules:?}");
    }
}

/// A branch that points at no commit is no answer: nothing is read by a name that may move.
#[tokio::test]
async fn a_branch_without_a_commit_is_refused() {
    for sha in ["main", "", "0123456"] {
        let body = format!(r#"{{"name":"main","commit":{{"sha":"{sha}"}},"protected":true}}"#);
        let server = FakeGitHub::new(move |_| Answer::json(body.clone()));
        let client = Client::new(&server.url(""), None).unwrap();
        let error = client.branch(&acme(), "main").await.unwrap_err().to_string();
        assert!(error.contains("is no commit"), "{error}");
    }
}

#[tokio::test]
async fn a_file_is_read_by_its_commit() {
    let at = |path: &str| format!("GET /api/v3/repos/acme/images/contents/{path}?ref={COMMIT}");
    let (file, folder) = (at("hallmark%2Fpolicy%2Eyml"), at("hallmark"));
    let server = FakeGitHub::new(move |line| match line {
        line if line == file => Answer::json(
            r#"{"type":"file","name":"policy.yml","encoding":"base64","size":11,"content":"dmVyc2lv\nbjogMQo=\n","sha":"x"}"#,
        ),
        line if line == folder => Answer::json(r#"[{"type":"file","name":"policy.yml"}]"#),
        _ => Answer::error(404, "Not Found"),
    });
    let client = Client::new(&server.url("/api/v3"), Some(Secret::new("ghs_secret"))).unwrap();
    let commit: Commit = COMMIT.parse().unwrap();
    let found = client.contents(&acme(), "hallmark/policy.yml", &commit).await.unwrap();
    assert_eq!(found, b"version: 1\n");
    for (path, sentence) in [
        ("hallmark", "the answer cannot be read: it is a folder and no file"),
        ("../x?ref=evil", "404, not there, or hidden from this token (needs a token with `contents: read`)"),
    ] {
        let error = client.contents(&acme(), path, &commit).await.unwrap_err();
        assert!(error.to_string().ends_with(sentence), "{error}");
    }
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines[2], at("%2E%2E%2Fx%3Fref%3Devil"));
}

#[tokio::test]
async fn a_question_carries_what_github_asks_for() {
    let server = FakeGitHub::new(|_| Answer::error(404, "Not Found"));
    let client = Client::new(&server.url("/api/v3"), Some(Secret::new("ghs_secret\n"))).unwrap();
    client.environment(&acme(), "a/../b c?d").await.unwrap_err();
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "GET /api/v3/repos/acme/images/environments/a%2F%2E%2E%2Fb%20c%3Fd");
    assert_eq!(asked.header("authorization"), Some("Bearer ghs_secret"));
    assert_eq!(asked.header("accept"), Some("application/vnd.github+json, application/json"));
    assert_eq!(asked.header("x-github-api-version"), Some("2022-11-28"));
    assert!(asked.header("user-agent").unwrap().starts_with("hallmark/"));
    assert_eq!(asked.header("content-length"), None);

    let nobody = Client::new(&server.url(""), None).unwrap();
    nobody.workflow_permissions(&acme()).await.unwrap_err();
    assert_eq!(server.asked()[1].header("authorization"), None);
}

#[tokio::test]
async fn the_token_follows_no_redirect_to_another_host() {
    let elsewhere = FakeGitHub::new(|_| Answer::json(environment("")));
    let there = elsewhere.url("").to_string().replace("127.0.0.1", "localhost") + "/stolen";
    let server = FakeGitHub::new(move |line| match line {
        "GET /repos/acme/images/environments/moved" => {
            Answer::Whole(301, vec![("location", "/repositories/7/environments/moved".into())], String::new())
        }
        "GET /repositories/7/environments/moved" => Answer::json(environment("")),
        _ => Answer::Whole(302, vec![("location", there.clone())], String::new()),
    });
    let client = Client::new(&server.url(""), Some(Secret::new("ghs_secret"))).unwrap();
    // A repository that was renamed: the same host.
    client.environment(&acme(), "moved").await.unwrap();
    assert_eq!(server.asked()[1].header("authorization"), Some("Bearer ghs_secret"));
    client.environment(&acme(), "production").await.unwrap();
    assert_eq!(elsewhere.asked()[0].line, "GET /stolen");
    assert_eq!(elsewhere.asked()[0].header("authorization"), None);
}
