//! Keys in KMS, asked as AWS is asked: moto's server stands for it, and `openssl` says whether a signature is one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod common;

use std::net::TcpListener;

use common::{Kms, openssl_verifies};
use runner::testing::Harness;
use runner::{Action, Outcome};
use services::kms;
use signers::detached::Message;
use signers::{Algorithm, Content, PublicKey, Sign, Signed, Signer};

/// What an action that signs has.
static ACTION: Action = Action {
    name: "try",
    about: "",
    inputs: &[services::SIGNING_KEY, services::SIGNING_KEY_PASSWORD, services::SIGNING_CONFIG],
    outputs: &[],
    run: |_| Box::pin(async { Ok(Outcome::Done) }),
    post: None,
};

/// Opens a signer as an action does, and what the run said meanwhile.
fn open(harness: Harness) -> (runner::Result<Option<Box<dyn Sign>>>, String) {
    let (opened, run) = harness.with_context(&ACTION, async |ctx| services::signer(ctx));
    (opened, run.stdout + &run.stderr + &run.summary)
}

fn signer(kms: &Kms, uri: &str) -> Box<dyn Sign> {
    let (opened, _) = open(kms.harness().input("signing-key", uri));
    opened.unwrap().expect("there is a signer")
}

/// A file, as it is read for a key.
fn message(bytes: &[u8], key: &PublicKey) -> Message {
    Message::read(bytes, [key]).unwrap()
}

fn signed(signed: Signed) -> Vec<u8> {
    match signed {
        Signed::Signature(bytes) => bytes,
        Signed::Bundle(_) => panic!("a key makes a signature"),
    }
}

const KEYS: [(&str, &str, Algorithm, &str); 4] = [
    ("alias/p256", "ECC_NIST_P256", Algorithm::EcdsaP256, "-sha256"),
    ("alias/p384", "ECC_NIST_P384", Algorithm::EcdsaP384, "-sha384"),
    ("alias/rsa", "RSA_2048", Algorithm::Rsa, "-sha256"),
    ("alias/rsa4", "RSA_4096", Algorithm::Rsa, "-sha256"),
];

#[test]
fn what_kms_signs_verifies_elsewhere_and_the_public_key_is_asked_for_once() {
    let mut kms = Kms::start(&[], &KEYS.map(|(alias, spec, ..)| (alias, spec)));
    for (alias, _, algorithm, digest) in KEYS {
        let signer = signer(&kms, &format!("awskms:///{alias}"));
        let key = signer.public_key().unwrap().clone();
        assert_eq!((key.algorithm(), signer.signer()), (algorithm, &Signer::KeyId(key.key_id())));
        for round in 0..2 {
            let file = vec![round; 300_000];
            let read = message(&file, &key);
            let signature = signed(signer.sign_content(Content::File(&read)).unwrap());
            assert!(openssl_verifies(&key.to_pem(), digest, &file, &signature), "{alias}");
            assert!(!openssl_verifies(&key.to_pem(), digest, b"another file", &signature), "{alias}");
            let encoded = b"DSSEv1 1 x 1 y";
            let statement = Content::Statement { payload: b"y", encoded };
            let signature = signed(signer.sign_content(statement).unwrap());
            assert!(openssl_verifies(&key.to_pem(), digest, encoded, &signature), "{alias}");
        }
        let expected = ["GetPublicKey", "Sign DIGEST", "Sign DIGEST", "Sign DIGEST", "Sign DIGEST"];
        assert_eq!(kms.calls(), expected, "{alias}");
    }
}

#[test]
fn a_key_is_named_by_alias_id_or_arn_and_an_endpoint_may_be_named_too() {
    let kms = Kms::start(&[], &[("alias/one", "ECC_NIST_P256")]);
    let arn = kms.arn("alias/one");
    let id = arn.rsplit('/').next().unwrap();
    let host = kms.endpoint().strip_prefix("http://").unwrap();
    let env = |name: &str| kms.env().into_iter().find(|(known, _)| *known == name).map(|(_, value)| value);
    let public = |uri: &str| kms::public_key(uri, &env).unwrap();
    let by_alias = public("awskms:///alias/one");
    assert_eq!(public(&format!("awskms:///{id}")), by_alias);
    assert_eq!(public(&format!("awskms:///{arn}")), by_alias);
    // An endpoint of the URI, and no other: the variables name none.
    let without_endpoint = |name: &str| env(name).filter(|_| !name.starts_with("AWS_ENDPOINT"));
    let named = kms::public_key(&format!("awskms://{host}/alias/one"), &without_endpoint).unwrap();
    assert_eq!(named, by_alias);
    // The region of the ARN, and no other.
    let without_region = |name: &str| env(name).filter(|_| !name.ends_with("REGION"));
    assert_eq!(kms::public_key(&format!("awskms:///{arn}"), &without_region).unwrap(), by_alias);
}

#[test]
fn a_signature_that_does_not_verify_is_not_used() {
    // moto as it is hashes a digest once more.
    let kms = Kms::start(&["--as-moto-does"], &[("alias/p256", "ECC_NIST_P256"), ("alias/rsa", "RSA_2048")]);
    for alias in ["alias/p256", "alias/rsa"] {
        let signer = signer(&kms, &format!("awskms:///{alias}"));
        let read = message(b"a file", signer.public_key().unwrap());
        let error = signer.sign_content(Content::File(&read)).unwrap_err().to_string();
        assert!(error.contains("is no signature by this key over this digest"), "{error}");
    }
}

#[test]
fn what_cannot_sign_is_refused_by_what_it_is() {
    let kms = Kms::start(
        &[],
        &[
            ("alias/sealing", "SYMMETRIC_DEFAULT"),
            ("alias/coin", "ECC_SECG_P256K1"),
            ("alias/p256", "ECC_NIST_P256"),
        ],
    );
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (uri, says) in [
        ("awskms:///alias/nowhere".to_owned(), "GetPublicKey failed: KMS says NotFoundException"),
        ("awskms:///alias/sealing".to_owned(), "the key is not for signing"),
        ("awskms:///alias/coin".to_owned(), "this is no key that is taken"),
        ("awskms:///x".to_owned(), "this is neither an alias, nor a key's id, nor an ARN"),
        (format!("awskms://{nobody}/alias/p256"), "GetPublicKey failed: "),
    ] {
        let (opened, said) = open(kms.harness().input("signing-key", &uri));
        let error = format!("{:#}", opened.unwrap_err());
        assert!(error.contains("input `signing-key`") && error.contains(says), "{uri}: {error}");
        assert!(!format!("{error}{said}").contains(common::SECRET), "{error}{said}");
    }
}

#[test]
fn the_name_of_a_key_is_not_masked_and_no_credential_is_shown() {
    let kms = Kms::start(&[], &[("alias/p256", "ECC_NIST_P256")]);
    // A file of that name in the checkout is not the key.
    let harness = kms.harness().arg("--signing-key=awskms:///alias/p256");
    harness.file("awskms:/alias/p256", "a key that somebody left here");
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 0, "{run:?}");
    let (opened, said) = open(kms.harness().input("signing-key", "awskms:///alias/p256"));
    let shown = format!("{:?} {said}", opened.unwrap().unwrap());
    assert!(shown.contains("KmsKey(awskms:///alias/p256;") && !shown.contains("::add-mask::"), "{shown}");
    assert!(!shown.contains(common::SECRET), "{shown}");
}
