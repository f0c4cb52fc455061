//! What is told: differences, what only a person can do, what GitHub cannot do; and that bad input changes nothing.

use std::collections::BTreeMap;

use crate::common::run;
use crate::common::server::{Fault, Kept, Server};
use runner::testing::Harness;

fn one(text: &str) -> String {
    format!("version: 1\nenvironments:\n  production: {{{text}}}\n")
}

fn with(kept: Kept) -> Server {
    Server::new(BTreeMap::from([("production".to_owned(), kept)]))
}

/// Only questions were asked.
fn changed_nothing(server: &Server) -> bool {
    server.state().asked.iter().all(|line| line.starts_with("GET "))
}

#[test]
fn a_plan_tells_and_changes_nothing() {
    let server = with(Kept { secrets: vec!["THERE".into()], ..Kept::made() });
    server.state().environments.insert("other".into(), Kept::made());
    let run = run(
        &server.address,
        "plan",
        &one("reviewers: [{user: alice}], branches: [main], secrets: [THERE, ASSAY_KEY]"),
    );
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(changed_nothing(&server));
    for (output, value) in [
        ("changes", "4"),
        ("weaker", "4"),
        ("calls", "2"),
        ("missing-secrets", "production/ASSAY_KEY"),
        ("unmanaged", "other"),
    ] {
        assert_eq!(run.outputs[output], value, "{output}");
    }
    for part in [
        "| reviewers | nobody | alice | WEAKER than the file says |",
        "| secret ASSAY\\_KEY | not there | there | MISSING; set it yourself |",
        "| secret THERE | there | there | as it is |",
        "Not in the file, and left alone: other",
    ] {
        assert!(run.summary.contains(part), "{part}\n{}", run.summary);
    }
    let secret = "gh secret set ASSAY_KEY --env 'production' --repo acme/images";
    assert!(run.stdout.contains(secret), "{}", run.stdout);
}

#[test]
fn bad_input_is_refused_before_anything_is_changed() {
    let good = one("branches: [main]");
    for (file, part) in [
        (one("branches: [main], reviewers: [{user: nobody-here}]"), "there is no person nobody-here"),
        (one("branches: [main], reviewers: [{user: acme}]"), "no person"),
        (one("branches: [main], reviewers: [{team: acme/ghosts}]"), "there is no team acme/ghosts"),
        (one("branches: [main], reviewers: [{team: other/security}]"), "another organisation"),
        (one("branches: [main], reviewerz: []"), "did you mean `reviewers`?"),
        ("".to_owned(), "the file is empty"),
    ] {
        let server = with(Kept::made());
        let run = run(&server.address, "apply", &file);
        assert_eq!(run.code, 2, "{file}: {}", run.stdout);
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
        assert!(run.stdout.contains("environments.yml"), "{}", run.stdout);
        assert!(changed_nothing(&server), "{file}");
    }
    let server = with(Kept::made());
    server.state().archived = true;
    let archived = run(&server.address, "apply", &good);
    assert!(archived.code == 2 && archived.stdout.contains("archived"), "{}", archived.stdout);
    assert!(changed_nothing(&server));

    let harness = Harness::new();
    harness.file("environments.yml", &good);
    for (inputs, part) in [
        (vec![("operation", "apply")], "`token` was not given"),
        (vec![("token", "x"), ("repository", "nobody")], "owner/name"),
        (vec![("token", "x"), ("api-url", "http://github.com")], "not HTTPS"),
        (vec![("token", "x"), ("environments", "production")], "no meaning"),
        (vec![("operation", "check"), ("environments", "nope")], "has no environment nope"),
        (vec![("file", "none.yml")], "cannot read none.yml"),
    ] {
        let harness = Harness::new();
        harness.file("environments.yml", &good);
        let given = inputs.iter().fold(harness, |harness, (name, value)| harness.input(name, value));
        let run = given.run(&environments::ACTION);
        assert!(run.code == 2 && run.stdout.contains(part), "{part}: {}", run.stdout);
    }
}

#[test]
fn what_the_subscription_lacks_is_said() {
    let server = with(Kept::made());
    server.state().private = true;
    let words = "Failed to create the environment protection rule. Please ensure the billing plan supports the required reviewers protection rule.";
    server.set_fault(Some(Fault::Status(0, 422, words)));
    let run = run(&server.address, "apply", &one("reviewers: [{user: alice}]"));
    assert_eq!(run.code, 2);
    for part in ["billing plan", "a private repository", "Nothing holds its jobs back", "0 of 1 calls"] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
}

#[test]
fn a_private_repository_without_environments_is_said() {
    let server = with(Kept::made());
    server.state().private = true;
    server.set_fault(Some(Fault::Status(0, 404, "Not Found")));
    let run = run(&server.address, "apply", &one("reviewers: [{user: alice}]"));
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("has no environments for private repositories"), "{}", run.stdout);
}

#[test]
fn what_github_took_and_did_not_do_is_no_success() {
    let server = with(Kept::made());
    server.state().forgets_bypass = true;
    let run = run(&server.address, "apply", &one("branches: [main]"));
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(run.stdout.contains("admins-can-bypass of production is true still"), "{}", run.stdout);
}

#[test]
fn a_server_that_does_not_say_is_not_taken_for_good() {
    let server = with(Kept { bypass: None, ..Kept::made() });
    server.state().forgets_bypass = true;
    let run = run(&server.address, "apply", &one("branches: [main]"));
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(run.stdout.contains("this server does not say"), "{}", run.stdout);
}

#[test]
fn lists_are_read_to_their_end() {
    let variables: BTreeMap<String, String> = (0..95).map(|n| (format!("V{n}"), n.to_string())).collect();
    let patterns = (0..130).map(|n| (n, "branch".to_owned(), format!("b{n}"))).collect();
    let server = with(Kept { mode: "named".into(), patterns, variables: variables.clone(), ..Kept::made() });
    for n in 0..120 {
        server.state().environments.insert(format!("e{n}"), Kept::made());
    }
    let values: Vec<String> = variables.iter().map(|(name, value)| format!("{name}: '{value}'")).collect();
    let file = one(&format!("branches: [b129], variables: {{{}}}", values.join(", ")));
    let plan = run(&server.address, "plan", &file);
    assert_eq!(plan.outputs["unmanaged"].lines().count(), 120);
    // 129 to close, and the rules.
    assert_eq!(plan.outputs["calls"], "130", "{}", plan.stdout);
    assert_eq!(run(&server.address, "apply", &file).code, 0);
    assert_eq!(run(&server.address, "plan", &file).outputs["calls"], "0");
}

/// Names that come from GitHub or a file reach no terminal and no Markdown alive.
#[test]
fn hostile_names_are_inert() {
    let hostile = "x\u{1b}[31m\n::error::<script>|`\u{202e}";
    let server = with(Kept {
        variables: BTreeMap::from([("A".into(), format!("{hostile}\n::set-output name=x::y"))]),
        patterns: vec![(1, "branch".into(), hostile.into())],
        mode: "named".into(),
        ..Kept::made()
    });
    server.state().environments.insert(format!("evil {hostile}"), Kept::made());
    for operation in ["plan", "apply"] {
        let run = run(
            &server.address,
            operation,
            &one("branches: [main], variables: {A: \"b\\e[0m\\n::error::z\"}"),
        );
        assert_eq!(run.code, 0, "{}", run.stdout);
        for text in [&run.stdout, &run.summary, &run.outputs["unmanaged"]] {
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
            assert!(
                !text.lines().any(|line| line.starts_with("::error") || line.starts_with("::set-output")),
                "{text}"
            );
        }
        assert!(!run.summary.contains("<script>"), "{}", run.summary);
        assert_eq!(run.outputs["unmanaged"].lines().count(), 1);
    }
    // A name that leads elsewhere stays one part of the path.
    let file = "version: 1\nenvironments:\n  ../../../orgs/acme?x#y: {branches: [main]}\n";
    let run = run(&server.address, "apply", file);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(server.environments().contains_key("../../../orgs/acme?x#y"));
    let state = server.state();
    assert!(state.asked.iter().all(|line| line.contains(" /repos/acme/images")), "{:?}", state.asked);
}

#[test]
fn check_tries_what_the_file_names() {
    let server = with(Kept::made());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let file = one(&format!("needs: {{reachable: ['{}/users/alice', 'http://{free}/v2/']}}", server.address));
    let failed = run(&server.address, "check", &file);
    assert_eq!(failed.code, 1, "{}", failed.stdout);
    assert!(failed.summary.contains("2 needs tried, 1 failed"), "{}", failed.summary);
    // The one that is there answers, if only that it knows no HEAD.
    assert!(failed.summary.contains("answers 404"), "{}", failed.summary);

    let good = run(&server.address, "check", &one(&format!("needs: {{reachable: ['{}']}}", server.address)));
    assert_eq!(good.code, 0, "{}", good.stdout);
    let nothing = run(&server.address, "check", &one(""));
    assert_eq!(nothing.code, 0, "{}", nothing.stdout);

    let role = one("needs: {oidc-role: 'arn:aws:iam::123456789012:role/publish'}");
    let no_token = run(&server.address, "check", &role);
    assert_eq!(no_token.code, 1);
    assert!(no_token.stdout.contains("id-token: write"), "{}", no_token.stdout);
}
