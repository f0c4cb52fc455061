//! The reference verifier, Python's sigstore, on the same real bundles: it accepts what the action accepts, and refuses
//! what it refuses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::path::Path;

use crate::common::Job;
use crate::real::REAL;

/// The members of an identity as the peer takes them: it wants a subject, and knows no claims.
fn issuer_and_subject(identity: &[(&str, &str)]) -> (String, String) {
    let member = |name: &str| identity.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    match member("workflow") {
        Some(workflow) => (signers::GITHUB_ISSUER.to_owned(), format!("https://github.com/{workflow}")),
        None => {
            let subject = member("subject").unwrap_or("jku@goto.fi");
            (member("issuer").unwrap().to_owned(), subject.to_owned())
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the peer is a program; this is a test")]
fn reference(job: &Job, staging: bool, issuer: &str, subject: &str) -> bool {
    let folder = std::env::var_os("HALLMARK_TEST_SIGSTORE_BIN")
        .expect("HALLMARK_TEST_SIGSTORE_BIN is not set: `make test` fetches the peer and sets it");
    let output = std::process::Command::new(Path::new(&folder).join("sigstore"))
        .args(staging.then_some("--staging"))
        .args(["verify", "identity", "--offline", "--bundle", "file.sigstore.json"])
        .args(["--cert-identity", subject, "--cert-oidc-issuer", issuer, "file"])
        .current_dir(job.path(""))
        .env_clear()
        .env("HOME", job.path(""))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.success(), said.contains("OK: file"), "{said}");
    output.status.success()
}

#[test]
fn it_comes_to_the_same_verdicts() {
    // It carries the roots of two instances; the key and the instance of one's own are for other peers.
    let carried = |root: &str| root == "public-good" || root.contains("staging");
    let real: Vec<_> = REAL.iter().filter(|real| !real.identity.is_empty() && carried(real.root)).collect();
    assert_eq!(real.len(), 5);
    for real in real {
        let job = Job::new();
        real.put(&job);
        let (issuer, subject) = issuer_and_subject(real.identity);
        let staging = real.root != "public-good";
        let ours = |subject: &str| {
            let identity = [("issuer", issuer.as_str()), ("subject", subject)];
            job.write("signatures.yml", real.manifest(real.root(), &identity, ""));
            job.run(&[]).code == 0
        };
        for (who, wanted) in [(subject.as_str(), true), ("mallory@example.com", false)] {
            assert_eq!(ours(who), wanted, "{} {who}", real.bundle);
            assert_eq!(reference(&job, staging, &issuer, who), wanted, "{} {who}", real.bundle);
        }
        assert!(!reference(&job, !staging, &issuer, &subject), "{}", real.bundle);
        job.write("file", "another file");
        assert!(!ours(&subject), "{}", real.bundle);
        assert!(!reference(&job, staging, &issuer, &subject), "{}", real.bundle);
    }
}
