//! For each element of a proof at least one forgery, and what it is called.

use std::sync::Arc;

use attest::{PublicKey, Trust, TrustRoot, sign, verify, verify_file};
use serde_json::{Value, json};
use signers::instance::{Instance, Making};

use crate::support::{FILE, assay, instance, message, real, root, signed, statement, trust, workflow};

/// Another byte in the middle of what a member has in base64.
fn flip(bundle: &mut Value, pointer: &str) {
    let member = bundle.pointer_mut(pointer).unwrap_or_else(|| panic!("there is no {pointer}"));
    let text = member.as_str().unwrap();
    let mut bytes = attest::detached::strict_base64(text).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    *member = sigstore_types::SignatureBytes::from_bytes(&bytes).to_base64().into();
}

fn code(bundle: &Value, trust: &Trust) -> &'static str {
    verify_file(bundle.to_string().as_bytes(), &message(FILE), trust)
        .map_or_else(|error| error.code(), |_| "verified")
}

const ENTRY: &str = "/verificationMaterial/tlogEntries/0";

#[test]
fn each_element_has_its_forgery() {
    let instance = instance();
    let trust = trust(&root(&instance), workflow());
    let genuine = signed(&instance, assay(), Making::default());
    assert_eq!(code(&genuine, &trust), "verified");
    let another = signed(&instance, assay(), Making::default());
    type Forge<'f> = &'f dyn Fn(&mut Value);
    let set = |pointer: &'static str, value: Value| {
        move |bundle: &mut Value| *bundle.pointer_mut(pointer).unwrap() = value.clone()
    };
    let entry = |name: &str| format!("{ENTRY}{name}");
    let cases: [(&str, Forge<'_>, &str); 19] = [
        ("signature", &|b| flip(b, "/messageSignature/signature"), "bad-signature"),
        (
            "signature of another",
            &|b| b["messageSignature"]["signature"] = another["messageSignature"]["signature"].clone(),
            "bad-signature",
        ),
        ("digest", &|b| flip(b, "/messageSignature/messageDigest/digest"), "other-artifact"),
        (
            "certificate",
            &|b| {
                b["verificationMaterial"]["certificate"] =
                    another["verificationMaterial"]["certificate"].clone()
            },
            "bad-signature",
        ),
        ("no certificate", &set("/verificationMaterial/certificate/rawBytes", json!("")), "bad-certificate"),
        ("promise", &|b| flip(b, &entry("/inclusionPromise/signedEntryTimestamp")), "bad-inclusion-promise"),
        (
            "promise of another",
            &|b| {
                b["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"] =
                    another["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"].clone()
            },
            "bad-inclusion-promise",
        ),
        (
            "integrated time",
            &set("/verificationMaterial/tlogEntries/0/integratedTime", json!("1793534406")),
            "bad-inclusion-promise",
        ),
        (
            "no proof",
            &|b| {
                b["verificationMaterial"]["tlogEntries"][0].as_object_mut().unwrap().remove("inclusionProof");
            },
            "bad-inclusion-proof",
        ),
        (
            "proof's hashes",
            &set(
                "/verificationMaterial/tlogEntries/0/inclusionProof/hashes",
                json!(["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]),
            ),
            "bad-inclusion-proof",
        ),
        (
            "proof's size",
            &set("/verificationMaterial/tlogEntries/0/inclusionProof/treeSize", json!("2")),
            "bad-inclusion-proof",
        ),
        (
            "proof's index",
            &set("/verificationMaterial/tlogEntries/0/inclusionProof/logIndex", json!("1")),
            "bad-inclusion-proof",
        ),
        ("proof's root", &|b| flip(b, &entry("/inclusionProof/rootHash")), "bad-checkpoint"),
        (
            "checkpoint",
            &|b| {
                let note = b.pointer_mut(&entry("/inclusionProof/checkpoint/envelope")).unwrap();
                *note = note.as_str().unwrap().replacen("rekor.test - 1", "rekor.test - 2", 1).into();
            },
            "bad-checkpoint",
        ),
        (
            "the whole entry of another",
            &|b| {
                b["verificationMaterial"]["tlogEntries"] =
                    another["verificationMaterial"]["tlogEntries"].clone()
            },
            "other-log-entry",
        ),
        (
            "log id",
            &set(
                "/verificationMaterial/tlogEntries/0/logId/keyId",
                json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            ),
            "unknown-log",
        ),
        (
            "entry's kind",
            &set("/verificationMaterial/tlogEntries/0/kindVersion/kind", json!("dsse")),
            "unsupported-bundle",
        ),
        (
            "two materials",
            &|b| b["verificationMaterial"]["publicKey"] = json!({"hint": ""}),
            "malformed-bundle",
        ),
        ("two contents", &|b| b["dsseEnvelope"] = json!({}), "malformed-bundle"),
    ];
    for (what, forge, expected) in cases {
        let mut forged = genuine.clone();
        forge(&mut forged);
        assert_ne!(forged, genuine, "{what}");
        assert_eq!(code(&forged, &trust), expected, "{what}");
    }
}

#[test]
fn a_statement_that_was_changed_is_refused() {
    let instance = instance();
    let trust = trust(&root(&instance), workflow());
    let genuine: Value =
        serde_json::from_slice(&sign(&statement(), &instance.signer(assay())).unwrap().to_bytes().unwrap())
            .unwrap();
    let code = |bundle: &Value| {
        verify(bundle.to_string().as_bytes(), &trust).map_or_else(|error| error.code(), |_| "verified")
    };
    assert_eq!(code(&genuine), "verified");
    let mut other = statement();
    other.predicate["comment"] = "refused".into();
    let other = sigstore_types::SignatureBytes::from_bytes(&other.to_bytes().unwrap()).to_base64();
    for (pointer, value, expected) in [
        ("/dsseEnvelope/payload", json!(other), "bad-signature"),
        ("/dsseEnvelope/payloadType", json!("text/plain"), "unsupported-bundle"),
        ("/dsseEnvelope/signatures", json!([]), "malformed-bundle"),
        ("/mediaType", json!("application/vnd.dev.sigstore.bundle.v0.9+json"), "malformed-bundle"),
    ] {
        let mut forged = genuine.clone();
        *forged.pointer_mut(pointer).unwrap() = value;
        assert_eq!(code(&forged), expected, "{pointer}");
    }
    let mut twice = genuine.clone();
    let signature = twice["dsseEnvelope"]["signatures"][0].clone();
    twice["dsseEnvelope"]["signatures"].as_array_mut().unwrap().push(signature);
    assert_eq!(code(&twice), "malformed-bundle");
}

/// What the root says decides: of other keys, of a time before or after, of a log that ended.
#[test]
fn the_root_decides_what_was_to_be_believed_when() {
    let instance = instance();
    let genuine = signed(&instance, assay(), Making::default());
    let others: Value = serde_json::from_str(&crate::support::instance().trusted_root()).unwrap();
    let ended = json!({"start": "2020-01-01T00:00:00Z", "end": "2026-10-31T00:00:00Z"});
    let exact = json!({"start": "2026-11-01T12:00:05Z", "end": "2026-11-01T12:00:05Z"});
    for (pointer, value, expected) in [
        ("/certificateAuthorities/0/validFor", exact.clone(), "verified"),
        ("/tlogs/0/publicKey/validFor", exact, "verified"),
        ("/certificateAuthorities/0/validFor", ended.clone(), "expired-trust-root"),
        ("/tlogs/0/publicKey/validFor", ended.clone(), "expired-trust-root"),
        ("/ctlogs/0/publicKey/validFor", ended, "bad-certificate-log"),
        ("/certificateAuthorities", others["certificateAuthorities"].clone(), "bad-certificate"),
        ("/tlogs", others["tlogs"].clone(), "unknown-log"),
        ("/ctlogs", others["ctlogs"].clone(), "bad-certificate-log"),
        ("/certificateAuthorities", json!([]), "bad-certificate"),
        ("/tlogs", json!([]), "unknown-log"),
        ("/ctlogs", json!([]), "bad-certificate-log"),
    ] {
        let mut root: Value = serde_json::from_str(&instance.trusted_root()).unwrap();
        *root.pointer_mut(pointer).unwrap() = value.clone();
        let root = Arc::new(TrustRoot::parse("tests", root.to_string().as_bytes()).unwrap());
        assert_eq!(code(&genuine, &trust(&root, workflow())), expected, "{pointer} {value}");
    }
    for making in
        [Making { logged_after: 700, ..Making::default() }, Making { logged_after: -5, ..Making::default() }]
    {
        let late = signed(&instance, assay(), making);
        assert_eq!(code(&late, &trust(&root(&instance), workflow())), "certificate-not-valid", "{making:?}");
    }
}

#[test]
fn a_root_that_is_none_is_refused() {
    for (text, says) in [
        ("", "does not read"),
        ("{}", "does not read"),
        (r#"{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#, "trusts nobody"),
        (r#"{"mediaType": "x", "tlogs": [], "tlogs": []}"#, "there twice"),
    ] {
        let error = TrustRoot::parse("mine.json", text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("the trusted root mine.json") && error.contains(says), "{text}: {error}");
    }
    for name in [attest::PUBLIC_GOOD, attest::GITHUB] {
        let root = TrustRoot::embedded(name).unwrap().unwrap();
        assert!(root.as_of().is_some_and(|date| date.as_second() > 1_640_995_200), "{name}");
    }
    assert!(TrustRoot::embedded("mine.json").is_none());
}

/// cosign's own bundle has a timestamp beside the log's time: both are verified.
#[test]
fn a_timestamp_that_is_there_has_to_hold() {
    let text = real::text("bundles/cosign-v3-blob.sigstore.json");
    let message = message(&real::bytes("bundles/cosign-v3-blob.txt"));
    let trust = real::anybody_at_public_good();
    let genuine: Value = serde_json::from_str(&text).unwrap();
    let proof = verify_file(text.as_bytes(), &message, &trust).unwrap();
    assert_eq!(proof.times.len(), 2, "{proof:?}");
    let stamps = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps";
    let mut forged = genuine.clone();
    flip(&mut forged, &format!("{stamps}/0/signedTimestamp"));
    let error = verify_file(forged.to_string().as_bytes(), &message, &trust).unwrap_err();
    assert_eq!(error.code(), "bad-timestamp", "{error}");
    // Another signature's.
    let other: Value = serde_json::from_str(&real::text("timestamps/valid_bundle.json")).unwrap();
    let mut forged = genuine;
    *forged.pointer_mut(stamps).unwrap() = other.pointer(stamps).unwrap().clone();
    let error = verify_file(forged.to_string().as_bytes(), &message, &trust).unwrap_err();
    assert_eq!(error.code(), "bad-timestamp", "{error}");
}

/// A key's bundle with a log entry: the entry is verified too, and by the key that is trusted.
#[test]
fn a_key_with_a_log_entry() {
    let text = real::text("managed-key/bundle.sigstore.json");
    let message = message(&real::bytes("managed-key/artifact.txt"));
    let key = PublicKey::from_pem(&real::text("managed-key/key.pub")).unwrap();
    let root = TrustRoot::embedded(attest::PUBLIC_GOOD).unwrap().unwrap();
    let trust = Trust::from(&key).with_key_root(root);
    let proof = verify_file(text.as_bytes(), &message, &trust).unwrap();
    assert!(proof.log_index.is_some(), "{proof:?}");
    let other =
        signers::PrivateKey::from_pem(&signers::PrivateKey::generate_p256().unwrap().private).unwrap();
    for (trust, expected) in [
        (Trust::from(&key), "unsupported-bundle"),
        (Trust::nobody(), "unknown-signer"),
        (
            Trust::from(other.public())
                .with_key_root(TrustRoot::embedded(attest::PUBLIC_GOOD).unwrap().unwrap()),
            "bad-signature",
        ),
    ] {
        let error = verify_file(text.as_bytes(), &message, &trust).unwrap_err();
        assert_eq!(error.code(), expected, "{error}");
    }
    let mut forged: Value = serde_json::from_str(&text).unwrap();
    flip(&mut forged, &format!("{ENTRY}/inclusionProof/rootHash"));
    let error = verify_file(forged.to_string().as_bytes(), &message, &trust).unwrap_err();
    assert_eq!(error.code(), "bad-checkpoint", "{error}");
}

/// A changed byte anywhere: refused, or the very same signer, times and payload.
#[test]
fn no_change_of_a_byte_makes_something_else_of_a_bundle() {
    let instance: Instance = instance();
    let trust = trust(&root(&instance), workflow());
    for genuine in [
        signed(&instance, assay(), Making::default()).to_string().into_bytes(),
        sign(&statement(), &instance.signer(assay())).unwrap().to_bytes().unwrap(),
    ] {
        let wanted = verify_file(&genuine, &message(FILE), &trust).unwrap();
        let mut same = 0;
        for at in 0..genuine.len() {
            let mut changed = genuine.clone();
            // Each bit in its turn.
            changed[at] ^= 1 << (at % 8);
            if let Ok(proof) = verify_file(&changed, &message(FILE), &trust) {
                assert_eq!(proof, wanted, "byte {at}");
                same += 1;
            }
        }
        assert!(same < genuine.len() / 20, "{same} of {} changes made no difference", genuine.len());
    }
}
