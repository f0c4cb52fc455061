//! One executable for the tests: each holds all that it tests, and many of them fill a disk.

mod answers;
mod changes;
mod faults;
mod issues;
mod people;
mod prism;
mod reviewing;
mod scanning;
mod waiting;
