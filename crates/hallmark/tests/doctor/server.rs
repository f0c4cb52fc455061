//! What GitHub says, and what it does not say.

use github::testing::{Answer, FakeGitHub};

use crate::doctor::fixture::{Findings, Repository};

const REPOSITORY: &str = r#"{"private":true,"default_branch":"main","archived":false}"#;
const PERMISSIONS: &str =
    r#"{"default_workflow_permissions":"read","can_approve_pull_request_reviews":false}"#;
const POLICY: &str = r#"{"enabled":true,"allowed_actions":"all","sha_pinning_required":true}"#;
const BRANCH: &str =
    r#"{"name":"main","commit":{"sha":"0123456789abcdef0123456789abcdef01234567"},"protected":true}"#;
const RULES: &str = r#"[{"type":"pull_request"}]"#;

fn environment(name: &str, reviewers: &str, more: &str) -> String {
    format!(
        r#"{{"name":"{name}","can_admins_bypass":false,"deployment_branch_policy":{{"protected_branches":true,"custom_branch_policies":false}},
        "protection_rules":[{{"type":"required_reviewers","prevent_self_review":true,"reviewers":{reviewers}}}]{more}}}"#
    )
}

const SOMEBODY: &str = r#"[{"type":"User","reviewer":{"login":"octocat"}}]"#;

fn good(line: &str) -> Answer {
    match line.trim_start_matches("GET /repos/acme/images") {
        "" => Answer::json(REPOSITORY),
        "/environments/production" => Answer::json(environment("production", SOMEBODY, "")),
        "/environments/assay" => Answer::json(environment("assay", "[]", "")),
        "/actions/permissions/workflow" => Answer::json(PERMISSIONS),
        "/actions/permissions" => Answer::json(POLICY),
        "/branches/main" => Answer::json(BRANCH),
        "/rules/branches/main?per_page=100" => Answer::json(RULES),
        _ => Answer::error(404, "Not Found"),
    }
}

/// With one answer changed.
fn but(path: &'static str, answer: Answer) -> impl Fn(&str) -> Answer + Send + 'static {
    move |line| if line == format!("GET /repos/acme/images{path}") { answer.clone() } else { good(line) }
}

fn asked(repository: Repository, answer: impl Fn(&str) -> Answer + Send + 'static) -> (Findings, usize) {
    let server = FakeGitHub::new(answer);
    let findings = repository
        .input("offline", "false")
        .input("token", "ghs_secret")
        .env("GITHUB_API_URL", &server.url("").to_string())
        .findings();
    (findings, server.asked().len())
}

const CHECKS: [&str; 5] =
    ["repository", "environments", "default-branch", "token-default", "allowed-actions"];

#[test]
fn where_the_rules_are_good_nothing_is_found_in_a_handful_of_questions() {
    let (findings, questions) = asked(Repository::good(), good);
    for check in CHECKS {
        let found = findings.of(check);
        assert!(
            !found.is_empty() && found.iter().all(|found| found.starts_with("ok ")),
            "{check}: {found:?}"
        );
    }
    assert_eq!(findings.checks("unknown"), Vec::<&str>::new(), "{findings:#?}");
    assert_eq!(questions, 7);
}

#[test]
fn each_weak_rule_has_its_finding() {
    let env = |reviewers: &str, from: &str, to: &str| {
        let text = environment("production", reviewers, "");
        assert!(from.is_empty() || text.contains(from), "{from}");
        Answer::json(text.replace(from, to))
    };
    const PRODUCTION: &str = "/environments/production";
    const AT: &str = " @.github/workflows/image.yml:58";
    for (path, answer, check, expected) in [
        (
            "",
            Answer::json(r#"{"private":false,"default_branch":"main","archived":true}"#),
            "repository",
            "problem acme/images is archived: no workflow runs",
        ),
        (
            PRODUCTION,
            Answer::error(404, "Not Found"),
            "environments",
            &format!(
                "problem there is no environment `production`: the first job in it would make one without any rule{AT}"
            ),
        ),
        (
            PRODUCTION,
            env("[]", "", ""),
            "environments",
            &format!("warning `production` has no reviewers: its jobs begin by themselves{AT}"),
        ),
        (
            PRODUCTION,
            env(SOMEBODY, r#""prevent_self_review":true"#, r#""prevent_self_review":false"#),
            "environments",
            &format!("warning in `production`, whoever starts a run may agree to it{AT}"),
        ),
        (
            PRODUCTION,
            env(SOMEBODY, r#"{"protected_branches":true,"custom_branch_policies":false}"#, "null"),
            "environments",
            &format!(
                "warning `production` is open to every branch: a workflow that is changed on one gets its secrets{AT}"
            ),
        ),
        (
            PRODUCTION,
            env(SOMEBODY, r#""can_admins_bypass":false"#, r#""can_admins_bypass":true"#),
            "environments",
            &format!("warning administrators may pass the rules of `production` by{AT}"),
        ),
        (
            PRODUCTION,
            env(SOMEBODY, r#""can_admins_bypass":false,"#, ""),
            "environments",
            &format!(
                "unknown whether administrators may pass the rules of `production` by, this server does not say{AT}"
            ),
        ),
        (
            "/branches/main",
            Answer::json(
                r#"{"name":"main","commit":{"sha":"0123456789abcdef0123456789abcdef01234567"},"protected":false}"#,
            ),
            "default-branch",
            "ok `main` is protected (pull_request)",
        ),
        (
            "/actions/permissions/workflow",
            Answer::json(PERMISSIONS.replace("read", "write")),
            "token-default",
            "warning a job whose workflow does not say otherwise may write to the whole repository",
        ),
        (
            "/actions/permissions/workflow",
            Answer::json(PERMISSIONS.replace("false", "true")),
            "token-default",
            "warning workflows may approve pull requests: a review that is required of people can come from a machine",
        ),
        (
            "/actions/permissions",
            Answer::json(r#"{"enabled":false}"#),
            "allowed-actions",
            "problem GitHub Actions is switched off in this repository",
        ),
        (
            "/actions/permissions",
            Answer::json(POLICY.replace("all\"", "local_only\"")),
            "allowed-actions",
            "problem only actions of `acme` may run, and the workflows use `actions/checkout`, `github/codeql-action`, `hallmark-images/hallmark`",
        ),
        (
            "/actions/permissions",
            Answer::json(POLICY.replace("all\"", "selected\"")),
            "allowed-actions",
            "note only selected actions may run; these have to be among them: `actions/checkout`, `github/codeql-action`, `hallmark-images/hallmark`",
        ),
        (
            "/actions/permissions",
            Answer::json(r#"{"enabled":true,"allowed_actions":"all","sha_pinning_required":false}"#),
            "allowed-actions",
            "note actions may be named by tags",
        ),
    ] {
        let (findings, _) = asked(Repository::good(), but(path, answer));
        assert!(
            findings.of(check).iter().any(|found| found == expected),
            "{expected}\n{:#?}",
            findings.of(check)
        );
    }
    let (findings, _) = asked(Repository::good(), |line| match line {
        "GET /repos/acme/images/branches/main" => Answer::json(
            r#"{"name":"main","commit":{"sha":"0123456789abcdef0123456789abcdef01234567"},"protected":false}"#,
        ),
        "GET /repos/acme/images/rules/branches/main?per_page=100" => Answer::json(r#"[{"type":"deletion"}]"#),
        line => good(line),
    });
    assert!(findings.of("default-branch")[0].starts_with("warning `main` is not protected"), "{findings:#?}");
    let origin = &findings.of("rules-from-protected-ref")[0];
    assert!(origin.starts_with("problem the policy is read from `main`, which is not protected"), "{origin}");
}

#[test]
fn what_is_not_answered_is_unknown_with_what_it_needs() {
    for (answer, part) in [
        (Answer::error(401, "Bad credentials"), "401, the token is not valid"),
        (
            Answer::error(403, "Resource not accessible by integration"),
            "403, forbidden: Resource not accessible by integration (needs a token with `",
        ),
        (
            Answer::Whole(429, vec![("retry-after", "9".into())], String::new()),
            "the rate limit is reached; again in 9 s",
        ),
        (Answer::Cut, "cannot be reached"),
        (Answer::json("{"), "cannot be read"),
    ] {
        // Everything but the repository itself.
        let shown = format!("{answer:?}");
        let (findings, _) = asked(Repository::good(), move |line| match line {
            "GET /repos/acme/images" => Answer::json(REPOSITORY),
            _ => answer.clone(),
        });
        for check in &CHECKS[1..] {
            let found = findings.of(check);
            assert!(
                !found.is_empty()
                    && found.iter().all(|found| found.starts_with("unknown ") && found.contains(part)),
                "{shown} {check}: {found:?}"
            );
        }
        assert_eq!(findings.checks("problem"), Vec::<&str>::new(), "{shown}");
    }
}

#[test]
fn a_repository_that_is_hidden_is_asked_nothing_more() {
    let (findings, questions) = asked(Repository::good(), |_| Answer::error(404, "Not Found"));
    assert_eq!(questions, 1);
    for check in CHECKS {
        let found = findings.of(check);
        assert!(
            !found.is_empty()
                && found.iter().all(|found| found.starts_with("unknown ") && found.contains("404")),
            "{check}: {found:?}"
        );
    }
}

#[test]
fn without_a_network_or_a_token_nothing_is_taken_for_good() {
    let run = Repository::good().run();
    assert_eq!((run.code, run.outputs["problems"].as_str(), run.outputs["unknown"].as_str()), (0, "0", "6"));
    assert_eq!(Repository::good().input("strict", "true").run().code, 1);
    let server = FakeGitHub::new(|_| Answer::error(403, "API rate limit exceeded for 192.0.2.1."));
    let findings = Repository::good()
        .input("offline", "false")
        .env("GITHUB_API_URL", &server.url("").to_string())
        .findings();
    assert!(
        findings.of("repository")[0].ends_with("the rate limit is reached; no `token` was given"),
        "{findings:#?}"
    );
    assert_eq!(server.asked()[0].header("authorization"), None);
}

#[test]
fn a_token_goes_to_no_host_that_only_a_folder_names() {
    let server = FakeGitHub::new(|_| Answer::error(404, "Not Found"));
    let address = server.url("").to_string();
    let host = address.trim_start_matches("http://");
    let repository = Repository(Repository::good().0.off_runner())
        .env("GITHUB_OUTPUT", "/dev/null")
        .input("offline", "false")
        .input("token", "ghs_secret")
        .file(".git/config", format!("[remote \"origin\"]\n\turl = https://{host}/acme/images.git\n"));
    let findings = repository.findings();
    assert!(
        findings.of("repository")[0]
            .contains("is not asked unless you say so: give `api-url: https://127.0.0.1/api/v3`"),
        "{findings:#?}"
    );
    assert_eq!(server.asked(), []);
    // Said so, it is.
    let findings = repository.input("api-url", &format!("{address}/api/v3")).findings();
    assert!(findings.of("repository")[0].contains("404"), "{findings:#?}");
    assert_eq!(server.asked()[0].line, "GET /api/v3/repos/acme/images");
}

#[test]
fn which_environments_are_asked_for() {
    let (findings, _) = asked(Repository::good().input("environment", "staging, production"), good);
    let found = findings.of("environments");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("problem there is no environment `staging`"), "{found:?}");
    let (findings, _) = asked(
        Repository::good().with(
            crate::doctor::fixture::WORKFLOW,
            "name: production",
            "name: ${{ inputs.stage }}",
        ),
        good,
    );
    assert!(
        findings.of("environments").iter().any(|found| found
            .starts_with("unknown `${{ inputs.stage }}` is an environment that only a run knows")),
        "{findings:#?}"
    );
}

#[test]
fn bad_inputs_are_no_answer() {
    for (name, value, part) in [
        ("repository", "images", "input `repository`: `images` is no repository"),
        ("api-url", "http://api.github.com", "input `api-url`: `http://api.github.com` is not HTTPS"),
        ("directory", "nowhere", "input `directory`"),
        ("directory", ".github/workflows/image.yml", "is no folder"),
        ("offline", "maybe", "input `offline`"),
    ] {
        let run = Repository::good().input(name, value).run();
        assert_eq!(run.code, 2, "{name}={value}: {}", run.stdout);
        assert!(run.stdout.contains(part), "{name}={value}: {}", run.stdout);
    }
}
