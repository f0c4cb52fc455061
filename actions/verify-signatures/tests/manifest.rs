//! Mistakes in the manifest: each told with its file, line and column, and nothing is verified.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use crate::common::Job;
use crate::mistakes::CASES;

#[test]
fn every_mistake_has_its_place() {
    let job = Job::with_hello();
    let mut told = String::new();
    for (what, manifest) in CASES {
        job.write("signatures.yml", manifest);
        let run = job.run(&[]);
        assert_eq!(run.code, 2, "{what}: {run:?}");
        assert!(run.outputs.is_empty() && job.evidence().is_empty(), "{what}");
        told += &format!("{what}\n");
        for line in run.stdout.lines().filter(|line| line.starts_with("::error file=")) {
            told += &format!("    {}\n", line.trim_start_matches("::error "));
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_manifest_that_would_eat_the_machine_is_refused() {
    let job = Job::with_hello();
    job.write("signatures.yml", " ".repeat((1 << 20) + 1));
    assert_eq!(job.run(&[]).code, 2);
    let mut laughs = "version: 1\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..12 {
        let before = vec![format!("*a{}", level - 1); 10].join(",");
        laughs += &format!("a{level}: &a{level} [{before}]\n");
    }
    job.write("signatures.yml", laughs);
    assert_eq!(job.run(&[]).code, 2);
    job.write("signatures.yml", "[".repeat(100_000));
    assert_eq!(job.run(&[]).code, 2);
    job.write("signatures.yml", b"version: 1\nkeys: {}\nfiles: [\"\xff\xfe\"]\n");
    assert_eq!(job.run(&[]).code, 2);
}
