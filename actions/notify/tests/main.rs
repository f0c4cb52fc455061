//! One executable for the tests: each holds all that it tests, and many of them fill a disk.

mod common;
mod generic;
#[path = "../../../crates/aws/tests/common/oidc.rs"]
mod oidc;
mod role;
mod slack;
mod sns;
mod teams;
mod told;
#[path = "../../../crates/aws/tests/common/mod.rs"]
mod world;
