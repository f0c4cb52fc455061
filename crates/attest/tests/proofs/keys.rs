//! Bundles that a key alone vouches for, about files: as cosign makes them without a log.

use attest::detached::Message;
use attest::{PrivateKey, Signer, Trust, verify_file};
use serde_json::{Value, json};
use sigstore_types::SignatureBytes;

use crate::support::{FILE, message};

fn key() -> PrivateKey {
    PrivateKey::from_pem(&PrivateKey::generate_p256().unwrap().private).unwrap()
}

fn base64(bytes: &[u8]) -> String {
    SignatureBytes::from_bytes(bytes).to_base64()
}

fn bundle(key: &PrivateKey, algorithm: &str, digest: &[u8]) -> Value {
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": base64(key.public().key_id().as_bytes())}},
        "messageSignature": {
            "messageDigest": {"algorithm": algorithm, "digest": base64(digest)},
            "signature": base64(&key.sign(FILE).unwrap()),
        },
    })
}

#[test]
fn what_a_key_signed_is_about_this_file_and_by_this_key() {
    let key = key();
    let good = bundle(&key, "SHA2_256", model::Sha256::of(FILE).as_bytes());
    let verify = |bundle: &Value, message: &Message, trust: &Trust| {
        verify_file(bundle.to_string().as_bytes(), message, trust).map_or_else(
            |error| error.code(),
            |proof| if proof.signer == Signer::KeyId(key.public().key_id()) { "verified" } else { "?" },
        )
    };
    let trust = Trust::from(key.public());
    let other_digest = bundle(&key, "SHA2_256", model::Sha256::of(b"other").as_bytes());
    let mut no_digest = good.clone();
    no_digest["messageSignature"].as_object_mut().unwrap().remove("messageDigest");
    let mut other_hint = good.clone();
    other_hint["verificationMaterial"]["publicKey"]["hint"] = "release key".into();
    let mut wrong = good.clone();
    wrong["messageSignature"]["signature"] = base64(&key.sign(b"other").unwrap()).into();
    let sha384 = bundle(&key, "SHA2_384", Message::whole_of(FILE.to_vec()).sha384().unwrap());
    let whole = Message::whole_of(FILE.to_vec());
    for (what, bundle, message, trust, expected) in [
        ("good", &good, &message(FILE), &trust, "verified"),
        ("good, whole", &good, &whole, &trust, "verified"),
        ("no digest", &no_digest, &message(FILE), &trust, "verified"),
        ("a hint that is nobody's word", &other_hint, &message(FILE), &trust, "verified"),
        ("another file", &good, &message(b"other"), &trust, "other-artifact"),
        ("another file, no digest", &no_digest, &message(b"other"), &trust, "bad-signature"),
        ("another digest", &other_digest, &message(FILE), &trust, "other-artifact"),
        ("another signature", &wrong, &message(FILE), &trust, "bad-signature"),
        ("another key", &good, &message(FILE), &Trust::from(self::key().public()), "bad-signature"),
        ("nobody", &good, &message(FILE), &Trust::nobody(), "unknown-signer"),
        // What it says is verified, or it is refused.
        ("another kind of digest", &sha384, &message(FILE), &trust, "too-long"),
        ("another kind of digest, whole", &sha384, &whole, &trust, "verified"),
    ] {
        assert_eq!(verify(bundle, message, trust), expected, "{what}");
    }
}
