//! Detached signatures against the peer, both ways: `openssl` signs and we verify, and the reverse.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod common;

use std::io::Read;

use common::{Bench, KINDS, Pair};
use signers::detached::{MAX_ED25519_MESSAGE, Message, MessageError, Signature};
use signers::{PublicKey, SignatureMismatch};

const MESSAGE: &[u8] = b"what was signed\0\xff\n";

/// How the peer signs `message` to `message.sig` with a kind of key, in every way that is accepted.
const PEER_SIGNS: [(&str, &[&str]); 9] = [
    ("p256", &["dgst", "-sha256", "-sign", "p256.pem"]),
    ("p384", &["dgst", "-sha384", "-sign", "p384.pem"]),
    ("p384", &["dgst", "-sha256", "-sign", "p384.pem"]),
    ("ed25519", &["pkeyutl", "-sign", "-rawin", "-inkey", "ed25519.pem", "-in"]),
    ("rsa2048", &["dgst", "-sha256", "-sign", "rsa2048.pem"]),
    ("rsa3072", &["dgst", "-sha256", "-sign", "rsa3072.pem"]),
    (
        "rsa2048",
        &[
            "dgst",
            "-sha256",
            "-sigopt",
            "rsa_padding_mode:pss",
            "-sigopt",
            "rsa_pss_saltlen:digest",
            "-sign",
            "rsa2048.pem",
        ],
    ),
    (
        "rsa3072",
        &[
            "dgst",
            "-sha256",
            "-sigopt",
            "rsa_padding_mode:pss",
            "-sigopt",
            "rsa_pss_saltlen:-1",
            "-sign",
            "rsa3072.pem",
        ],
    ),
    ("p256", &["pkeyutl", "-sign", "-rawin", "-digest", "sha256", "-inkey", "p256.pem", "-in"]),
];

/// Ways that are not accepted: a weak digest, or the digest of another scheme.
const PEER_SIGNS_OTHERWISE: [(&str, &[&str]); 5] = [
    ("p256", &["dgst", "-sha1", "-sign", "p256.pem"]),
    ("p256", &["dgst", "-sha384", "-sign", "p256.pem"]),
    ("p384", &["dgst", "-sha512", "-sign", "p384.pem"]),
    ("rsa2048", &["dgst", "-sha1", "-sign", "rsa2048.pem"]),
    ("rsa2048", &["dgst", "-sha512", "-sign", "rsa2048.pem"]),
];

fn signed_by_peer(bench: &Bench, command: &[&str]) -> Signature {
    bench.write("message", MESSAGE);
    Signature::from_file_bytes(&bench.openssl(&[command, &["message"]].concat())).unwrap()
}

fn read(message: &[u8], key: &PublicKey) -> Message {
    Message::read(message, [key]).unwrap()
}

#[test]
fn what_the_peer_signs_verifies_and_nothing_near_it() {
    let bench = Bench::new();
    for (kind, command) in PEER_SIGNS {
        let Pair { public, .. } = bench.pair(kind);
        let other = Bench::new().pair(kind).public;
        let signature = signed_by_peer(&bench, command);
        assert_eq!(read(MESSAGE, &public).verify(&public, &signature), Ok(()), "{command:?}");
        assert_eq!(read(MESSAGE, &other).verify(&other, &signature), Err(SignatureMismatch), "{command:?}");
        for near in [&MESSAGE[1..], b"", &[MESSAGE, b"\n"].concat()] {
            assert_eq!(
                read(near, &public).verify(&public, &signature),
                Err(SignatureMismatch),
                "{command:?}"
            );
        }
        // The same in base64, as cosign keeps it.
        let base64 = bench.try_openssl(&["base64", "-A"], signature.as_bytes()).1;
        assert_eq!(Signature::from_file_bytes(&base64).unwrap(), signature);
    }
}

#[test]
fn every_changed_byte_of_a_signature_is_refused() {
    let bench = Bench::new();
    for (kind, command) in PEER_SIGNS {
        let Pair { public, .. } = bench.pair(kind);
        let signature = signed_by_peer(&bench, command);
        let message = read(MESSAGE, &public);
        for at in 0..signature.as_bytes().len() {
            for bit in 0..8 {
                let mut bytes = signature.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                let Ok(changed) = Signature::from_file_bytes(&bytes) else { continue };
                assert!(message.verify(&public, &changed).is_err(), "{command:?} byte {at} bit {bit}");
            }
        }
        for wrong in [&b""[..], b"\0", &[signature.as_bytes(), b"\0"].concat(), &[0; 64], &[0; 256]] {
            if let Ok(wrong) = Signature::from_file_bytes(wrong) {
                assert!(message.verify(&public, &wrong).is_err(), "{command:?} {wrong:?}");
            }
        }
    }
}

#[test]
fn weak_digests_and_other_schemes_are_refused() {
    let bench = Bench::new();
    for (kind, command) in PEER_SIGNS_OTHERWISE {
        let Pair { public, .. } = bench.pair(kind);
        let signature = signed_by_peer(&bench, command);
        assert!(read(MESSAGE, &public).verify(&public, &signature).is_err(), "{command:?}");
    }
}

#[test]
fn what_we_sign_verifies_with_the_peer() {
    let bench = Bench::new();
    bench.write("message", MESSAGE);
    for (kind, _) in KINDS {
        let pair = bench.pair(kind);
        let signature = pair.private.sign(MESSAGE).unwrap();
        assert_eq!(pair.public.verify(MESSAGE, &signature), Ok(()), "{kind}");
        bench.write("message.sig", &signature);
        let public = format!("{kind}.pub");
        let digest = if kind == "p384" { "-sha384" } else { "-sha256" };
        match kind {
            "ed25519" => bench.openssl(&[
                "pkeyutl",
                "-verify",
                "-rawin",
                "-pubin",
                "-inkey",
                &public,
                "-in",
                "message",
                "-sigfile",
                "message.sig",
            ]),
            _ => bench.openssl(&["dgst", digest, "-verify", &public, "-signature", "message.sig", "message"]),
        };
    }
}

#[test]
fn one_reading_serves_keys_of_every_kind_and_no_others() {
    let bench = Bench::new();
    let pairs: Vec<_> = KINDS.iter().map(|(kind, _)| bench.pair(kind)).collect();
    let all = Message::read(MESSAGE, pairs.iter().map(|pair| &pair.public)).unwrap();
    let none = Message::read(MESSAGE, []).unwrap();
    assert_eq!((all.size(), all.sha256()), (none.size(), none.sha256()));
    for pair in &pairs {
        let signature = Signature::from_file_bytes(&pair.private.sign(MESSAGE).unwrap()).unwrap();
        assert_eq!(all.verify(&pair.public, &signature), Ok(()));
        for other in pairs.iter().filter(|other| other.public != pair.public) {
            assert_eq!(all.verify(&other.public, &signature), Err(SignatureMismatch));
        }
    }
    // Read for other keys, the message lacks what Ed25519 needs: refused, not believed.
    let ed25519 = &pairs[2];
    let signature = Signature::from_file_bytes(&ed25519.private.sign(MESSAGE).unwrap()).unwrap();
    assert_eq!(none.verify(&ed25519.public, &signature), Err(SignatureMismatch));
}

#[test]
fn only_ed25519_has_a_longest_message() {
    let bench = Bench::new();
    let long = || std::io::repeat(7).take(MAX_ED25519_MESSAGE + 1);
    let ed25519 = bench.pair("ed25519").public;
    assert!(matches!(Message::read(long(), [&ed25519]), Err(MessageError::TooLongForEd25519)));
    let p256 = bench.pair("p256").public;
    assert_eq!(Message::read(long(), [&p256]).unwrap().size(), MAX_ED25519_MESSAGE + 1);
}

#[test]
fn a_reader_that_fails_is_an_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is on fire"))
        }
    }
    let error = Message::read(b"some".chain(Broken), []).err().unwrap();
    assert_eq!(error.to_string(), "it cannot be read: the disk is on fire");
}
