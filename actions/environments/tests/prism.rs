//! Plan, apply and plan again through a proxy that holds every request and every answer to GitHub's own
//! description of its API: github.com, and an Enterprise Server.
#![expect(clippy::disallowed_methods, reason = "the test starts the proxy itself")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::common::description::Description;
use crate::common::run;
use crate::common::server::{Kept, Server};

const FILE: &str = "version: 1
environments:
  production eu/1:
    reviewers: [{team: acme/security}, {user: alice}]
    wait-timer: 30m
    branches: [main, 'release/*']
    tags: ['v*']
    variables: {AWS_REGION: eu-west-1, CHANGED: 'new'}
    secrets: [ASSAY_KEY]
  staging:
    reviewers: []
    wait-timer: 0
    branches: protected
    variables: {}
  new:
    branches: [dev]
    variables: {A: b}
";

/// The proxy, ended with the test.
struct Proxy {
    child: Child,
    address: String,
}

impl Proxy {
    fn start(folder: &std::path::Path, description: &str, upstream: &str) -> Self {
        // Another program may take the port in between; then another one is tried.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut child = Command::new("node")
                .arg(folder.join("node_modules/@stoplight/prism-cli/dist/index.js"))
                .args(["proxy", "--errors", "--host", "127.0.0.1", "--port", &port.to_string()])
                .arg(folder.join(description))
                .arg(upstream)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let up = lines.by_ref().map_while(Result::ok).any(|line| line.contains("Prism is listening"));
            let proxy = Self { child, address: format!("http://127.0.0.1:{port}") };
            if up {
                // Kept empty, so that the proxy never waits for somebody to read.
                std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
                return proxy;
            }
        }
        panic!("the proxy did not start");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn folder() -> PathBuf {
    std::env::var_os("HALLMARK_TEST_PRISM").map(PathBuf::from).unwrap_or_else(|| {
        panic!("HALLMARK_TEST_PRISM is not set: `make test` sets it to the folder that crates/github/tests/prism/install.sh fills")
    })
}

fn begin() -> BTreeMap<String, Kept> {
    let production = Kept {
        mode: "named".into(),
        patterns: vec![(1, "branch".into(), "*".into()), (2, "tag".into(), "v*".into())],
        variables: BTreeMap::from([("CHANGED".into(), "old".into()), ("OLD".into(), "1".into())]),
        secrets: vec!["ASSAY_KEY".into()],
        ..Kept::made()
    };
    let staging = Kept {
        reviewers: vec![("User".into(), 2), ("Team".into(), 12)],
        prevent_self_review: true,
        wait: 60,
        ..Kept::made()
    };
    BTreeMap::from([("production eu/1".into(), production), ("staging".into(), staging)])
}

#[test]
fn plan_apply_plan_under_githubs_own_description() {
    let folder = folder();
    for description in ["api.github.com.json", "ghes-3.17.json"] {
        let server = Server::described(begin(), Some(Description::read(&folder.join(description))));
        let proxy = Proxy::start(&folder, description, &server.address);
        let before = run(&proxy.address, "plan", FILE);
        assert_eq!(before.code, 0, "{description}: {}", before.stdout);
        assert_eq!(server.calls(), 0, "{description}");
        assert_ne!(before.outputs["changes"], "0", "{description}");
        let apply = run(&proxy.address, "apply", FILE);
        assert_eq!(apply.code, 0, "{description}: {}", apply.stdout);
        assert_eq!(apply.outputs["calls"], before.outputs["calls"], "{description}");
        assert_eq!(server.calls().to_string(), before.outputs["calls"], "{description}");
        let after = run(&proxy.address, "plan", FILE);
        assert_eq!(
            (after.outputs["changes"].as_str(), after.outputs["calls"].as_str()),
            ("0", "0"),
            "{description}: {}",
            after.stdout
        );
        // Every kind of call was made.
        let asked = server.state().asked.join("\n");
        for (method, part) in [
            ("PUT", "environments/new"),
            ("POST", "deployment-branch-policies"),
            ("DELETE", "deployment-branch-policies/1"),
            ("POST", "variables"),
            ("PATCH", "variables/CHANGED"),
            ("DELETE", "variables/OLD"),
        ] {
            let made = asked.lines().any(|line| line.starts_with(method) && line.contains(part));
            assert!(made, "{description}: {method} {part}: {asked}");
        }
    }
}

/// The proxy is no rubber stamp: an answer that the description does not allow is an error.
#[test]
fn an_answer_that_github_does_not_describe_is_refused() {
    let folder = folder();
    let server = Server::new(begin());
    let proxy = Proxy::start(&folder, "api.github.com.json", &server.address);
    let plan = run(&proxy.address, "plan", FILE);
    assert_eq!(plan.code, 2, "{}", plan.stdout);
    assert!(plan.stdout.contains("the server answered 500"), "{}", plan.stdout);
}
