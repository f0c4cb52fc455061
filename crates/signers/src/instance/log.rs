//! The transparency log: each entry is the only one of a tree of its own.

use model::{Sha256, canonical_json};
use serde_json::{Value, json};

use super::base64;
use crate::PrivateKey;

const ORIGIN: &str = "rekor.test - 1";

/// Signs entries and the tree's state.
#[derive(Debug)]
pub(super) struct Log {
    key: PrivateKey,
}

impl Log {
    pub(super) fn new() -> Self {
        let key = PrivateKey::generate_p256().expect("a key");
        Self { key: PrivateKey::from_pem(&key.private).expect("a key") }
    }

    pub(super) fn trusted(&self, valid: &Value) -> Value {
        let key = self.key.public();
        json!({
            "baseUrl": "https://rekor.test",
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": base64(key.to_der()),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": valid,
            },
            "logId": {"keyId": base64(key.key_id().as_bytes())},
        })
    }

    /// The entry of a body, with promise, inclusion proof and checkpoint.
    pub(super) fn entry(&self, body: &Value, time: i64) -> Value {
        let bytes = canonical_json(body).expect("JSON");
        let mut leaf = vec![0];
        leaf.extend(&bytes);
        let root = Sha256::of(&leaf);
        let note = format!("{ORIGIN}\n1\n{}\n", base64(root.as_bytes()));
        let id = self.key.public().key_id();
        let mut signed = id.as_bytes()[..4].to_vec();
        signed.extend(self.key.sign(note.as_bytes()).expect("a signature"));
        let promised = json!({"body": base64(&bytes), "integratedTime": time, "logID": id, "logIndex": 0});
        let promise = self.key.sign(&canonical_json(&promised).expect("JSON")).expect("a signature");
        json!({
            "logIndex": "0",
            "logId": {"keyId": base64(id.as_bytes())},
            "kindVersion": {"kind": body["kind"], "version": body["apiVersion"]},
            "integratedTime": time.to_string(),
            "inclusionPromise": {"signedEntryTimestamp": base64(&promise)},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": base64(root.as_bytes()),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": format!("{note}\n— rekor.test {}\n", base64(&signed))},
            },
            "canonicalizedBody": base64(&bytes),
        })
    }
}
