//! A Sigstore instance in memory, for tests only: a certificate authority that believes whatever it is told of an
//! identity, a certificate log and a transparency log. Its bundles and its trusted root have the forms that Fulcio
//! and Rekor (version 1) give them; that real verifiers accept them is a test's business.

#![allow(clippy::expect_used, reason = "a test stops where it fails, and this is for tests")]

mod authority;
mod log;

use jiff::Timestamp;
use serde_json::{Value, json};
use sigstore_types::{Bundle, SignatureBytes};

use crate::{Content, Identity, PrivateKey, PublicKey, Sign, SignError, Signed, Signer};

use authority::Authority;
use log::Log;

/// The instance. Everything that it issues is valid around the given time.
#[derive(Debug)]
pub struct Instance {
    at: Timestamp,
    authority: Authority,
    log: Log,
}

/// How a bundle is made: what a test may want otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Making {
    /// Whether the certificate carries a certificate log's timestamp.
    pub certificate_log: bool,
    /// When the log says that the signature came, in seconds after the certificate's beginning.
    pub logged_after: i64,
}

impl Default for Making {
    fn default() -> Self {
        Self { certificate_log: true, logged_after: 5 }
    }
}

impl Instance {
    /// A new instance, whose certificates begin at this time.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self { at, authority: Authority::new(at), log: Log::new() }
    }

    /// Its trusted root, as JSON.
    #[must_use]
    pub fn trusted_root(&self) -> String {
        let valid = json!({"start": (self.at - jiff::SignedDuration::from_hours(24)).to_string()});
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self.log.trusted(&valid)],
            "certificateAuthorities": [{
                "subject": {"organization": "tests", "commonName": "tests"},
                "uri": "https://fulcio.test",
                "certChain": {"certificates": [{"rawBytes": base64(self.authority.certificate())}]},
                "validFor": valid,
            }],
            "ctlogs": [self.authority.trusted_log(&valid)],
            "timestampAuthorities": [],
        })
        .to_string()
    }

    /// Somebody who signs with a certificate of this instance, a new one for each signature.
    #[must_use]
    pub fn signer(&self, identity: Identity) -> KeylessSigner<'_> {
        self.signer_with(identity, Making::default())
    }

    /// The same, made in another way.
    #[must_use]
    pub fn signer_with(&self, identity: Identity, making: Making) -> KeylessSigner<'_> {
        KeylessSigner { instance: self, making, signer: Signer::Identity(Box::new(identity)) }
    }
}

/// Signs as an identity.
#[derive(Debug)]
pub struct KeylessSigner<'i> {
    instance: &'i Instance,
    making: Making,
    signer: Signer,
}

impl KeylessSigner<'_> {
    /// The bundle as JSON: for tests that change a part of it.
    ///
    /// # Errors
    /// The key could not sign.
    pub fn bundle(&self, content: Content<'_>) -> Result<Value, SignError> {
        let Signer::Identity(identity) = &self.signer else { return Err(SignError("it is a key".into())) };
        let instance = self.instance;
        let issued = instance.authority.issue(identity, instance.at, self.making.certificate_log);
        let key = PrivateKey::from_pem(&issued.key_pem).map_err(|error| SignError(error.to_string()))?;
        let certificate_pem = base64(issued.pem.as_bytes());
        let (body, member, value) = match content {
            Content::Statement { payload, encoded } => {
                let signature = base64(&key.sign(encoded)?);
                let envelope = json!({
                    "payload": base64(payload),
                    "payloadType": "application/vnd.in-toto+json",
                    "signatures": [{"sig": signature}],
                });
                let body = json!({"apiVersion": "0.0.1", "kind": "dsse", "spec": {
                    "envelopeHash": {"algorithm": "sha256", "value": model::Sha256::of(envelope.to_string().as_bytes())},
                    "payloadHash": {"algorithm": "sha256", "value": model::Sha256::of(payload)},
                    "signatures": [{"signature": signature, "verifier": certificate_pem}],
                }});
                (body, "dsseEnvelope", envelope)
            }
            Content::File(message) => {
                let signature = base64(&key.sign_message(message)?);
                let body = json!({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
                    "data": {"hash": {"algorithm": "sha256", "value": message.sha256()}},
                    "signature": {"content": signature, "publicKey": {"content": certificate_pem}},
                }});
                let digest = base64(message.sha256().as_bytes());
                let value = json!({
                    "messageDigest": {"algorithm": "SHA2_256", "digest": digest},
                    "signature": signature,
                });
                (body, "messageSignature", value)
            }
        };
        let time = instance.at.as_second() + self.making.logged_after;
        let mut bundle = json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": base64(&issued.der)},
                "tlogEntries": [instance.log.entry(&body, time)],
            },
        });
        bundle[member] = value;
        Ok(bundle)
    }
}

impl Sign for KeylessSigner<'_> {
    fn signer(&self) -> &Signer {
        &self.signer
    }

    fn public_key(&self) -> Option<&PublicKey> {
        None
    }

    fn sign_content(&self, content: Content<'_>) -> Result<Signed, SignError> {
        let bundle = Bundle::from_json(&self.bundle(content)?.to_string());
        Ok(Signed::Bundle(Box::new(bundle.map_err(|error| SignError(error.to_string()))?)))
    }
}

fn base64(bytes: &[u8]) -> String {
    SignatureBytes::from_bytes(bytes).to_base64()
}
