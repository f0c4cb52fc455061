//! What `cosign sign-blob --bundle` wrote before version 3: the same proof in other words.

use attest::{Trust, verify_file};
use serde_json::{Value, json};
use signers::instance::{Instance, Making};

use crate::support::{FILE, assay, instance, message, root, signed, trust, workflow};

/// The bundle of an instance as cosign 2 would have written it.
fn legacy(instance: &Instance) -> Value {
    let bundle = signed(instance, assay(), Making::default());
    let entry = &bundle["verificationMaterial"]["tlogEntries"][0];
    let certificate = bundle["verificationMaterial"]["certificate"]["rawBytes"].as_str().unwrap();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n");
    let log = attest::detached::strict_base64(entry["logId"]["keyId"].as_str().unwrap()).unwrap();
    json!({
        "base64Signature": bundle["messageSignature"]["signature"],
        "cert": sigstore_types::SignatureBytes::from_bytes(pem.as_bytes()).to_base64(),
        "rekorBundle": {
            "SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
            "Payload": {
                "body": entry["canonicalizedBody"],
                "integratedTime": entry["integratedTime"].as_str().unwrap().parse::<i64>().unwrap(),
                "logIndex": 0,
                "logID": log.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            },
        },
    })
}

fn code(bundle: &Value, trust: &Trust) -> &'static str {
    verify_file(bundle.to_string().as_bytes(), &message(FILE), trust)
        .map_or_else(|error| error.code(), |_| "verified")
}

#[test]
fn it_verifies_as_the_bundle_that_says_the_same() {
    let instance = instance();
    let trust = trust(&root(&instance), workflow());
    let bundle = legacy(&instance);
    let proof = verify_file(bundle.to_string().as_bytes(), &message(FILE), &trust).unwrap();
    assert_eq!(proof.signer, attest::Signer::Identity(Box::new(assay())));
    assert_eq!(proof.log_index, Some(0));
    let other = verify_file(bundle.to_string().as_bytes(), &message(b"other"), &trust).unwrap_err();
    assert!(["other-artifact", "bad-signature"].contains(&other.code()), "{other}");
}

#[test]
fn each_member_has_its_forgery() {
    let instance = instance();
    let trust = trust(&root(&instance), workflow());
    let genuine = legacy(&instance);
    let another = legacy(&instance);
    for (pointer, value, expected) in [
        ("/base64Signature", another["base64Signature"].clone(), "bad-signature"),
        ("/base64Signature", json!("!"), "malformed-bundle"),
        ("/base64Signature", json!(""), "bad-signature"),
        ("/cert", another["cert"].clone(), "bad-signature"),
        ("/cert", json!("AAAA"), "malformed-bundle"),
        ("/cert", json!("not base64"), "malformed-bundle"),
        // A key where a certificate was: nobody's key is trusted here.
        ("/cert", json!(""), "unknown-signer"),
        ("/rekorBundle", json!(null), "no-log-entry"),
        (
            "/rekorBundle/SignedEntryTimestamp",
            another["rekorBundle"]["SignedEntryTimestamp"].clone(),
            "bad-inclusion-promise",
        ),
        ("/rekorBundle/Payload/integratedTime", json!(1_793_534_406), "bad-inclusion-promise"),
        ("/rekorBundle/Payload/logIndex", json!(1), "bad-inclusion-promise"),
        ("/rekorBundle/Payload/logIndex", json!(-1), "malformed-bundle"),
        ("/rekorBundle/Payload/logID", json!("00".repeat(32)), "unknown-log"),
        ("/rekorBundle/Payload/logID", json!("zz"), "malformed-bundle"),
        ("/rekorBundle/Payload/body", json!("e30="), "malformed-bundle"),
        ("/rekorBundle", another["rekorBundle"].clone(), "other-log-entry"),
        ("/more", json!(1), "malformed-bundle"),
    ] {
        let mut forged = genuine.clone();
        match forged.pointer_mut(pointer) {
            Some(member) => *member = value,
            None => forged[&pointer[1..]] = value,
        }
        assert_eq!(code(&forged, &trust), expected, "{pointer}");
    }
}
