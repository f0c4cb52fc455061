//! One executable for the tests: each holds all that it tests, and many of them fill a disk.

mod common;
mod difference;
mod killed;
mod mistakes;
mod order;
mod prism;
mod role;
mod schema;
#[path = "../../../tests/schemas/mod.rs"]
mod schemas;
mod told;
