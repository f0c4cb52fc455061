//! Both ways with a real peer, the pinned cosign: its keys sign here and it verifies; it signs and we verify. With keys in
//! files and with keys in KMS, all of it on this machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use crate::common::aws::Kms;
use crate::common::{Job, KINDS, Run};
use attest::detached::Message;
use attest::{PublicKey, Trust, verify_file};

const PASSWORD: &str = "correct horse battery staple";

/// No transparency log, no timestamps, and no roots of trust: nothing to be fetched.
const SIGNING_CONFIG: &str = r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json",
    "rekorTlogConfig":{"selector":"ANY"},"tsaConfig":{"selector":"ANY"}}"#;
const TRUSTED_ROOT: &str = r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;

/// The kinds of keys whose bundles cosign 3.1 verifies; with P-384 it refuses even its own.
const IT_VERIFIES: [&str; 3] = ["p256", "ed25519", "rsa"];

/// cosign's verdict about the bundle beside a file, by a key's file or URI.
fn verifies(job: &Job, env: &[(&str, &str)], key: &str, file: &str) -> bool {
    let bundle = format!("{file}.sigstore.json");
    job.cosign(env, &["verify-blob", "--insecure-ignore-tlog", "--key", key, "--bundle", &bundle, file]).0
}

/// What everybody with the bundle and the key can see.
fn is_of(job: &Job, bundle: &str, file: &str, key: &PublicKey) -> bool {
    let message = Message::read(&*job.read(file), [key]).unwrap();
    verify_file(&job.read(bundle), &message, &Trust::keys([key])).is_ok()
}

fn public(job: &Job, file: &str) -> PublicKey {
    PublicKey::from_pem(&String::from_utf8(job.read(file)).unwrap()).unwrap()
}

fn nothing_is_shown(run: &Run, secrets: &[&str]) {
    for secret in secrets {
        assert!(!run.said_unmasked().contains(secret), "{}", run.said_unmasked());
    }
}

#[test]
fn a_key_that_cosign_encrypted_signs_and_cosign_verifies() {
    for (kind, _) in KINDS {
        let job = Job::new();
        let pem = job.key(kind);
        let env = [("COSIGN_PASSWORD", PASSWORD)];
        let import = ["import-key-pair", "--key", pem.to_str().unwrap(), "--output-key-prefix", "cosign"];
        job.must_cosign(&env, &import);
        let key = String::from_utf8(job.read("cosign.key")).unwrap();
        let body = key.lines().nth(1).unwrap();
        job.write("app", format!("for {kind}"));
        job.write("password", format!("{PASSWORD}\n"));
        // The key and its password, each as a text and by its path.
        for (key, password) in [(&*key, PASSWORD), ("cosign.key", "password"), ("cosign.key", PASSWORD)] {
            let inputs = [("files", "app"), ("signing-key", key), ("signing-key-password", password)];
            let run = job.run(&[&inputs[..], &[("detached", "true"), ("overwrite", "true")]].concat());
            assert_eq!(run.code, 0, "{kind}: {run:?}");
            nothing_is_shown(&run, &[PASSWORD, body]);
            assert!(is_of(&job, "app.sigstore.json", "app", &public(&job, "cosign.pub")), "{kind}");
        }
        if IT_VERIFIES.contains(&kind) {
            assert!(verifies(&job, &[], "cosign.pub", "app"), "{kind}");
            job.write("app", "changed");
            assert!(!verifies(&job, &[], "cosign.pub", "app"), "{kind}");
            job.write("app", format!("for {kind}"));
        }
        let alone =
            ["verify-blob", "--insecure-ignore-tlog", "--key", "cosign.pub", "--signature", "app.sig", "app"];
        let (ok, said) = job.cosign(&[], &alone);
        // By a signature alone, cosign takes SHA-256 with every curve.
        assert_eq!(ok, kind != "p384", "{kind}: {said}");

        for (password, says) in [
            (Some("another"), "`signing-key-password` does not open the key"),
            (None, "the key is encrypted: give its password as `signing-key-password`"),
        ] {
            let mut inputs = vec![("files", "app"), ("signing-key", "cosign.key"), ("overwrite", "true")];
            inputs.extend(password.map(|password| ("signing-key-password", password)));
            let run = job.run(&inputs);
            assert!(run.code == 2 && run.said().contains(says), "{run:?}");
        }
    }
}

#[test]
fn a_key_that_cosign_encrypted_with_no_password_needs_none() {
    let job = Job::new();
    job.must_cosign(&[("COSIGN_PASSWORD", "")], &["generate-key-pair"]);
    job.write("app", "1");
    let run = job.run(&[("files", "app"), ("signing-key", "cosign.key")]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(verifies(&job, &[], "cosign.pub", "app"));
}

#[test]
fn a_key_in_kms_signs_and_cosign_verifies_and_the_reverse() {
    let keys = [
        ("alias/p256", "ECC_NIST_P256", true),
        ("alias/p384", "ECC_NIST_P384", false),
        ("alias/rsa", "RSA_2048", true),
    ];
    let kms = Kms::start(&keys.map(|(alias, spec, _)| (alias, spec)));
    let env = kms.env();
    for (alias, _, it_verifies) in keys {
        let job = Job::new();
        job.write("app", alias);
        job.write("signing-config.json", SIGNING_CONFIG);
        job.write("trusted-root.json", TRUSTED_ROOT);
        let uri = format!("awskms:///{alias}");
        let run = job.run_in(&env, &[("files", "app"), ("signing-key", &uri), ("detached", "true")]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(!run.said().contains(crate::common::aws::SECRET), "{}", run.said());
        job.must_cosign(&env, &["public-key", "--key", &uri, "--outfile", "kms.pub"]);
        let key = public(&job, "kms.pub");
        assert_eq!(run.outputs["signer"], key.key_id().to_string());
        assert!(is_of(&job, "app.sigstore.json", "app", &key), "{alias}");
        let digest = if alias == "alias/p384" { "-sha384" } else { "-sha256" };
        job.write("raw", job.openssl(&["base64", "-d", "-A", "-in", "app.sig"]));
        job.openssl(&["dgst", digest, "-verify", "kms.pub", "-signature", "raw", "app"]);
        if it_verifies {
            assert!(verifies(&job, &[], "kms.pub", "app"), "{alias}");
            assert!(verifies(&job, &env, &uri, "app"), "{alias}");
        }
        job.must_cosign(
            &env,
            &[
                "sign-blob",
                "--yes",
                "--key",
                &uri,
                "--signing-config",
                "signing-config.json",
                "--trusted-root",
                "trusted-root.json",
                "--bundle",
                "theirs.json",
                "app",
            ],
        );
        assert!(is_of(&job, "theirs.json", "app", &key), "{alias}");
    }
}
