//! A build that outlives its credentials: a role assumed by the job's OIDC token, by Packer and by the action, again and
//! again; and what the template's code gets to see of it.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test stops where it fails")]

use std::{collections::BTreeSet, fs, sync::atomic::Ordering};

use crate::amazon::{base, plugins, template};
use crate::common::{done, failed, harness, output};
use crate::oidc::{BEARER, Endpoint};
use crate::world::{ACCOUNT, Proxy, REGION};
use packer_build::ACTION;
use runner::testing::Harness;
use serde_json::{Value, json};

fn with(proxy: &Proxy, endpoint: &Endpoint, steps: &str) -> Harness {
    let source = base(proxy);
    let harness = harness();
    harness.file("packer/small/small.pkr.hcl", template("", steps));
    harness
        .input("template", "packer/small")
        .input("var", format!("endpoint={}\nsource_ami={source}", proxy.endpoint()))
        // Packer's plugin asks STS where the service's own variable says, and nobody else.
        .input("env", "AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_STS, AWS_REGION")
        .input("aws-role", format!("arn:aws:iam::{ACCOUNT}:role/bake"))
        .input("aws-region", REGION)
        .env("PACKER_PLUGIN_PATH", plugins().to_str().unwrap())
        .env("AWS_ENDPOINT_URL", proxy.endpoint())
        .env("AWS_ENDPOINT_URL_STS", proxy.endpoint())
        .env("AWS_REGION", REGION)
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", &endpoint.url)
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", BEARER)
}

/// Looks at what the build sees, and takes longer than credentials hold.
const LOOKS: &str = r#"provisioner "shell-local" {
    inline = ["env >seen", "cp \"$AWS_WEB_IDENTITY_TOKEN_FILE\" token", "stat -c %a \"$AWS_WEB_IDENTITY_TOKEN_FILE\" >mode", "sleep 8"]
  }"#;

#[test]
fn a_build_outlives_its_credentials_and_sees_nothing_of_what_they_come_from() {
    let proxy = Proxy::start();
    let endpoint = Endpoint::start(None);
    proxy.settings(&json!({"credential_seconds": 6}));
    let harness = with(&proxy, &endpoint, LOOKS);
    let run = harness.run(&ACTION);
    done(&run);
    assert!(run.outputs["ami"].starts_with("ami-"));
    let mints: Vec<Value> =
        proxy.calls().into_iter().filter(|call| call["operation"] == "AssumeRoleWithWebIdentity").collect();
    // Packer twice, at least, and the action itself.
    assert!(mints.len() >= 3, "{:?}", proxy.operations());
    let roles: BTreeSet<&str> =
        mints.iter().map(|call| call["request"]["RoleArn"].as_str().unwrap()).collect();
    assert_eq!(roles.len(), 1);
    // What the template's code can see: the role's token, in a file that only this user reads. Not what it was asked for with.
    let at = |name: &str| fs::read_to_string(harness.workspace().join(name)).unwrap();
    assert_eq!(at("mode").trim(), "600");
    assert!(at("token").starts_with("e30."));
    assert!(at("seen").contains("AWS_ROLE_SESSION_NAME=hallmark-"), "{}", at("seen"));
    for secret in [BEARER, "ACTIONS_ID_TOKEN", "AWS_SECRET_ACCESS_KEY"] {
        assert!(!at("seen").contains(secret), "{secret}");
    }
    // The token is gone with the workshop, and in no log.
    assert!(
        !run.stdout
            .replace("::add-mask::", "")
            .lines()
            .any(|line| line.contains(at("token").trim()) && !line.starts_with("e30."))
    );
    assert!(fs::read_dir(harness.workspace().join("../temp")).unwrap().next().is_none());
    assert!(endpoint.asked.load(Ordering::SeqCst) >= 1);
    assert!(!output(&harness).join(".aws-run").exists());
    // Adopted by the same role.
    assert_eq!(harness.run(&ACTION).outputs["adopted"], "true");
}

#[test]
fn without_a_token_or_with_credentials_of_its_own_nothing_begins() {
    let proxy = Proxy::start();
    let endpoint = Endpoint::start(Some("somebody-else"));
    failed(&with(&proxy, &endpoint, "").run(&ACTION), "is not for the audience `sts.amazonaws.com`");
    let endpoint = Endpoint::start(None);
    let harness = with(&proxy, &endpoint, "").without_env("ACTIONS_ID_TOKEN_REQUEST_URL");
    failed(&harness.run(&ACTION), "set `permissions: id-token: write` for the job");
    let harness = with(&proxy, &endpoint, "")
        .input("env", "AWS_ACCESS_KEY_ID")
        .env("AWS_ACCESS_KEY_ID", "AKIA123456789012TEST");
    failed(&harness.run(&ACTION), "would use it and not `aws-role`");
    assert!(proxy.operations().is_empty(), "{:?}", proxy.operations());
}
