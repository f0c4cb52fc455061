//! One executable for the tests: each holds all that it tests, and many of them fill a disk.

mod again;
mod approvals;
mod auto_approve;
mod clicks;
mod common;
mod decide;
mod exceptions;
mod identities;
mod language;
mod mistakes;
mod properties;
mod published;
mod readme;
mod rules;
mod schema;
#[path = "../../../tests/schemas/mod.rs"]
mod schemas;
mod shipped;
