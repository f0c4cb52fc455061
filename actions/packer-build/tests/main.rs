//! One executable for the tests: each holds all that it tests, and many of them fill a disk.

mod adopt;
#[path = "common/amazon.rs"]
mod amazon;
mod aws;
mod aws_killed;
mod aws_role;
mod bake;
mod common;
mod keyless;
mod kill;
mod materials;
#[path = "../../../crates/aws/tests/common/oidc.rs"]
mod oidc;
#[path = "../../sign/tests/common/mod.rs"]
mod signing;
#[path = "../../../crates/aws/tests/common/mod.rs"]
mod world;
