//! The runner's endpoint for OIDC tokens, on this machine.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]
#![allow(clippy::disallowed_methods, reason = "a token has a time in it")]
#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use runner::testing::Harness;
use serde_json::json;

/// What the runner lets a job ask with.
pub(crate) const BEARER: &str = "request-token-of-the-runner";

/// The endpoint.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    /// How often it was asked.
    pub(crate) asked: Arc<AtomicUsize>,
}

impl Endpoint {
    /// `audience` in place of the one that is asked for, if it is given.
    pub(crate) fn start(audience: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/token?api-version=2.0", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Whoever is gone by then needs no answer, and the next one has its own.
                answer(&stream, &count, audience);
            }
        });
        Self { url, asked }
    }

    /// What a runner sets for a job with `id-token: write`.
    pub(crate) fn env(&self) -> [(&'static str, &str); 2] {
        [("ACTIONS_ID_TOKEN_REQUEST_URL", &self.url), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", BEARER)]
    }

    /// Asks as this role, with credentials of an account in the environment that is nobody's.
    pub(crate) fn as_role(&self, harness: Harness, role: &str) -> Harness {
        self.env()
            .into_iter()
            .fold(harness, |harness, (name, value)| harness.env(name, value))
            .env("AWS_ACCESS_KEY_ID", "AKIA333333333333TEST")
            .input("aws-role", role)
    }
}

fn answer(stream: &TcpStream, count: &AtomicUsize, audience: Option<&str>) -> Option<()> {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let asked_for = head.first()?.split("audience=").nth(1)?.split([' ', '&']).next()?;
    assert!(
        head.iter().any(|line| line.eq_ignore_ascii_case(&format!("authorization: Bearer {BEARER}"))),
        "{head:?}"
    );
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let number = count.fetch_add(1, Ordering::SeqCst);
    let claims = json!({
        "iss": "https://token.actions.githubusercontent.com", "sub": "repo:acme/images:ref:refs/heads/main",
        "aud": audience.unwrap_or(asked_for), "iat": now, "nbf": now, "exp": now + 300, "jti": number.to_string(),
    });
    let jwt = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let body = json!({ "value": jwt }).to_string();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .ok()
}
