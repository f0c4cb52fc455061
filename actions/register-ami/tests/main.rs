//! One executable for the tests: each holds all that it tests, and many of them fill a disk.

mod closures;
mod common;
mod distribution;
mod process;
mod publishing;
mod refusals;
#[path = "../../../tests/schemas/mod.rs"]
mod schemas;
mod signers;
mod undecided;
