//! One executable for the tests: each holds all that it tests, and many of them fill a disk.

mod closures;
mod common;
mod distribution;
mod process;
mod publishing;
mod refusals;
mod signers;
mod undecided;
