//! The client against GitHub's own description of its API, which a mock holds requests and answers to:
//! github.com, and an Enterprise Server.
#![expect(clippy::disallowed_methods, reason = "the test starts the mock itself")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "prism/environments.rs"]
mod environments;
#[path = "prism/held.rs"]
mod held;
#[path = "prism/issues.rs"]
mod issues;
#[path = "prism/reviewing.rs"]
mod reviewing;
#[path = "prism/scanning.rs"]
mod scanning;
#[path = "prism/waiting.rs"]
mod waiting;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use github::{
    Allowed, ApiUrl, ApprovalState, Branch, BranchMode, Client, Commit, Error, Limits, Person, Repository,
    Reviewer, WorkflowRun,
};
use runner::Secret;

/// The mock, ended with the test.
struct Prism {
    child: Child,
    port: u16,
}

impl Prism {
    fn start(description: &str, more: &[&str]) -> Self {
        let Some(folder) = std::env::var_os("HALLMARK_TEST_PRISM").map(PathBuf::from) else {
            panic!(
                "HALLMARK_TEST_PRISM is not set: `make test` sets it to the folder that crates/github/tests/prism/install.sh fills"
            );
        };
        // Another program may take the port in between; then another one is tried.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut child = Command::new("node")
                .arg(folder.join("node_modules/@stoplight/prism-cli/dist/index.js"))
                .args(["mock", "--host", "127.0.0.1", "--port", &port.to_string()])
                .args(more)
                .arg(folder.join(description))
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let up = lines.by_ref().map_while(Result::ok).any(|line| line.contains("Prism is listening"));
            let prism = Self { child, port };
            if up {
                // Kept empty, so that the mock never waits for somebody to read.
                std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
                return prism;
            }
        }
        panic!("the mock did not start");
    }

    fn client(&self) -> Client {
        let address = ApiUrl::parse(&format!("http://127.0.0.1:{}", self.port)).unwrap();
        // It reads the whole description before its first answer, on a busy machine too.
        let limits = Limits { whole: Duration::from_secs(120), ..Limits::default() };
        Client::with_limits(&address, Some(Secret::new("ghs_secret")), limits).unwrap()
    }

    /// The status of a question that this crate would never ask.
    fn status(&self, path: &str) -> String {
        self.status_of("GET", path, "")
    }

    /// The status of a call that this crate would never make, with JSON.
    fn status_of(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{kind}content-length: {length}\r\n\r\n{body}")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn acme() -> Repository {
    "acme/images".parse().unwrap()
}

fn commit() -> Commit {
    "0123456789abcdef0123456789abcdef01234567".parse().unwrap()
}

/// A branch's commit is made up of any letters, and is then refused for that alone.
fn a_branch(answer: Result<Branch, Error>) -> Result<(), Error> {
    match answer {
        Err(error) if !error.to_string().contains("is no commit") => Err(error),
        _ => Ok(()),
    }
}

/// So is a run's.
fn a_run(answer: Result<WorkflowRun, Error>) -> Result<(), Error> {
    match answer {
        Err(error) if !error.to_string().contains("is no commit") => Err(error),
        _ => Ok(()),
    }
}

/// What lies at a path may be a file, whose content is made up as well, or anything else that has a name.
fn a_file(answer: Result<Vec<u8>, Error>) -> Result<(), Error> {
    let named = ["no file", "not base64", "longer than GitHub sends"];
    match answer {
        Err(error) if !named.iter().any(|part| error.to_string().contains(part)) => Err(error),
        _ => Ok(()),
    }
}

/// GitHub's own examples. With `--errors`, a request that the description does not allow is an error.
#[tokio::test]
async fn every_question_is_one_that_github_describes() {
    for description in ["api.github.com.json", "ghes-3.17.json"] {
        let prism = Prism::start(description, &["--errors"]);
        assert_eq!(prism.status("/repos/a/b/rules/branches/main?per_page=many"), "422", "{description}");
        assert_eq!(prism.status("/repos/a/b/environment/production"), "404", "{description}");

        held::every_body_is_looked_at(&prism, description);

        let client = prism.client();
        let environment = client.environment(&acme(), "pro duction/eu").await.unwrap();
        assert_eq!(environment.name, "staging", "{description}");
        assert_eq!(environment.wait_minutes, 30, "{description}");
        assert_eq!(environment.branches, BranchMode::Named, "{description}");
        assert!(!environment.prevents_self_review, "{description}");
        let reviewers = [Reviewer::User("octocat".into()), Reviewer::Team("justice-league".into())];
        assert_eq!(environment.reviewers, reviewers, "{description}");

        let permissions = client.workflow_permissions(&acme()).await.unwrap();
        assert!(!permissions.write && permissions.may_approve_pull_requests, "{description}");
        let policy = client.actions_policy(&acme()).await.unwrap();
        assert_eq!((policy.enabled, policy.allowed), (true, Some(Allowed::Selected)), "{description}");
        let branch = client.branch(&acme(), "release/1").await.unwrap();
        assert!(!branch.protected, "{description}");
        assert_eq!(branch.commit.as_str().len(), 40, "{description}");
        // The first of GitHub's examples for a path is one of its kinds; each is read, or named.
        a_file(client.contents(&acme(), "hallmark/policy.yml", &commit()).await)
            .unwrap_or_else(|error| panic!("{description}: {error}"));
        environments::are_described(&client, description).await;
        waiting::are_described(&client, description).await;
        issues::are_described(&client, description).await;
        reviewing::are_described(&client, description).await;
        scanning::are_described(&client, description).await;
        scanning::are_held_to_it(&client, description).await;
        assert_eq!(prism.status("/repos/a/b/actions/artifacts/9/zip"), "302", "{description}");
        let run = client.workflow_run(&acme(), 7).await.unwrap();
        assert_eq!((run.id, run.attempt, run.event.as_str()), (30_433_642, 1, "push"), "{description}");
        assert_eq!(run.commit.as_str(), "acb5820ced9479c074f688cc328bf03f341a511d", "{description}");
        let octocat = Person { id: 1, login: "octocat".into() };
        assert_eq!((run.actor.as_ref(), run.triggering_actor.as_ref()), (Some(&octocat), Some(&octocat)));
        let approvals = client.approvals(&acme(), 7).await.unwrap();
        assert_eq!((approvals[0].state, approvals[0].by.as_ref()), (ApprovalState::Approved, Some(&octocat)));
        assert_eq!(approvals[0].environments[0].name, "staging", "{description}");
        assert_eq!(approvals[0].comment, "Ship it!", "{description}");
        assert_eq!(branch.rules, ["commit_author_email_pattern", "commit_message_pattern"], "{description}");
    }
}

/// Answers made up from the schemas: every optional field now there, now not. The seed is fixed.
/// (GitHub's own examples of a repository and of a pull request break GitHub's own schemas, so these are asked here.)
#[tokio::test]
async fn whatever_the_description_allows_can_be_read() {
    for description in ["api.github.com.json", "ghes-3.17.json"] {
        let prism = Prism::start(description, &["--dynamic", "--seed", "hallmark"]);
        let client = prism.client();
        for round in 0..30 {
            let say = |error: github::Error| panic!("{description}, round {round}: {error}");
            client.repository(&acme()).await.map(drop).unwrap_or_else(say);
            client.environment(&acme(), "production").await.map(drop).unwrap_or_else(say);
            client.workflow_permissions(&acme()).await.map(drop).unwrap_or_else(say);
            client.actions_policy(&acme()).await.map(drop).unwrap_or_else(say);
            a_run(client.workflow_run(&acme(), 7).await).unwrap_or_else(say);
            client.approvals(&acme(), 7).await.map(drop).unwrap_or_else(say);
            client.writers(&acme(), &commit()).await.map(drop).unwrap_or_else(say);
            a_branch(client.branch(&acme(), "main").await).unwrap_or_else(say);
            a_file(client.contents(&acme(), "hallmark/policy.yml", &commit()).await).unwrap_or_else(say);
            environments::can_be_read(&client, say).await;
            waiting::can_be_read(&client, say).await;
            issues::can_be_read(&client, say).await;
            reviewing::can_be_read(&client, say).await;
            scanning::can_be_read(&client, say).await;
        }
    }
}
