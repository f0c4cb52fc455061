//! One executable for the tests: each holds all that it tests, and many of them fill a disk.

mod archive;
#[path = "../../register-ami/tests/common/mod.rs"]
mod common;
#[path = "../../../crates/aws/tests/common/oidc.rs"]
mod oidc;
mod role;
#[path = "../../../crates/archive/tests/s3/s3s.rs"]
mod s3s;
#[path = "../../../crates/aws/tests/common/mod.rs"]
mod world;
