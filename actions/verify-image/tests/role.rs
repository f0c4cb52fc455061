//! As a role by the job's own token: the image and the archive in S3 alike, whomever else the environment names.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use runner::testing::Harness;
use serde_json::json;
use verify_image::ACTION;

use crate::ami::{World, undecided, yes};
use crate::oidc::Endpoint;
use crate::world::{ACCOUNT, REGION};

const ARCHIVE: &str = "s3://golden/images";

/// Asks as a role of [`ACCOUNT`].
fn as_role(harness: Harness, endpoint: &Endpoint) -> Harness {
    endpoint.as_role(harness, &format!("arn:aws:iam::{ACCOUNT}:role/verify")).input("evidence", ARCHIVE)
}

#[test]
fn an_archive_in_s3_is_read_as_the_role_that_reads_the_image() {
    let (world, endpoint) = (World::new(), Endpoint::start(None));
    world.proxy.make_bucket("golden");
    let id = world.ami(json!({}));
    world.keep_at("one", ARCHIVE);
    world.proxy.reset_calls();
    yes(&as_role(world.ask(&id), &endpoint).run(&ACTION));
    let all = world.proxy.services(ACCOUNT);
    assert!(["ebs", "ec2", "s3", "sts"].iter().all(|service| all.contains(*service)), "{all:?}");

    // The image is here: only the archive is there. The region comes by the input as well.
    world.proxy.reset_calls();
    let here = world.place.path("one/image.json");
    let harness = as_role(world.ask(here.to_str().unwrap()), &endpoint);
    yes(&harness.without_env("AWS_REGION").input("region", REGION).run(&ACTION));
    assert_eq!(world.proxy.services(ACCOUNT), BTreeSet::from(["s3".to_owned()]));

    // A role that is not opened is nobody: the environment's credentials are not tried.
    world.proxy.reset_calls();
    let harness = as_role(world.ask(here.to_str().unwrap()), &endpoint);
    let denied = format!("arn:aws:iam::{ACCOUNT}:role/denied");
    undecided(&harness.input("aws-role", denied).run(&ACTION), &["AssumeRoleWithWebIdentity"]);
    assert!(world.proxy.services(ACCOUNT).is_empty());
    let harness = as_role(world.ask(&id), &endpoint).without_env("ACTIONS_ID_TOKEN_REQUEST_URL");
    undecided(&harness.run(&ACTION), &["input `aws-role`", "id-token: write"]);
    undecided(
        &as_role(world.ask(&id), &endpoint).input("aws-role", "verify").run(&ACTION),
        &["give a role's ARN"],
    );
    assert!(world.proxy.services(ACCOUNT).is_empty());
}
