//! What `sign` writes, keeps, and refuses; `openssl` says whether a signature is one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::fs;
use std::os::unix::fs::symlink;

use crate::common::{Job, KINDS};
use attest::detached::Message;
use attest::{PublicKey, Trust, verify_file};
use model::Sha256;

fn public(job: &Job, kind: &str) -> PublicKey {
    PublicKey::from_pem(&String::from_utf8(job.read(&format!("keys/{kind}.pub"))).unwrap()).unwrap()
}

#[test]
fn every_kind_of_key_signs_and_openssl_verifies() {
    for (kind, _) in KINDS {
        let job = Job::new();
        job.key(kind);
        job.write("dist/app", "the app\n");
        job.write("dist/image.json", "{}\n");
        let pem = format!("keys/{kind}.pem");
        let run = job.run(&[("files", "dist/*"), ("signing-key", &pem), ("detached", "true")]);
        assert_eq!(run.code, 0, "{run:?}");
        let key = public(&job, kind);
        assert_eq!(
            (&*run.outputs["signed"], &*run.outputs["kept"], &*run.outputs["signer"]),
            ("2", "0", key.key_id().to_string().as_str())
        );
        let bundles = run.bundles();
        assert_eq!(bundles[0]["path"], "dist/app");
        assert_eq!(bundles[0]["sha256"], Sha256::of(b"the app\n").to_string());
        assert_eq!(bundles[1]["bundle"], "dist/image.json.sigstore.json");
        for name in ["dist/app", "dist/image.json"] {
            let message = Message::read(&*job.read(name), [&key]).unwrap();
            let bundle = job.read(&format!("{name}.sigstore.json"));
            verify_file(&bundle, &message, &Trust::keys([&key])).unwrap_or_else(|e| panic!("{kind}: {e}"));
            assert_eq!(
                verify_file(&bundle, &message, &Trust::nobody()).unwrap_err().code(),
                "unknown-signer"
            );
            let other = Message::read(&b"other"[..], [&key]).unwrap();
            assert_eq!(
                verify_file(&bundle, &other, &Trust::keys([&key])).unwrap_err().code(),
                "other-artifact"
            );

            let raw = job.openssl(&["base64", "-d", "-A", "-in", &format!("{name}.sig")]);
            job.write("raw", raw);
            let key = format!("keys/{kind}.pub");
            match kind {
                "ed25519" => job.openssl(&[
                    "pkeyutl", "-verify", "-pubin", "-inkey", &key, "-rawin", "-in", name, "-sigfile", "raw",
                ]),
                "p384" => job.openssl(&["dgst", "-sha384", "-verify", &key, "-signature", "raw", name]),
                _ => job.openssl(&["dgst", "-sha256", "-verify", &key, "-signature", "raw", name]),
            };
        }
        assert!(run.summary.starts_with("## 2 files signed"), "{}", run.summary);
    }
}

#[test]
fn what_is_signed_already_is_kept_and_what_is_somebody_elses_is_not_replaced() {
    let job = Job::new();
    job.key("p256");
    job.key("rsa");
    job.write("app", "1");
    let run = |key: &str, overwrite: &str| {
        job.run(&[
            ("files", "app*"),
            ("signing-key", &format!("keys/{key}.pem")),
            ("detached", "true"),
            ("overwrite", overwrite),
        ])
    };
    assert_eq!(run("p256", "false").outputs["signed"], "1");
    let first = (job.read("app.sigstore.json"), job.read("app.sig"));
    // What this wrote is no file to sign, and stays as it is: ECDSA would give other bytes.
    let again = run("p256", "false");
    assert_eq!((again.code, &*again.outputs["kept"], &*again.outputs["signed"]), (0, "1", "0"), "{again:?}");
    assert!(again.summary.starts_with("## 1 file signed already"), "{}", again.summary);
    assert_eq!((job.read("app.sigstore.json"), job.read("app.sig")), first);

    let refused = run("rsa", "false");
    assert_eq!(refused.code, 2);
    assert!(
        refused.said().contains("app.sigstore.json is there already, and is not this signer's"),
        "{refused:?}"
    );
    assert_eq!((job.read("app.sigstore.json"), job.read("app.sig")), first);
    assert_eq!(run("rsa", "true").outputs["signed"], "1");
    let key = public(&job, "rsa");
    let message = Message::read(&b"1"[..], [&key]).unwrap();
    verify_file(&job.read("app.sigstore.json"), &message, &Trust::keys([&key])).unwrap();

    // A changed file: the bundle is of other bytes.
    job.write("app", "2");
    assert_eq!(run("rsa", "false").code, 2);
    assert_eq!(run("rsa", "true").code, 0);
    // The signature alone is somebody else's.
    fs::remove_file(job.path("app.sigstore.json")).unwrap();
    job.write("app.sig", "AAAA\n");
    let refused = run("rsa", "false");
    assert!(refused.said().contains("app.sig is there already"), "{refused:?}");
    assert!(!job.path("app.sigstore.json").exists());
}

#[test]
fn what_is_wrong_with_one_file_is_told_before_any_is_signed() {
    type Wrong = fn(&Job);
    let cases: [(&str, Wrong, &str); 13] = [
        ("nowhere", |_| (), "there is no file \"nowhere\""),
        ("*.iso", |_| (), "nothing matches \"*.iso\""),
        ("folder", |job| fs::create_dir(job.path("folder")).unwrap(), "is not a plain file"),
        ("../outside", |_| (), "leaves the working folder"),
        ("/etc/passwd", |_| (), "is outside of the working folder"),
        ("link", |job| symlink("/etc/passwd", job.path("link")).unwrap(), "is a symbolic link"),
        ("inside", |job| symlink("app", job.path("inside")).unwrap(), "is a symbolic link"),
        ("folder/passwd", |job| symlink("/etc", job.path("folder")).unwrap(), "is a symbolic link"),
        (
            "sub/app",
            |job| {
                job.write("sub/app", "x");
                symlink("/tmp/elsewhere", job.path("sub/app.sigstore.json")).unwrap();
            },
            "is a symbolic link",
        ),
        (
            "sub/app",
            |job| {
                job.write("sub/app", "x");
                job.write("sub/app.sigstore.json", "{}");
            },
            "sub/app.sigstore.json is there already",
        ),
        ("pipe", |job| crate::common::fifo(&job.path("pipe")), "is not a plain file"),
        ("a\u{1b}[31m", |_| (), "has control characters"),
        ("[", |_| (), "is no pattern"),
    ];
    for (line, wrong, says) in cases {
        let job = Job::new();
        job.key("p256");
        job.write("app", "1");
        wrong(&job);
        let run = job.run(&[("files", &format!("app\n{line}")), ("signing-key", "keys/p256.pem")]);
        assert_eq!(run.code, 2, "{line:?}: {run:?}");
        assert!(run.said().contains(says), "{line:?}: {}", run.said());
        assert!(!job.path("app.sigstore.json").exists(), "{line:?}");
        assert!(run.outputs.is_empty(), "{line:?}");
    }
}

#[test]
fn no_files_and_no_key_are_refused() {
    let job = Job::new();
    job.key("p256");
    job.write("app", "1");
    for (inputs, says) in [
        (&[("signing-key", "keys/p256.pem")][..], "input `files` is required"),
        (&[("files", "app")], "input `signing-key` is required"),
        (&[("files", "app"), ("signing-key", "keys/nowhere.pem")], "input `signing-key`: this is not PEM"),
        (&[("files", "app"), ("signing-key", "gcpkms://x")], "keys at gcpkms:// are not taken"),
        (
            &[("files", "app"), ("signing-key", "keys/p256.pem"), ("signing-key-password", "x")],
            "is for keys that cosign encrypted, and this is none",
        ),
        (&[("files", "app"), ("signing-key", "keyless")], "set `permissions: id-token: write`"),
    ] {
        let run = job.run(inputs);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.said().contains(says), "{says}: {}", run.said());
    }
    assert!(!job.path("app.sigstore.json").exists());
}

#[test]
fn a_long_file_is_read_in_pieces() {
    let job = Job::new();
    job.key("p384");
    job.key("ed25519");
    // Holes cost no room on the disk.
    fs::File::create(job.path("disk.raw")).unwrap().set_len(512 << 20).unwrap();
    let run = job.run_within(200 << 20, &[("files", "disk.raw"), ("signing-key", "keys/p384.pem")]);
    assert_eq!(run.code, 0, "{run:?}");
    fs::remove_file(job.path("disk.raw.sigstore.json")).unwrap();
    let run = job.run(&[("files", "disk.raw"), ("signing-key", "keys/ed25519.pem")]);
    assert!(run.code == 2 && run.said().contains("sign it with an ECDSA or RSA key"), "{run:?}");
}
