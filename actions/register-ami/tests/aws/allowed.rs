//! What a job calls, seen by AWS for tests in runs of the program, held to the policies in `docs/iam`.

use serde_json::json;

use crate::policies::{hold, needed};
use crate::proxy::ACCOUNT;
use crate::world::{OTHER, World};

/// Calls that AWS makes for the job, and that the policies of the job are asked about.
const BY_EC2: (&[&str], &str) = (
    &["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
    "EC2 and EBS use the keys as their caller",
);

/// The whole life of images: planned, published, shared otherwise, rolled back, rejected, retired.
fn live(world: &mut World) {
    for name in ["two", "three", "four"] {
        world.bake(name);
    }
    world.proxy.reset_calls();
    world.done("one", &[("operation", "plan")]);
    let accounts = [OTHER, "333333333333"];
    world.distribution(&json!({"share": {"accounts": accounts, "snapshots": true, "grants": true}}));
    world.done("one", &[]);
    world.done("two", &[]);
    world.done("two", &[("operation", "rollback")]);
    world.done("two", &[]);
    world.distribution(&json!({}));
    world.done("three", &[]);
    world.done("four", &[("operation", "reject"), ("reason", "CVE-2026-0001 in openssl")]);
    for stage in ["deprecate", "disable", "delete"] {
        world.done("one", &[("operation", "retire"), ("stage", stage)]);
    }
}

#[test]
fn who_publishes_may_do_what_was_called_and_nothing_else() {
    let mut world = World::new();
    live(&mut world);
    let calls = world.proxy.calls();
    let by_default =
        (&["ec2:GetEbsDefaultKmsKeyId"][..], "asked where an account encrypts by default, which is off here");
    hold(&["publish", "read"], &needed(&calls, ACCOUNT), &[BY_EC2, by_default]);
    let by_ssm = (&["ec2:DescribeImages"][..], "the Systems Manager looks at an image as its caller");
    hold(&["channels"], &needed(&calls, OTHER), &[by_ssm]);
}

#[test]
fn who_publishes_disks_may_write_and_register_besides() {
    let world = World::new();
    world.bake_here("disk", &[1, 2, 3]);
    world.proxy.reset_calls();
    world.done("disk", &[]);
    let needed = needed(&world.proxy.calls(), ACCOUNT);
    let at_birth = (&["ec2:CreateTags"][..], "tags that a call sets are asked about as well");
    let unseen: Vec<_> =
        [BY_EC2, at_birth].into_iter().filter(|(actions, _)| !needed.contains(actions[0])).collect();
    hold(&["upload", "publish", "read"], &needed, &unseen);
}
