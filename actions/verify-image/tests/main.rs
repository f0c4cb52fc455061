//! One executable for the tests: each holds all that it tests, and many of them fill a disk.

mod ami;
mod answers;
mod asked;
#[path = "../../register-ami/tests/common/mod.rs"]
mod common;
mod kept;
#[path = "../../../crates/aws/tests/common/oidc.rs"]
mod oidc;
mod reasons;
mod role;
#[path = "../../../crates/archive/tests/s3/s3s.rs"]
mod s3s;
mod standing;
mod trusted;
#[path = "../../../crates/aws/tests/common/mod.rs"]
mod world;
