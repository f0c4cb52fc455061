//! One executable for the tests: each holds all that it tests, and many of them fill a disk.

mod action;
mod common;
mod cosign;
mod keyless;
