//! Signed lists of checksums, as `sha256sum` writes them: what is listed is there, and is that.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::fs;
use std::os::unix::fs::symlink;

use crate::common::Job;
use attest::predicate::signature_verification::Predicate;
use attest::read_unsigned;
use model::{Sha256, Subject};
use serde_json::{Value, json};

/// What GNU's tool prints of these files in `release`.
#[expect(clippy::disallowed_methods, reason = "the peer is a program; this is a test")]
fn sha256sum(job: &Job, args: &[&str]) -> Vec<u8> {
    let output = std::process::Command::new("sha256sum")
        .args(args)
        .current_dir(job.path("release"))
        .output()
        .expect("`sha256sum` is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Three files and their list, signed.
fn released(args: &[&str]) -> Job {
    let job = Job::new();
    job.key("vendor", "p256");
    for name in ["a.tar.gz", "b.tar.gz", "deep/c"] {
        job.write(&format!("release/{name}"), format!("content of {name}"));
    }
    let list = sha256sum(&job, &[args, &["a.tar.gz", "b.tar.gz", "deep/c"]].concat());
    listing(&job, list);
    job
}

fn listing(job: &Job, list: impl AsRef<[u8]>) {
    job.write("release/SHA256SUMS", list);
    job.sign("release/SHA256SUMS", "vendor", "p256");
    job.manifest("checksums:\n  - manifest: release/SHA256SUMS\n    signed-by: vendor\n");
}

#[test]
fn every_listed_file_is_verified_and_the_evidence_names_the_list() {
    for args in [&[][..], &["--binary"], &["--tag"]] {
        let job = released(args);
        let run = job.run(&[]);
        assert_eq!((run.code, run.outputs["verified"].as_str()), (0, "4"), "{args:?}: {run:?}");
        let files: Vec<Value> = serde_json::from_str(&run.outputs["files"]).unwrap();
        assert_eq!(files[0]["signers"][0]["name"], "vendor", "{files:?}");
        assert_eq!(files[1]["listedIn"], "release/SHA256SUMS", "{files:?}");
        let evidence = read_unsigned(&job.evidence()[0].bytes).unwrap();
        let names = ["release/SHA256SUMS", "release/a.tar.gz", "release/b.tar.gz", "release/deep/c"];
        let subject = |name: &str| Subject::file(name, Sha256::of(&fs::read(job.path(name)).unwrap()));
        assert_eq!(evidence.statement.subject, names.map(subject));
        let predicate: Predicate = evidence.statement.predicate().unwrap();
        let list = predicate.files[1].listed_in.as_ref().unwrap();
        assert_eq!((&list.name, list.digest), (&predicate.files[0].name, predicate.files[0].digest));
        assert!(run.summary.contains("| vendor | listed in release/SHA256SUMS |"), "{}", run.summary);
    }
}

/// One change each.
#[test]
fn whatever_is_wrong_is_refused_with_its_reason() {
    type Change = fn(&Job);
    fn more(job: &Job, line: &str) {
        let list = fs::read_to_string(job.path("release/SHA256SUMS")).unwrap();
        listing(job, format!("{list}{line}\n"));
    }
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let cases: [(&str, &str, Change); 22] = [
        ("a file is changed", "digest-mismatch", |job| job.write("release/a.tar.gz", "evil")),
        ("a file is gone", "missing-file", |job| fs::remove_file(job.path("release/deep/c")).unwrap()),
        ("a file is a folder", "not-a-file", |job| {
            fs::remove_file(job.path("release/a.tar.gz")).unwrap();
            fs::create_dir(job.path("release/a.tar.gz")).unwrap();
        }),
        ("a file is a link", "symbolic-link", |job| {
            fs::rename(job.path("release/a.tar.gz"), job.path("release/real")).unwrap();
            symlink("real", job.path("release/a.tar.gz")).unwrap();
        }),
        ("the list is changed", "bad-signature", |job| {
            let list = fs::read_to_string(job.path("release/SHA256SUMS")).unwrap();
            job.write("release/SHA256SUMS", list + "\n");
        }),
        ("the list is gone", "missing-file", |job| {
            fs::remove_file(job.path("release/SHA256SUMS")).unwrap();
        }),
        ("the signature is gone", "missing-signature", |job| {
            fs::remove_file(job.path("release/SHA256SUMS.sig")).unwrap();
        }),
        ("the list is empty", "empty-checksums", |job| listing(job, "")),
        ("the list has blanks only", "empty-checksums", |job| listing(job, "\n\n")),
        ("the list has another file", "missing-file", |job| more(job, &format!("{EMPTY}  none"))),
        ("a name is above", "outside-folder", |job| {
            job.write("outside", "");
            more(job, &format!("{EMPTY}  ../outside"));
        }),
        ("a name goes up on its way", "outside-folder", |job| {
            more(job, &format!("{EMPTY}  deep/../../outside"));
        }),
        ("a name is absolute", "outside-folder", |job| more(job, &format!("{EMPTY}  /dev/null"))),
        ("a name is there twice", "duplicate-name", |job| more(job, &format!("{EMPTY}  a.tar.gz"))),
        ("a name is there in two spellings", "duplicate-name", |job| {
            more(job, &format!("{EMPTY}  ./a.tar.gz"));
        }),
        ("a name has a line feed", "unsupported-name", |job| more(job, &format!("\\{EMPTY}  a\\nb"))),
        ("a name is not UTF-8", "unsupported-name", |job| {
            listing(job, [EMPTY.as_bytes(), b"  \xff\n"].concat());
        }),
        ("a line is no line", "malformed-checksums", |job| more(job, "trust me")),
        ("a checksum is of another kind", "unsupported-checksums", |job| {
            more(job, &format!("SHA512 (x) = {EMPTY}{EMPTY}"));
        }),
        ("the list is too long", "too-long", |job| listing(job, vec![b'#'; (16 << 20) + 1])),
        ("another list is pinned", "digest-mismatch", |job| {
            job.manifest(&format!(
                "checksums: [{{manifest: release/SHA256SUMS, key: vendor, sha256: {EMPTY}}}]\n"
            ));
        }),
        ("nothing of it is wanted", "missing-file", |job| {
            job.manifest("checksums: [{manifest: release/SHA256SUMS, key: vendor, only: ['*.zip']}]\n");
        }),
    ];
    for (what, reason, change) in cases {
        let job = released(&[]);
        change(&job);
        let run = job.run(&[]);
        assert_eq!((run.code, run.reasons()), (1, vec![reason]), "{what}: {run:?}");
        assert!(run.outputs.is_empty() && job.evidence().is_empty(), "{what}");
    }
}

#[test]
fn only_what_is_wanted_has_to_be_there_but_all_lines_have_to_read() {
    let job = released(&[]);
    fs::remove_file(job.path("release/deep/c")).unwrap();
    for (only, verified) in [("['*.tar.gz']", "3"), ("a.tar.gz", "2"), ("['a*', 'b*']", "3")] {
        job.manifest(&format!("checksums: [{{manifest: release/SHA256SUMS, key: vendor, only: {only}}}]\n"));
        let run = job.run(&[]);
        assert_eq!((run.code, run.outputs["verified"].as_str()), (0, verified), "{only}: {run:?}");
    }
    for only in ["deep/", "'**/c'"] {
        job.manifest(&format!("checksums: [{{manifest: release/SHA256SUMS, key: vendor, only: {only}}}]\n"));
        assert_eq!(job.run(&[]).reasons(), ["missing-file"], "{only}");
    }
    let list = fs::read_to_string(job.path("release/SHA256SUMS")).unwrap();
    listing(&job, list + "what is this\n");
    job.manifest("checksums: [{manifest: release/SHA256SUMS, key: vendor, only: ['*.tar.gz']}]\n");
    assert_eq!(job.run(&[]).reasons(), ["malformed-checksums"]);
}

#[test]
fn escaped_names_are_those_that_the_tool_means() {
    let job = Job::new();
    job.key("vendor", "p256");
    for name in ["back\\slash", "blank ", " blank", "é", "*star", "SHA256 (x) = y", "-dash", "#hash"] {
        job.write(&format!("release/{name}"), name);
    }
    let names =
        ["./back\\slash", "./blank ", "./ blank", "./é", "./*star", "./SHA256 (x) = y", "./-dash", "./#hash"];
    for args in [&[][..], &["--tag"]] {
        listing(&job, sha256sum(&job, &[args, &names].concat()));
        let run = job.run(&[]);
        assert_eq!((run.code, run.outputs["verified"].as_str()), (0, "9"), "{args:?}: {run:?}");
    }
    let files = json!(job.run(&[]).outputs["files"].clone());
    assert!(files.as_str().unwrap().contains("release/back\\\\slash"), "{files}");
}

#[test]
fn a_list_may_need_more_than_one() {
    let job = released(&[]);
    job.key("other", "ed25519");
    fs::rename(job.path("release/SHA256SUMS.sig"), job.path("release/SHA256SUMS.1")).unwrap();
    job.sign("release/SHA256SUMS", "other", "ed25519");
    let manifest = |signatures: &str| {
        job.manifest(&format!(
            "  other: {{file: keys/other.pub}}\nchecksums:\n  - manifest: release/SHA256SUMS\n    keys: [vendor, other]\n    threshold: 2\n    signature: [{signatures}]\n"
        ));
        job.run(&[])
    };
    let run = manifest("'{path}.sig', 'release/{name}.1'");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(manifest("'{path}.sig'").reasons(), ["too-few-signers"]);
}
