//! Bundles: what is signed verifies, and no change of a byte makes anything else of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

#[path = "../../signers/tests/common/mod.rs"]
mod common;

use attest::predicate::approval;
use attest::{Kind, PAYLOAD_TYPE, PublicKey, Signer, Statement, Trust, Verified, VerifyError, sign, verify};
use common::{Bench, KINDS, Pair};
use model::{ContentDigest, Sha256, Subject};
use serde_json::{Value, json};

fn statement() -> Statement {
    let digest = Sha256::of(b"an image");
    let approval = approval::Predicate {
        verdict: Sha256::of(b"verdict").into(),
        brief: Sha256::of(b"brief").into(),
        approver: "somebody".into(),
        comment: "<script>|\n::error::\u{202e}".into(),
        decided_on: "2026-11-01T00:00:00Z".parse().unwrap(),
        expires_on: "2026-12-01T00:00:00Z".parse().unwrap(),
        waives: vec!["too-old".into()],
        github: None,
    };
    Statement::of(vec![Subject::image("image", ContentDigest::new(digest))], &approval).unwrap()
}

fn bundle(pair: &Pair) -> Vec<u8> {
    sign(&statement(), &pair.private).unwrap().to_bytes().unwrap()
}

fn code(bytes: &[u8], keys: &[PublicKey]) -> &'static str {
    verify(bytes, &Trust::keys(keys)).map_or_else(|error| error.code(), |_| "verified")
}

#[test]
fn the_pre_authentication_encoding_is_these_bytes() {
    for (kind, payload, expected) in [
        ("", &b""[..], &b"DSSEv1 0  0 "[..]),
        (
            "http://example.com/HelloWorld",
            b"hello world",
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world",
        ),
        (PAYLOAD_TYPE, b"{}", b"DSSEv1 28 application/vnd.in-toto+json 2 {}"),
        // Lengths are of bytes, not of characters.
        ("\u{e9}", b"\0\xff", b"DSSEv1 2 \xc3\xa9 2 \0\xff"),
    ] {
        assert_eq!(sigstore_types::pae(kind, payload), expected);
    }
}

#[test]
fn every_kind_of_key_signs_what_it_verifies() {
    let bench = Bench::new();
    for (kind, _) in KINDS {
        let pair = bench.pair(kind);
        let verified = verify(&bundle(&pair), &Trust::from(&pair.public)).unwrap();
        assert_eq!(
            verified,
            Verified {
                statement: statement(),
                kind: Kind::Approval,
                signer: Signer::KeyId(pair.public.key_id()),
                signed_by: None,
                under: None,
                payload_digest: Sha256::of(&statement().to_bytes().unwrap()),
            }
        );
    }
}

#[test]
fn a_bundle_has_this_shape() {
    let pair = Bench::new().pair("ed25519");
    let value: Value = serde_json::from_slice(&bundle(&pair)).unwrap();
    let envelope = &value["dsseEnvelope"];
    assert_eq!(
        value,
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"publicKey": {"hint": pair.public.key_id().to_string()}},
            "dsseEnvelope": {
                "payload": envelope["payload"],
                "payloadType": "application/vnd.in-toto+json",
                "signatures": [{"sig": envelope["signatures"][0]["sig"]}],
            },
        })
    );
}

#[test]
fn the_peer_verifies_our_envelope() {
    let bench = Bench::new();
    let pair = bench.pair("p256");
    let value: Value = serde_json::from_slice(&bundle(&pair)).unwrap();
    let decode =
        |value: &Value| bench.try_openssl(&["base64", "-d", "-A"], value.as_str().unwrap().as_bytes()).1;
    let payload = decode(&value["dsseEnvelope"]["payload"]);
    assert_eq!(payload, statement().to_bytes().unwrap());
    let mut message = format!("DSSEv1 28 application/vnd.in-toto+json {} ", payload.len()).into_bytes();
    message.extend_from_slice(&payload);
    bench.write("pae", message);
    bench.write("sig", decode(&value["dsseEnvelope"]["signatures"][0]["sig"]));
    bench.openssl(&["dgst", "-sha256", "-verify", "p256.pub", "-signature", "sig", "pae"]);
}

#[test]
fn only_the_keys_that_are_given_are_believed() {
    let bench = Bench::new();
    let (p256, rsa) = (bench.pair("p256"), bench.pair("rsa2048"));
    let bytes = bundle(&p256);
    let (one, other) = (p256.public.clone(), rsa.public.clone());
    for (keys, expected) in [
        (vec![], "unknown-signer"),
        (vec![other.clone()], "unknown-signer"),
        (vec![one.clone()], "verified"),
        (vec![other.clone(), one.clone()], "verified"),
        (vec![one.clone(), one.clone()], "verified"),
    ] {
        assert_eq!(code(&bytes, &keys), expected, "{keys:?}");
    }
    // Without a hint, each key is tried; with another's hint, none is.
    let mut value: Value = serde_json::from_slice(&bytes).unwrap();
    for (hint, keys, expected) in [
        (json!({}), vec![other.clone(), one.clone()], "verified"),
        (json!({"hint": ""}), vec![one.clone()], "verified"),
        (json!({}), vec![other.clone()], "bad-signature"),
        (json!({}), vec![], "bad-signature"),
        (json!({"hint": other.key_id().to_string()}), vec![other.clone(), one.clone()], "bad-signature"),
        (json!({"hint": "release key"}), vec![one.clone()], "unknown-signer"),
        (json!({"hint": one.key_id().to_string().to_uppercase()}), vec![one.clone()], "unknown-signer"),
    ] {
        value["verificationMaterial"]["publicKey"] = hint.clone();
        assert_eq!(code(&serde_json::to_vec(&value).unwrap(), &keys), expected, "{hint} {keys:?}");
    }
    // cosign's hint is the same id in base64.
    let base64 = bench.try_openssl(&["base64", "-A"], one.key_id().as_bytes()).1;
    value["verificationMaterial"]["publicKey"] = json!({"hint": String::from_utf8(base64).unwrap()});
    assert_eq!(code(&serde_json::to_vec(&value).unwrap(), &[one]), "verified");
}

/// One change each, and the reason it is refused with.
#[test]
fn every_part_of_a_bundle_that_is_not_checked_is_refused() {
    let bench = Bench::new();
    let pair = bench.pair("p256");
    let keys = [pair.public.clone()];
    let good: Value = serde_json::from_slice(&bundle(&pair)).unwrap();
    let signature = good["dsseEnvelope"]["signatures"][0].clone();
    let payload = good["dsseEnvelope"]["payload"].as_str().unwrap().to_owned();
    let material = "/verificationMaterial";
    let set: [(&str, &str, Value, &str); 32] = [
        (
            "",
            "mediaType",
            json!("application/vnd.dev.sigstore.bundle+json;version=0.3"),
            "unsupported-bundle",
        ),
        (
            "",
            "mediaType",
            json!("application/vnd.dev.sigstore.bundle+json;version=0.1"),
            "unsupported-bundle",
        ),
        ("", "mediaType", json!(""), "unsupported-bundle"),
        ("", "mediaType", json!(null), "malformed-bundle"),
        ("", "messageSignature", json!({"signature": "AA=="}), "unsupported-bundle"),
        ("", "messageSignature", json!(null), "verified"),
        ("", "dsseEnvelope", json!(null), "malformed-bundle"),
        ("", "extra", json!(null), "malformed-bundle"),
        (material, "certificate", json!({"rawBytes": "AA=="}), "malformed-bundle"),
        (material, "x509CertificateChain", json!({"certificates": []}), "malformed-bundle"),
        (material, "tlogEntries", json!([{}]), "malformed-bundle"),
        (material, "tlogEntries", json!({}), "malformed-bundle"),
        (material, "tlogEntries", json!([]), "verified"),
        (material, "tlogEntries", json!(null), "verified"),
        (
            material,
            "timestampVerificationData",
            json!({"rfc3161Timestamps": [{"signedTimestamp": "AA=="}]}),
            "unsupported-bundle",
        ),
        (material, "timestampVerificationData", json!({"other": []}), "malformed-bundle"),
        (material, "timestampVerificationData", json!([]), "malformed-bundle"),
        (material, "timestampVerificationData", json!({"rfc3161Timestamps": []}), "verified"),
        (material, "timestampVerificationData", json!({}), "verified"),
        (material, "timestampVerificationData", json!(null), "verified"),
        (material, "publicKey", json!(null), "malformed-bundle"),
        (material, "publicKey", json!({"hint": 1}), "malformed-bundle"),
        (material, "publicKey", json!({"rawBytes": "AA=="}), "malformed-bundle"),
        ("/dsseEnvelope", "payloadType", json!("application/vnd.in-toto"), "unsupported-bundle"),
        ("/dsseEnvelope", "payloadType", json!("application/vnd.in-toto+json "), "unsupported-bundle"),
        ("/dsseEnvelope", "signatures", json!([]), "malformed-bundle"),
        ("/dsseEnvelope", "signatures", json!([signature, signature]), "malformed-bundle"),
        ("/dsseEnvelope", "signatures", json!([{"sig": ""}]), "bad-signature"),
        (
            "/dsseEnvelope",
            "payload",
            json!(payload.trim_end_matches('=').to_owned() + "AAAA"),
            "malformed-or-bad",
        ),
        ("/dsseEnvelope", "payload", json!(format!("{payload}\n")), "malformed-bundle"),
        ("/dsseEnvelope", "payload", json!(""), "bad-signature"),
        ("/dsseEnvelope/signatures/0", "keyid", json!("somebody"), "unknown-signer"),
    ];
    for (parent, name, value, expected) in set {
        let mut bundle = good.clone();
        bundle.pointer_mut(parent).unwrap()[name] = value.clone();
        let got = code(&serde_json::to_vec(&bundle).unwrap(), &keys);
        match expected {
            "malformed-or-bad" => {
                assert!(matches!(got, "malformed-bundle" | "bad-signature"), "{name} {got}")
            }
            _ => assert_eq!(got, expected, "{parent}/{name} = {value}"),
        }
    }
    for text in ["", "{}", "[]", "null", "{\"mediaType\":", &format!("{good}{good}")] {
        assert_eq!(code(text.as_bytes(), &keys), "malformed-bundle", "{text}");
    }
    let twice = good.to_string().replacen("{\"dsseEnvelope\":", "{\"dsseEnvelope\":{},\"dsseEnvelope\":", 1);
    assert_eq!(code(twice.as_bytes(), &keys), "malformed-bundle");
    let mut stamped = good.clone();
    stamped["verificationMaterial"]["timestampVerificationData"] =
        json!({"rfc3161Timestamps": [{"signedTimestamp": "AA=="}]});
    let error = verify(stamped.to_string().as_bytes(), &Trust::keys(&keys)).unwrap_err().to_string();
    assert!(error.contains("none of whose subjects has a sha256"), "{error}");
}

#[test]
fn what_was_signed_has_to_be_a_statement_of_a_known_kind() {
    let bench = Bench::new();
    let pair = bench.pair("ed25519");
    let keys = [pair.public.clone()];
    let good: Value = serde_json::from_slice(&statement().to_bytes().unwrap()).unwrap();
    let sign_payload = |payload: &[u8]| {
        let mut bundle: Value = serde_json::from_slice(&bundle(&pair)).unwrap();
        let base64 = |bytes: &[u8]| json!(sigstore_types::SignatureBytes::from_bytes(bytes).to_base64());
        let signature = pair.private.sign(&sigstore_types::pae(PAYLOAD_TYPE, payload)).unwrap();
        bundle["dsseEnvelope"]["payload"] = base64(payload);
        bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64(&signature);
        serde_json::to_vec(&bundle).unwrap()
    };
    let other_kind = good.to_string().replace("hallmark.dev/approval/v1", "example.com/approval/v1");
    for (payload, expected) in [
        (good.to_string(), "verified"),
        // Not canonical, but the same statement: other tools may write it so.
        (serde_json::to_string_pretty(&good).unwrap(), "verified"),
        (other_kind, "unknown-kind"),
        ("{}".into(), "malformed-statement"),
        (String::new(), "malformed-statement"),
        (
            good.to_string().replacen("\"comment\":", "\"comment\":\"\",\"comment\":", 1),
            "malformed-statement",
        ),
    ] {
        assert_eq!(code(&sign_payload(payload.as_bytes()), &keys), expected, "{payload}");
    }
}

/// A changed, removed or added byte anywhere: refused, or the very same payload and signer.
#[test]
fn no_change_of_a_byte_makes_something_else_of_a_bundle() {
    let bench = Bench::new();
    for (kind, _) in KINDS {
        let pair = bench.pair(kind);
        let decoy = Bench::new().pair(kind).public;
        let keys = [decoy, pair.public.clone()];
        let good = bundle(&pair);
        let genuine = verify(&good, &Trust::keys(&keys)).unwrap();
        let same_or_refused = |bytes: &[u8], what: &str| match verify(bytes, &Trust::keys(&keys)) {
            Ok(verified) => {
                assert_eq!(verified, genuine, "{kind} {what}");
                1
            }
            Err(_) => 0,
        };
        let (mut accepted, mut tried) = (0, 0);
        for at in 0..good.len() {
            let mut changed = good.clone();
            for replacement in (0..8).map(|bit| good[at] ^ (1 << bit)).chain(*b" \"\\{}=A0\0\xff\n") {
                changed[at] = replacement;
                accepted += same_or_refused(&changed, &format!("byte {at} = {replacement}"));
                tried += 1;
            }
            let mut shorter = good.clone();
            shorter.remove(at);
            accepted += same_or_refused(&shorter, &format!("without byte {at}"));
            for added in *b" \"A=,\0" {
                let mut longer = good.clone();
                longer.insert(at, added);
                accepted += same_or_refused(&longer, &format!("{added} before byte {at}"));
            }
            accepted += same_or_refused(&good[..at], &format!("cut at {at}"));
        }
        // White space between tokens is all that may vary, and replacing a byte by itself.
        assert!(accepted < tried / 10, "{kind}: {accepted} of {tried}");
    }
}

#[test]
fn errors_name_what_they_are_about() {
    let keys = [Bench::new().pair("p256").public];
    let pair = Bench::new().pair("p256");
    let error = verify(&bundle(&pair), &Trust::keys(&keys)).unwrap_err();
    assert!(matches!(&error, VerifyError::UnknownSigner(hint) if *hint == pair.public.key_id().to_string()));
    let long = vec![b' '; attest::MAX_BUNDLE + 1];
    assert!(verify(&long, &Trust::keys(&keys)).unwrap_err().to_string().contains("bytes are more than"));
}
