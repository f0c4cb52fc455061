//! As a role by the job's own token: the image and the archive in S3 alike, whomever else the environment names.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use runner::testing::Harness;
use serde_json::json;
use verify_image::ACTION;

use crate::ami::{World, undecided, yes};
use crate::oidc::Endpoint;
use crate::world::{ACCOUNT, REGION, access_key};

const ARCHIVE: &str = "s3://golden/images";

/// Asks as a role of [`ACCOUNT`], with credentials of another one in the environment.
fn as_role(harness: Harness, endpoint: &Endpoint) -> Harness {
    endpoint
        .env()
        .into_iter()
        .fold(harness, |harness, (name, value)| harness.env(name, value))
        .env("AWS_ACCESS_KEY_ID", access_key("333333333333"))
        .input("aws-role", format!("arn:aws:iam::{ACCOUNT}:role/verify"))
        .input("evidence", ARCHIVE)
}

/// Which services were asked, each by the role alone.
fn services(world: &World) -> BTreeSet<String> {
    let calls = world.proxy.calls();
    let asked = calls.iter().filter(|call| call["operation"] != "AssumeRoleWithWebIdentity");
    let asked = asked.inspect(|call| assert_eq!(call["account"], ACCOUNT, "{call}"));
    asked.map(|call| call["service"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_archive_in_s3_is_read_as_the_role_that_reads_the_image() {
    let (world, endpoint) = (World::new(), Endpoint::start(None));
    world.proxy.make_bucket("golden");
    let id = world.ami(json!({}));
    world.keep_at("one", ARCHIVE);
    world.proxy.reset_calls();
    yes(&as_role(world.ask(&id), &endpoint).run(&ACTION));
    let all = services(&world);
    assert!(["ebs", "ec2", "s3", "sts"].iter().all(|service| all.contains(*service)), "{all:?}");

    // The image is here: only the archive is there. The region comes by the input as well.
    world.proxy.reset_calls();
    let here = world.place.path("one/image.json");
    let harness = as_role(world.ask(here.to_str().unwrap()), &endpoint);
    yes(&harness.without_env("AWS_REGION").input("region", REGION).run(&ACTION));
    assert_eq!(services(&world), BTreeSet::from(["s3".to_owned()]));

    // A role that is not opened is nobody: the environment's credentials are not tried.
    world.proxy.reset_calls();
    let harness = as_role(world.ask(here.to_str().unwrap()), &endpoint);
    let denied = format!("arn:aws:iam::{ACCOUNT}:role/denied");
    undecided(&harness.input("aws-role", denied).run(&ACTION), &["AssumeRoleWithWebIdentity"]);
    assert!(services(&world).is_empty());
    let harness = as_role(world.ask(&id), &endpoint).without_env("ACTIONS_ID_TOKEN_REQUEST_URL");
    undecided(&harness.run(&ACTION), &["input `aws-role`", "id-token: write"]);
    undecided(
        &as_role(world.ask(&id), &endpoint).input("aws-role", "verify").run(&ACTION),
        &["give a role's ARN"],
    );
    assert!(services(&world).is_empty());
}
