//! Publishing on AWS, with the real program against AWS for tests: from an image that a build made, to three regions and
//! two accounts, behind a channel.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failing helper is a failing test, and tables are printed"
)]
#![expect(clippy::disallowed_methods, reason = "these tests are about the process itself and its own clock")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../../crates/aws/tests/common/oidc.rs"]
mod oidc;
#[path = "../../../../crates/aws/tests/common/allowed.rs"]
mod policies;
#[path = "../../../../crates/aws/tests/common/mod.rs"]
mod proxy;

mod abandoned;
mod allowed;
mod channels;
mod crashes;
mod disks;
mod ends;
mod families;
mod journal;
mod later;
mod machines;
mod pages;
mod publishing;
mod racing;
mod world;
