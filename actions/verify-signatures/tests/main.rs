//! One executable for the tests: each holds all that it tests, and many of them fill a disk.

mod action;
mod bundles;
mod checksums;
mod common;
mod cosign;
mod identities;
mod keys;
mod manifest;
mod mistakes;
mod offline;
mod readme;
#[path = "common/real.rs"]
mod real;
mod reference;
mod schema;
#[path = "../../../tests/schemas/mod.rs"]
mod schemas;
mod threshold;
