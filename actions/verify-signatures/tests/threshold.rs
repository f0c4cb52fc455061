//! *k* of *n*: who counts, and how often.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::fs;

use crate::common::Job;
use crate::real::REAL;
use attest::predicate::signature_verification::Predicate;
use attest::read_unsigned;
use serde_json::Value;

/// `file`, signed by `a`, `b` and `c`, each of another kind: `file.<key>.sig`. `d` is the key of `a` again.
fn signed() -> Job {
    let job = Job::new();
    job.write("file", "content");
    for (name, kind) in [("a", "p256"), ("b", "ed25519"), ("c", "rsa")] {
        job.key(name, kind);
        job.sign("file", name, kind);
        fs::rename(job.path("file.sig"), job.path(&format!("file.{name}.sig"))).unwrap();
    }
    fs::copy(job.path("keys/a.pub"), job.path("keys/d.pub")).unwrap();
    fs::copy(job.path("file.a.sig"), job.path("file.d.sig")).unwrap();
    job.write("file.bad.sig", [7; 70]);
    job
}

const KEYS: &str =
    "keys: { a: {file: keys/a.pub}, b: {file: keys/b.pub}, c: {file: keys/c.pub}, d: {file: keys/d.pub} }";

#[test]
fn distinct_signers_are_counted_and_nobody_twice() {
    let job = signed();
    // Who may sign, which signatures there are, how many are wanted; who counts, or why not.
    type Counted = Result<&'static [&'static str], &'static str>;
    let cases: [(&[&str], &[&str], usize, Counted); 22] = [
        (&["a"], &["a"], 1, Ok(&["a"])),
        (&["a", "b"], &["a"], 1, Ok(&["a"])),
        (&["a", "b"], &["b"], 1, Ok(&["b"])),
        (&["a", "b"], &["a", "b"], 1, Ok(&["a", "b"])),
        (&["a", "b"], &["a", "b"], 2, Ok(&["a", "b"])),
        (&["a", "b", "c"], &["c", "a"], 2, Ok(&["a", "c"])),
        (&["a", "b", "c"], &["a", "b", "c"], 3, Ok(&["a", "b", "c"])),
        (&["a", "b", "c"], &["a", "b", "c", "bad"], 3, Ok(&["a", "b", "c"])),
        (&["a", "b"], &["bad", "a"], 1, Ok(&["a"])),
        (&["a", "b"], &["none", "a"], 1, Ok(&["a"])),
        // Too few.
        (&["a", "b"], &["a"], 2, Err("too-few-signers")),
        (&["a", "b"], &["a", "bad"], 2, Err("too-few-signers")),
        (&["a", "b"], &["a", "none"], 2, Err("too-few-signers")),
        (&["a", "b"], &["a", "c"], 2, Err("too-few-signers")),
        // The same signature twice, the same key under two names, the same name twice.
        (&["a", "b"], &["a", "a"], 2, Err("too-few-signers")),
        (&["a", "d"], &["a", "d"], 2, Err("too-few-signers")),
        (&["a", "d"], &["a", "d"], 1, Ok(&["a"])),
        (&["a", "a", "b"], &["a", "b"], 2, Ok(&["a", "b"])),
        (&["a", "d", "b"], &["a", "d", "b"], 2, Ok(&["a", "b"])),
        // Nobody.
        (&["a", "b"], &["c"], 1, Err("bad-signature")),
        (&["a", "b"], &["c", "bad"], 2, Err("bad-signature")),
        (&["a", "b"], &["none", "nothing"], 2, Err("missing-signature")),
    ];
    for (names, signatures, threshold, counted) in cases {
        let what = format!("{names:?} {signatures:?} {threshold}");
        let places: Vec<_> = signatures.iter().map(|name| format!("file.{name}.sig")).collect();
        job.write(
            "signatures.yml",
            format!(
                "version: 1\n{KEYS}\nfiles: [{{path: file, signed-by: [{}], threshold: {threshold}, signature: [{}]}}]\n",
                names.join(", "),
                places.join(", ")
            ),
        );
        let run = job.run(&[]);
        match counted {
            Ok(counted) => {
                assert_eq!(run.code, 0, "{what}: {run:?}");
                let files: Value = serde_json::from_str(&run.outputs["files"]).unwrap();
                let by: Vec<_> = files[0]["signers"].as_array().unwrap().iter().collect();
                let by: Vec<_> = by.iter().map(|signer| signer["name"].as_str().unwrap()).collect();
                assert_eq!(by, counted, "{what}");
                // What lies there and does not count is told.
                let bad = signatures.contains(&"bad");
                assert_eq!(run.stdout.contains("does not count"), bad, "{what}: {}", run.stdout);
            }
            Err(code) => assert_eq!((run.code, run.reasons()), (1, vec![code]), "{what}: {run:?}"),
        }
    }
}

#[test]
fn a_key_and_an_identity_sign_together() {
    let job = Job::new();
    let cosign = &REAL[0];
    cosign.put(&job);
    job.key("vendor", "p256");
    job.sign("file", "vendor", "p256");
    let manifest = |names: &str, threshold: usize| {
        format!(
            "version: 1
keys: {{ vendor: {{file: keys/vendor.pub}} }}
identities:
  w: {{ issuer: 'https://github.com/login/oauth', subject: w.vollprecht@gmail.com }}
  any: {{ issuer: 'https://github.com/login/oauth', subject-pattern: '.+@gmail\\.com' }}
files: [{{ path: file, signed-by: [{names}], threshold: {threshold} }}]
"
        )
    };
    for (names, threshold, code) in [
        ("vendor, w", 2, 0),
        ("w, vendor", 1, 0),
        ("any, w, vendor", 2, 0),
        // One person is one signer, whatever rules fit.
        ("any, w", 2, 1),
        ("any, w, vendor", 3, 1),
    ] {
        job.write("signatures.yml", manifest(names, threshold));
        let run = job.run(&[]);
        assert_eq!(run.code, code, "{names} {threshold}: {run:?}");
        if code == 1 {
            assert_eq!(run.reasons(), ["too-few-signers"], "{names} {threshold}");
        }
    }
    // One may be enough, and the other is not there.
    fs::remove_file(job.path("file.sig")).unwrap();
    job.write("signatures.yml", manifest("vendor, w", 1));
    let run = job.run(&[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!run.stdout.contains("does not count"), "{}", run.stdout);
    let newest = job.evidence().pop().unwrap();
    let predicate: Predicate = read_unsigned(&newest.bytes).unwrap().statement.predicate().unwrap();
    assert!(!predicate.files[0].signatures.is_empty());
    fs::remove_file(job.path("file.sigstore.json")).unwrap();
    let run = job.run(&[]);
    assert_eq!((run.code, run.reasons()), (1, vec!["missing-signature"]));
    assert!(run.stdout.contains("file.sig") && run.stdout.contains("file.sigstore.json"), "{}", run.stdout);
}
