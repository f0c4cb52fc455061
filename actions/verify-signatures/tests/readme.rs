//! The README says what the program does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use crate::common::Job;

const README: &str = include_str!("../README.md");

#[test]
fn its_manifest_reads() {
    let section = README.split("## The manifest").nth(1).unwrap();
    let manifest = section.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let job = Job::with_hello();
    job.write("signatures.yml", manifest);
    let run = job.run(&[]);
    // Its second key is no key, and most of its files are not there; but it is a manifest.
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(
        run.reasons(),
        ["unsupported-key", "missing-signature", "missing-file", "missing-file", "missing-file"]
    );
}
