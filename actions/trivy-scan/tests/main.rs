//! One executable for the tests: each holds all that it tests, and many of them fill a disk.

mod classes;
mod common;
mod disks;
mod real;
mod report;
mod undecided;
