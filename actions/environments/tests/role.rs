//! `check` on a role: opened by the job's own OIDC token, at a real STS (moto's); no credential is told.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the test starts the server itself")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use github::testing::{Answer, FakeGitHub};
use runner::testing::Harness;

/// STS on this machine, ended with the test.
struct Sts {
    child: Child,
    endpoint: String,
}

impl Sts {
    fn start() -> Self {
        let folder = std::env::var_os("HALLMARK_TEST_SERVERS_BIN")
            .expect("HALLMARK_TEST_SERVERS_BIN is not set: `make test` installs moto's server and sets it");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/services/tests/aws.py");
        let mut child = Command::new(Path::new(&folder).join("python"))
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let endpoint = lines
            .find_map(|line| line.strip_prefix("ready ").map(str::to_owned))
            .expect("moto's server starts");
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, endpoint }
    }
}

impl Drop for Sts {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn a_role_is_opened_by_the_jobs_own_token_and_no_secret_is_told() {
    let sts = Sts::start();
    let oidc = FakeGitHub::new(|_| Answer::json(r#"{"value": "eyJoZWFkZXI.payload.oidc-secret"}"#));
    let file = "version: 1\nenvironments:\n  production: {needs: {oidc-role: 'arn:aws:iam::123456789012:role/publish'}}\n";
    let job = |sts: &str, oidc: &str| {
        let harness = Harness::new();
        harness.file("environments.yml", file);
        harness
            .input("operation", "check")
            .input("environments", "production")
            .env("AWS_ENDPOINT_URL_STS", sts)
            .env("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{oidc}?api-version=2.0"))
            .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-secret")
            .run(&environments::ACTION)
    };
    let good = job(&sts.endpoint, &oidc.url("/token").to_string());
    assert_eq!(good.code, 0, "{}", good.stdout);
    assert!(good.summary.contains("can be assumed"), "{}", good.summary);
    let asked = oidc.asked();
    assert_eq!(asked[0].line, "GET /token?api-version=2.0&audience=sts.amazonaws.com");
    assert_eq!(asked[0].header("authorization"), Some("Bearer request-secret"));

    let denied = FakeGitHub::new(|_| {
        let body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not authorized\u{1b}[31m</Message></Error></ErrorResponse>";
        Answer::Whole(403, vec![], body.to_owned())
    });
    let refused = job(&denied.url("").to_string(), &oidc.url("/token").to_string());
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(refused.stdout.contains("STS answered 403: AccessDenied Not authorized"), "{}", refused.stdout);
    let no_token = FakeGitHub::new(|_| Answer::error(500, "x"));
    let without = job(&sts.endpoint, &no_token.url("/token").to_string());
    assert_eq!(without.code, 1, "{}", without.stdout);
    let plain = job(&sts.endpoint, "http://runner.example/token");
    assert!(plain.code == 1 && plain.stdout.contains("no HTTPS address"), "{}", plain.stdout);
    for run in [good, refused, without, plain] {
        for secret in ["request-secret", "oidc-secret"] {
            let told = |line: &str| line.contains(secret) && !line.starts_with("::add-mask::");
            assert!(!run.stdout.lines().chain(run.summary.lines()).any(told), "{}", run.stdout);
        }
    }
}
