//! An archive in S3: on two servers that are real ones, and on one that answers what a test says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod answers;
mod between;
mod common;
mod kept;
#[path = "../../../aws/tests/common/mod.rs"]
mod moto;
mod s3s;
mod scripted;
mod stored;
