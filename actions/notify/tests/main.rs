//! One executable for the tests: each holds all that it tests, and many of them fill a disk.

mod common;
mod generic;
mod slack;
mod sns;
mod teams;
mod told;
