//! As a role by the job's own token: put, list and get, whomever else the environment names.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use archive_action::ACTION;
use runner::testing::{Harness, Run};

use crate::archive::{Desk, done, entries};
use crate::oidc::Endpoint;
use crate::world::{ACCOUNT, Proxy, REGION};

const ARCHIVE: &str = "s3://golden/images";

struct World {
    desk: Desk,
    proxy: Proxy,
    endpoint: Endpoint,
}

impl World {
    fn new() -> Self {
        let proxy = Proxy::start();
        proxy.make_bucket("golden");
        proxy.reset_calls();
        Self { desk: Desk::new(), proxy, endpoint: Endpoint::start(None) }
    }

    /// Asks for this archive as a role of [`ACCOUNT`].
    fn asked(&self, harness: Harness, archive: &str) -> Harness {
        let env = self.proxy.env();
        let harness = env.into_iter().fold(harness, |harness, (name, value)| harness.env(name, value));
        self.endpoint
            .as_role(harness.input("archive", archive), &format!("arn:aws:iam::{ACCOUNT}:role/archive"))
    }

    /// What was asked, each by the role alone.
    fn services(&self) -> BTreeSet<String> {
        self.proxy.services(ACCOUNT)
    }
}

fn undecided(run: &Run, says: &str) {
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stdout.contains(says), "{says}: {}", run.stdout);
}

#[test]
fn what_a_role_puts_it_lists_and_brings_back() {
    let world = World::new();
    done(&world.asked(world.desk.put(), ARCHIVE).run(&ACTION));
    let listed = world.asked(world.desk.ask("list"), ARCHIVE).run(&ACTION);
    done(&listed);
    assert_eq!(entries(&listed).len(), 1);
    let get = world.desk.ask("get").input("channel", "debian-app/stable");
    let back = world.desk.path("back");
    done(&world.asked(get.input_path("output", &back), ARCHIVE).run(&ACTION));
    assert!(back.join("image.json").is_file());
    assert_eq!(world.services(), BTreeSet::from(["s3".to_owned()]));
}

#[test]
fn the_buckets_region_is_the_inputs() {
    let world = World::new();
    done(&world.asked(world.desk.put(), ARCHIVE).run(&ACTION));
    world.proxy.reset_calls();
    for harness in [
        world.asked(world.desk.ask("list"), ARCHIVE).without_env("AWS_REGION"),
        world.asked(world.desk.ask("list"), ARCHIVE).env("AWS_REGION", "eu-west-1"),
    ] {
        done(&harness.input("aws-region", REGION).run(&ACTION));
    }
    let calls = world.proxy.calls();
    assert!(!calls.is_empty() && calls.iter().all(|call| call["region"] == REGION), "{calls:?}");
    let nowhere = world.asked(world.desk.ask("list"), ARCHIVE).without_env("AWS_REGION");
    undecided(&nowhere.run(&ACTION), "no region is known: give `aws-region`");
    let wrong = world.asked(world.desk.ask("list"), ARCHIVE).input("aws-region", "eu west");
    undecided(&wrong.run(&ACTION), "input `aws-region`: \"eu west\" is not accepted");
}

#[test]
fn a_role_that_is_not_opened_is_nobody() {
    let world = World::new();
    for operation in ["put", "list"] {
        let ask = || match operation {
            "put" => world.asked(world.desk.put(), ARCHIVE),
            _ => world.asked(world.desk.ask(operation), ARCHIVE),
        };
        let denied = format!("arn:aws:iam::{ACCOUNT}:role/denied");
        undecided(&ask().input("aws-role", denied).run(&ACTION), "AssumeRoleWithWebIdentity");
        undecided(&ask().without_env("ACTIONS_ID_TOKEN_REQUEST_URL").run(&ACTION), "id-token: write");
        undecided(&ask().input("aws-role", "archive").run(&ACTION), "give a role's ARN");
    }
    assert!(world.services().is_empty());
}

#[test]
fn a_folder_is_nobodys() {
    let world = World::new();
    let folder = world.desk.path("archive");
    let role = world.asked(world.desk.put(), folder.to_str().unwrap());
    undecided(&role.run(&ACTION), "input `aws-role` is for an archive in S3");
    let region = world.desk.ask("list").input("aws-region", REGION);
    undecided(&region.run(&ACTION), "input `aws-region` is for an archive in S3");
    assert!(!folder.exists());
}
