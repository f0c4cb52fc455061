//! One executable for the tests: each holds all that it tests, and many of them fill a disk.

mod binary;
mod clicks;
mod closures;
mod common;
mod identities;
#[path = "clicks/job.rs"]
mod job;
mod module;
mod multitool;
mod readme;
mod replay;
mod resume;
mod sarif;
mod sboms;
#[path = "clicks/script.rs"]
mod script;
mod source_scans;
mod sources;
mod tampering;
mod unchanged;
mod verdicts;
mod whole;
