//! As a role, by the job's own token.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

#[path = "../../../crates/aws/tests/common/oidc.rs"]
mod oidc;
#[path = "../../../crates/aws/tests/common/mod.rs"]
mod world;

use fetch_image::ACTION;
use oidc::Endpoint;
use runner::testing::Harness;
use serde_json::json;
use world::{ACCOUNT, Proxy, REGION};

#[test]
fn credentials_come_by_the_token_alone() {
    let (proxy, endpoint) = (Proxy::start(), Endpoint::start(None));
    let id = proxy.make_image(&json!({"name": "golden", "size_gib": 1, "blocks": {"0": 1, "7": 2}}));
    let harness =
        endpoint.env().into_iter().fold(Harness::new(), |harness, (name, value)| harness.env(name, value));
    let run = harness
        .env("AWS_ENDPOINT_URL", proxy.endpoint())
        .input("image-id", &id)
        .input("region", REGION)
        .input("aws-role", format!("arn:aws:iam::{ACCOUNT}:role/assay"))
        .input("output", "fetched")
        .run(&ACTION);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.outputs["image"].ends_with("fetched/image.json"), "{:?}", run.outputs);
    assert!(proxy.operations().contains(&"sts:AssumeRoleWithWebIdentity".to_owned()));
}
