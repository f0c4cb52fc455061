//! To topics as a role by the job's own token, whomever else the environment names.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use model::Verdict;
use runner::testing::Harness;

use crate::common::{World, run};
use crate::oidc::Endpoint;
use crate::world::{ACCOUNT, Proxy, SECRET, access_key, python_command};

/// A topic of [`ACCOUNT`]; gives its ARN.
fn topic(proxy: &Proxy, region: &str, name: &str) -> String {
    const PYTHON: &str = r#"
import sys, boto3
endpoint, key, secret, region, name = sys.argv[1:]
sns = boto3.client("sns", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name=region)
print(sns.create_topic(Name=name)["TopicArn"])
"#;
    let output = python_command()
        .args(["-c", PYTHON, &proxy.endpoint(), &access_key(ACCOUNT), SECRET, region, name])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Tells these topics as this role of [`ACCOUNT`].
fn asked(proxy: &Proxy, endpoint: &Endpoint, topics: &str, role: &str) -> Harness {
    let harness = World::new(Verdict::Pass).released(None).input("topic", topics);
    let harness = proxy.env().into_iter().fold(harness, |harness, (name, value)| harness.env(name, value));
    endpoint.as_role(harness, &format!("arn:aws:iam::{ACCOUNT}:role/{role}"))
}

#[test]
fn a_role_tells_topics_and_is_assumed_once_a_region() {
    let (proxy, endpoint) = (Proxy::start(), Endpoint::start(None));
    let topics = [("eu-central-1", "golden"), ("eu-central-1", "audit"), ("us-west-2", "golden")];
    let topics = topics.map(|(region, name)| topic(&proxy, region, name));
    proxy.reset_calls();
    let run = run(&asked(&proxy, &endpoint, &topics.join("\n"), "notify"));
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!((run.outputs["sent"].as_str(), run.outputs["failed"].as_str()), ("3", "0"), "{}", run.stdout);
    assert_eq!(proxy.services(ACCOUNT), BTreeSet::from(["sns".to_owned()]));
    let calls = proxy.operations();
    let count = |name: &str| calls.iter().filter(|call| *call == name).count();
    assert_eq!((count("sns:Publish"), count("sts:AssumeRoleWithWebIdentity")), (3, 2), "{calls:?}");
}

#[test]
fn a_role_that_is_not_opened_is_nobody() {
    let (proxy, endpoint) = (Proxy::start(), Endpoint::start(None));
    let topic = topic(&proxy, "eu-central-1", "golden");
    proxy.reset_calls();
    let denied = || asked(&proxy, &endpoint, &topic, "denied");
    // Who could not be told is a warning, as ever.
    for (fail, code) in [("false", 0), ("true", 2)] {
        let run = run(&denied().input("fail", fail));
        assert_eq!((run.code, run.outputs["failed"].as_str()), (code, "1"), "{}", run.stdout);
        assert!(run.stdout.contains("AssumeRoleWithWebIdentity of arn:aws:iam::"), "{}", run.stdout);
    }
    for (harness, says) in [
        (denied().without_env("ACTIONS_ID_TOKEN_REQUEST_URL"), "id-token: write"),
        (
            denied().input("aws-role", "notify"),
            "input `aws-role`: \"notify\" is not accepted; give a role's ARN",
        ),
    ] {
        let run = run(&harness);
        assert_eq!(run.code, 2, "{}", run.stdout);
        assert!(run.stdout.contains(says), "{says}: {}", run.stdout);
    }
    assert!(proxy.services(ACCOUNT).is_empty(), "nobody else is tried");
}

#[test]
fn without_a_topic_there_is_nobody_to_be() {
    let harness =
        World::new(Verdict::Pass).released(None).input("aws-role", "arn:aws:iam::123456789012:role/notify");
    let run = run(&harness);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(run.stdout.contains("Nobody is told"), "{}", run.stdout);
}
