//! A GitHub of the test's own, files for it, and what went up.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]

use std::io::Read as _;

use base64::Engine as _;
use github::testing::{Answer, FakeGitHub};
use runner::testing::{Harness, Run};
use serde_json::{Value, json};

pub(crate) const SHA: &str = "1111111111111111111111111111111111111111";

pub(crate) fn sarif(tool: &str, id: Option<&str>, results: usize) -> Value {
    let result = |n: usize| {
        json!({"ruleId": "R", "message": {"text": "x"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": "images/web"}}}],
            "partialFingerprints": {"primaryLocationLineHash": format!("{n}:1")}})
    };
    let results: Vec<Value> = (0..results).map(result).collect();
    let mut run = json!({"tool": {"driver": {"name": tool, "rules": [{"id": "R"}]}}, "results": results});
    if let Some(id) = id {
        run["automationDetails"] = json!({"id": id});
    }
    json!({"version": "2.1.0", "runs": [run]})
}

pub(crate) fn harness(server: &FakeGitHub) -> Harness {
    Harness::new()
        .env("GITHUB_SHA", SHA)
        .env("GITHUB_REF", "refs/heads/main")
        .env("GITHUB_EVENT_NAME", "push")
        .env("GITHUB_SERVER_URL", "https://ghes.example")
        .input("token", "ghs_secret")
        .input("repository", "acme/images")
        .input("api-url", server.url("").to_string())
}

pub(crate) fn with_file(harness: Harness, content: impl AsRef<[u8]>) -> Harness {
    let path = harness.file("one.sarif", content);
    harness.input_path("sarif", &path)
}

pub(crate) fn taken_in(status: &'static str) -> FakeGitHub {
    FakeGitHub::new(move |line| match line {
        "POST /repos/acme/images/code-scanning/sarifs" => {
            Answer::Whole(202, Vec::new(), r#"{"id":"abc","url":"x"}"#.into())
        }
        _ => Answer::json(status),
    })
}

pub(crate) fn complete() -> FakeGitHub {
    taken_in(r#"{"processing_status":"complete"}"#)
}

pub(crate) fn said(run: &Run) -> String {
    format!("{}{}", run.stdout, run.stderr)
}

/// What went up.
pub(crate) fn sent(server: &FakeGitHub) -> Vec<(Value, Value)> {
    let posts = server.asked().into_iter().filter(|asked| asked.line.starts_with("POST"));
    posts
        .map(|asked| {
            let body: Value = serde_json::from_str(&asked.body).unwrap();
            let gzip =
                base64::engine::general_purpose::STANDARD.decode(body["sarif"].as_str().unwrap()).unwrap();
            let mut text = String::new();
            flate2::read::GzDecoder::new(&gzip[..]).read_to_string(&mut text).unwrap();
            (body, serde_json::from_str(&text).unwrap())
        })
        .collect()
}
