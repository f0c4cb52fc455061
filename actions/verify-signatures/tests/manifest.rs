//! Mistakes in the manifest: each told with its file, line and column, and nothing is verified.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod common;

use common::Job;

const CASES: [(&str, &str); 34] = [
    ("empty", ""),
    ("a comment only", "# nothing\n"),
    ("not a mapping", "- a\n"),
    ("not YAML", "version: 1\nkeys: {a\n"),
    ("a tab", "version: 1\n\tkeys: {}\n"),
    ("no version", "keys: {}\nfiles: []\n"),
    ("another version", "version: 2\nkeys: {}\nfiles: []\n"),
    ("a version that is no number", "version: one\nkeys: {}\nfiles: []\n"),
    ("no keys", "version: 1\nfiles: []\n"),
    ("no files", "version: 1\nkeys: {}\n"),
    ("files that are nothing", "version: 1\nkeys: {}\nfiles:\n"),
    ("an unknown member", "version: 1\nkeys: {}\nfile: []\nfiles: []\n"),
    ("a member twice", "version: 1\nkeys: {}\nkeys: {}\nfiles: []\n"),
    ("two documents", "version: 1\nkeys: {}\nfiles: []\n---\nversion: 1\nkeys: {}\nfiles: []\n"),
    ("a key twice", "version: 1\nkeys:\n  a: {pem: x}\n  a: {pem: y}\nfiles: []\n"),
    ("a key of nothing", "version: 1\nkeys:\n  a: {}\nfiles: []\n"),
    ("a key of both", "version: 1\nkeys:\n  a:\n    file: x\n    pem: y\nfiles: []\n"),
    ("a key with an unknown member", "version: 1\nkeys:\n  a: {path: x}\nfiles: []\n"),
    ("a key outside", "version: 1\nkeys:\n  a: {file: ../x.pub}\nfiles: []\n"),
    ("a key with a hostile name", "version: 1\nkeys:\n  \"a|<b>\\n::error::\": {pem: x}\nfiles: []\n"),
    ("a file without a path", "version: 1\nkeys: {}\nfiles:\n  - key: a\n"),
    ("a file without a key", "version: 1\nkeys: {}\nfiles:\n  - path: a\n"),
    ("a file with both", "version: 1\nkeys: {}\nfiles:\n  - path: a\n    key: a\n    keys: [a]\n"),
    ("a file with no keys", "version: 1\nkeys: {}\nfiles:\n  - path: a\n    keys: []\n"),
    (
        "a file with an unknown member",
        "version: 1\nkeys: {}\nfiles:\n  - path: a\n    key: a\n    sha512: x\n",
    ),
    ("a file outside", "version: 1\nkeys: {}\nfiles:\n  - path: /etc/passwd\n    key: a\n"),
    ("a file above", "version: 1\nkeys: {}\nfiles:\n  - path: a/../../b\n    key: a\n"),
    (
        "a signature outside",
        "version: 1\nkeys: {}\nfiles:\n  - path: a\n    signature: ../a.sig\n    key: a\n",
    ),
    ("a digest in capitals", "version: 1\nkeys: {}\nfiles:\n  - path: a\n    key: a\n    sha256: ABCDEF\n"),
    ("a broken pattern", "version: 1\nkeys: {}\nfiles:\n  - path: 'a[z-b]'\n    key: a\n"),
    (
        "a pattern with a signature",
        "version: 1\nkeys: {}\nfiles:\n  - path: 'a*'\n    key: a\n    signature: b\n",
    ),
    (
        "a pattern with a digest",
        "version: 1\nkeys: {}\nfiles:\n  - path: 'a*'\n    key: a\n    sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
    ),
    ("an empty path", "version: 1\nkeys: {}\nfiles:\n  - path: ''\n    key: a\n"),
    (
        "several at once",
        "version: 1\nkeys:\n  a: {}\nfiles:\n  - path: ..\n    key: a\n  - path: b\n  - path: c\n    key: a\n    sha256: 0\n",
    ),
];

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
