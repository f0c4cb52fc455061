//! `hallmark reap` against the layer for tests: what it shows, what it deletes, what it does not touch.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use crate::oidc::Endpoint;
use crate::world::{ACCOUNT, Proxy, REGION};
use runner::Action;
use runner::testing::Harness;
use serde_json::{Value, json};

fn reap() -> &'static Action {
    hallmark::ACTIONS.iter().find(|action| action.name == "reap").unwrap()
}

fn image(proxy: &Proxy, name: &str, region: &str, tags: &Value) -> String {
    proxy.make_image(
        &json!({"name": name, "region": region, "blocks": {"0": 1}, "tags": tags, "snapshot_tags": tags}),
    )
}

fn harness(proxy: &Proxy) -> Harness {
    let harness =
        Harness::new().now("2026-06-01T00:00:00Z".parse().unwrap()).input("regions", "us-east-1, eu-west-1");
    proxy.env().into_iter().fold(harness, |harness, (name, value)| harness.env(name, value))
}

#[test]
fn what_expired_is_shown_then_deleted_and_nothing_else() {
    let proxy = Proxy::start();
    let tags = |expires: &str| json!({"hallmark:run": "r", "hallmark:expires": expires});
    let over = image(&proxy, "over", REGION, &tags("2026-05-31T00:00:00Z"));
    let there = image(&proxy, "there", "eu-west-1", &tags("2026-05-31T00:00:00Z"));
    let needed = image(&proxy, "needed", REGION, &tags("2026-06-02T00:00:00Z"));
    let mut released = tags("2026-05-31T00:00:00Z");
    released["hallmark:release"] = json!("x");
    let released = image(&proxy, "released", REGION, &released);
    let plain = image(&proxy, "plain", REGION, &json!({}));

    let shown = harness(&proxy).run(reap());
    assert_eq!(
        (shown.code, shown.outputs["found"].as_str(), shown.outputs["deleted"].as_str()),
        (0, "4", "0")
    );
    assert!(shown.stdout.contains(&over) && shown.stdout.contains(&there), "{}", shown.stdout);
    assert!(proxy.calls().iter().all(|call| call["mutating"] == false));

    // One that may not be deleted is named, and the others go.
    proxy.faults(&json!([
        {"kind": "error", "operation": "DeregisterImage", "code": "UnauthorizedOperation", "status": 403, "nth": 1},
        {"kind": "error", "operation": "DeleteSnapshot", "code": "UnauthorizedOperation", "status": 403, "nth": 1},
    ]));
    let refused = harness(&proxy).input("operation", "delete").run(reap());
    assert_eq!((refused.code, refused.outputs["deleted"].as_str()), (2, "2"), "{}", refused.stdout);
    assert!(
        refused.stdout.contains(&format!("image {over} in us-east-1: DeregisterImage")),
        "{}",
        refused.stdout
    );
    proxy.faults(&json!([]));

    let done = harness(&proxy).input("operation", "delete").run(reap());
    assert_eq!((done.code, done.outputs["deleted"].as_str()), (0, "2"), "{}", done.stdout);
    let images = proxy.state()["images"].to_string();
    for (id, is_there) in
        [(&over, false), (&there, false), (&needed, true), (&released, true), (&plain, true)]
    {
        assert_eq!(images.contains(id.as_str()), is_there, "{id}");
    }
    assert_eq!(harness(&proxy).run(reap()).outputs["found"], "0");
}

#[test]
fn what_cannot_be_understood_stays_and_is_named() {
    let proxy = Proxy::start();
    let id = image(&proxy, "unclear", REGION, &json!({"hallmark:expires": "soon"}));
    let run = harness(&proxy).input("operation", "delete").run(reap());
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains(&id) && run.stdout.contains("is no time"), "{}", run.stdout);
    assert!(proxy.state()["images"].to_string().contains(&id));
}

#[test]
fn a_role_is_opened_by_the_jobs_own_token() {
    let (proxy, endpoint) = (Proxy::start(), Endpoint::start(None));
    let over = image(
        &proxy,
        "over",
        REGION,
        &json!({"hallmark:expires": "2020-01-01T00:00:00Z", "hallmark:run": "a"}),
    );
    let as_role = |harness: Harness| harness.input("aws-role", format!("arn:aws:iam::{ACCOUNT}:role/reap"));
    let without = as_role(harness(&proxy)).run(reap());
    assert!(without.code == 2 && without.stdout.contains("id-token: write"), "{}", without.stdout);
    let harness = endpoint.env().into_iter().fold(harness(&proxy), |job, (name, value)| job.env(name, value));
    let run = as_role(harness.without_env("AWS_ACCESS_KEY_ID")).run(reap());
    // The image and its snapshot.
    assert_eq!((run.code, run.outputs["found"].as_str()), (0, "2"), "{}", run.stdout);
    assert!(run.stdout.contains(&over), "{}", run.stdout);
    assert!(proxy.operations().contains(&"sts:AssumeRoleWithWebIdentity".to_owned()));
}
