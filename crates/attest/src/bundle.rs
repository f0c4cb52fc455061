//! Statements in Sigstore bundles. <https://docs.sigstore.dev/about/bundle/>,
//! <https://github.com/secure-systems-lab/dsse>
//!
//! What a key alone vouches for (v0.3: a DSSE envelope and the hint of a public key) is read here, by types that are
//! strict where `sigstore-types` is lenient, because nothing outside the signed payload may vary: no unknown member,
//! one spelling of base64, one signature. Certificates, log entries and timestamps are [`crate::proof`]'s.

use model::Sha256;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sigstore_types::{SignatureBytes, pae};

use signers::detached::{Message, strict_base64};
use signers::{
    Algorithm, Content, IdentityRule, KeyId, PublicKey, Requirement, Sign, SignError, Signed, Signer,
};

use crate::json::{self, JsonError};
use crate::proof::{self, ProofError};
use crate::statement::{MAX_STATEMENT, PAYLOAD_TYPE, Statement, StatementError, shown};
use crate::{Kind, Trust};

/// The media type of the bundles that are written and read.
pub const BUNDLE_MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// The longest bundle that is read: the longest statement in base64, and room for the rest.
pub const MAX_BUNDLE: usize = MAX_STATEMENT / 3 * 4 + (64 << 10);

/// A signed statement, as it is written to a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Bundle(Value);

impl Bundle {
    /// The bundle's bytes: JSON in one line.
    ///
    /// # Errors
    /// It cannot be written as JSON (there is no such bundle).
    pub fn to_bytes(&self) -> Result<Vec<u8>, JsonError> {
        let mut bytes = serde_json::to_vec(&self.0)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// What a bundle proves: this statement, by this signer.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// What was signed.
    pub statement: Statement,
    /// What kind of evidence it is.
    pub kind: Kind,
    /// Who signed it.
    pub signer: Signer,
    /// When it was signed at the latest, where a log or a timestamp authority vouches for that.
    pub signed_by: Option<jiff::Timestamp>,
    /// By whose word, where a trusted root was needed.
    pub under: Option<Under>,
    /// The SHA-256 of the bytes that were signed.
    pub payload_digest: Sha256,
}

/// What an identity was verified against: it counts for rules with this root that waive at least as much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Under {
    /// The SHA-256 of the trusted root.
    pub root: Sha256,
    /// What need not have been there.
    pub waived: Vec<Requirement>,
}

impl Under {
    /// Whether this is enough for a rule by the word of that root.
    #[must_use]
    pub fn satisfies(&self, rule: &IdentityRule, root: &Sha256) -> bool {
        self.root == *root && self.waived.iter().all(|waived| rule.waives(*waived))
    }
}

/// Why a bundle proves nothing, one phase after the other.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It does not read as a bundle.
    #[error("this is not a Sigstore bundle: {0}")]
    Malformed(#[from] JsonError),
    /// A member has a value that no bundle has.
    #[error("this is not a Sigstore bundle: {0}")]
    Invalid(&'static str),
    /// Another version, or something else altogether.
    #[error("the bundle's media type is {0:?}; only {BUNDLE_MEDIA_TYPE:?} is read")]
    MediaType(String),
    /// The payload is no statement.
    #[error("the payload type is {0:?}; only {PAYLOAD_TYPE:?} is read")]
    PayloadType(String),
    /// A form of proof that cannot be checked here, and so is not ignored.
    #[error("the bundle carries {0}, which is not read in evidence")]
    Unsupported(&'static str),
    /// A certificate, a log entry or a timestamp that does not hold, or is of somebody else.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// None of the keys that are trusted.
    #[error("it is signed by the key {0:?}, which is none that is trusted here")]
    UnknownSigner(String),
    /// A key that is trusted did not sign this.
    #[error("the signature was not made by a key that is trusted here over this payload")]
    BadSignature,
    /// What was signed is no statement.
    #[error("the signed payload is refused: {0}")]
    Statement(#[from] StatementError),
}

impl VerifyError {
    /// A stable name for reasons and tests.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::Invalid(_) => "malformed-bundle",
            Self::MediaType(_) | Self::PayloadType(_) | Self::Unsupported(_) => "unsupported-bundle",
            Self::UnknownSigner(_) => "unknown-signer",
            Self::BadSignature => "bad-signature",
            Self::Proof(error) => error.code(),
            Self::Statement(StatementError::UnknownPredicateType(_)) => "unknown-kind",
            Self::Statement(_) => "malformed-statement",
        }
    }
}

/// Signs a statement.
///
/// # Errors
/// The statement cannot be written, the signer cannot sign, or signed something else.
pub fn sign(statement: &Statement, signer: &dyn Sign) -> Result<Bundle, SignStatementError> {
    let payload = statement.to_bytes()?;
    let encoded = pae(PAYLOAD_TYPE, &payload);
    let bundle = match signer.sign_content(Content::Statement { payload: &payload, encoded: &encoded })? {
        Signed::Signature(signature) => serde_json::to_value(of_key(signer.signer(), &payload, &signature)),
        Signed::Bundle(bundle) => serde_json::to_value(bundle),
    };
    Ok(Bundle(bundle.map_err(|error| SignError(format!("the bundle cannot be written as JSON: {error}")))?))
}

/// Signs a file that was read for this signer, as `cosign sign-blob` does.
///
/// # Errors
/// The signer cannot sign, the file was not read for it, or its bytes are what is signed of a statement: such a signature
/// could be passed off as one over evidence.
pub fn sign_file(message: &Message, signer: &dyn Sign) -> Result<Bundle, SignError> {
    if message.begins_as_statement() {
        return Err(SignError(
            "the file begins as a DSSE statement does when it is signed (`DSSEv1 `): signed as a file, it would count as signed evidence".into(),
        ));
    }
    let bundle = match signer.sign_content(Content::File(message))? {
        Signed::Signature(signature) => {
            // What a reader may compare before it verifies: the digest that the key signs where it signs one.
            let digest = match (signer.public_key().map(PublicKey::algorithm), message.sha384()) {
                (Some(Algorithm::EcdsaP384), Some(sha384)) => {
                    json!({"algorithm": "SHA2_384", "digest": base64(sha384)})
                }
                _ => json!({"algorithm": "SHA2_256", "digest": base64(message.sha256().as_bytes())}),
            };
            serde_json::to_value(WireBundle {
                media_type: BUNDLE_MEDIA_TYPE.to_owned(),
                verification_material: material_of_key(signer.signer()),
                dsse_envelope: None,
                message_signature: Some(json!({"messageDigest": digest, "signature": base64(&signature)})),
            })
        }
        Signed::Bundle(bundle) => serde_json::to_value(bundle),
    };
    let failed = |error| SignError(format!("the bundle cannot be written as JSON: {error}"));
    bundle.map(Bundle).map_err(failed)
}

fn material_of_key(signer: &Signer) -> WireMaterial {
    let hint = signer.key_id().map(|id| id.to_string()).unwrap_or_default();
    WireMaterial { public_key: Some(WireHint { hint }), ..WireMaterial::default() }
}

fn of_key(signer: &Signer, payload: &[u8], signature: &[u8]) -> WireBundle {
    WireBundle {
        media_type: BUNDLE_MEDIA_TYPE.to_owned(),
        verification_material: material_of_key(signer),
        dsse_envelope: Some(WireEnvelope {
            payload: base64(payload),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: vec![WireSignature { sig: base64(signature), keyid: String::new() }],
        }),
        message_signature: None,
    }
}

/// A statement that was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignStatementError {
    /// It cannot be written.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The signer cannot sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Verifies a bundle: exactly one signature, over exactly this payload, by somebody who is trusted; everything that
/// vouches for it, and nothing that does not. Then reads the payload as a statement.
///
/// # Errors
/// Anything else. A bundle that names its key has to be signed by that key.
pub fn verify(bundle: &[u8], trust: &Trust) -> Result<Verified, VerifyError> {
    let value = json::value(bundle, MAX_BUNDLE)?;
    let (payload, signer, signed_by, under) = if is_of_key_alone(&value) {
        let wire: WireBundle = serde_json::from_value(value).map_err(JsonError::from)?;
        let checked = Checked::try_from(wire)?;
        let signer = Signer::KeyId(checked.signer(trust)?);
        (checked.payload, signer, None, None)
    } else {
        let proof = proof::verify_statement(&proof::read(bundle)?, trust)?;
        let signed_by = proof.signed_by();
        let under = proof.root.map(|(_, root)| Under { root, waived: proof.waived });
        (proof.payload.unwrap_or_default(), proof.signer, signed_by, under)
    };
    let statement = Statement::from_bytes(&payload)?;
    let kind = statement.kind()?;
    Ok(Verified { statement, kind, signer, signed_by, under, payload_digest: Sha256::of(&payload) })
}

/// Whether nothing in it vouches for the signature but a key.
fn is_of_key_alone(bundle: &Value) -> bool {
    let material = &bundle["verificationMaterial"];
    let there = |name: &str| material.get(name).is_some_and(|value| !value.is_null());
    let entries = material["tlogEntries"].as_array().is_some_and(|entries| !entries.is_empty());
    let timestamps =
        there("timestampVerificationData") && !is_empty_timestamp(&material["timestampVerificationData"]);
    !there("certificate") && !there("x509CertificateChain") && !entries && !timestamps
}

/// A bundle whose every member has been looked at. Nothing in it is believed yet.
struct Checked {
    payload: Vec<u8>,
    signature: Vec<u8>,
    hints: Vec<String>,
}

impl Checked {
    fn signer(&self, trust: &Trust) -> Result<KeyId, VerifyError> {
        let named: Vec<_> = trust
            .keys
            .iter()
            .filter(|key| self.hints.iter().all(|hint| names(hint, &key.key_id())))
            .collect();
        if let (true, Some(hint)) = (named.is_empty(), self.hints.first()) {
            return Err(VerifyError::UnknownSigner(shown(hint)));
        }
        let message = pae(PAYLOAD_TYPE, &self.payload);
        named
            .iter()
            .find(|key| key.verify(&message, &self.signature).is_ok())
            .map(|key| key.key_id())
            .ok_or(VerifyError::BadSignature)
    }
}

/// Whether a hint names a key: its id in hexadecimal (ours) or in base64 (cosign's).
pub(crate) fn names(hint: &str, key: &KeyId) -> bool {
    hint == key.to_string() || hint == base64(key.as_bytes())
}

impl TryFrom<WireBundle> for Checked {
    type Error = VerifyError;

    fn try_from(bundle: WireBundle) -> Result<Self, VerifyError> {
        if bundle.media_type != BUNDLE_MEDIA_TYPE {
            return Err(VerifyError::MediaType(shown(&bundle.media_type)));
        }
        if bundle.message_signature.is_some() {
            return Err(VerifyError::Unsupported("a message signature"));
        }
        let envelope = bundle.dsse_envelope.ok_or(VerifyError::Invalid("it has no dsseEnvelope"))?;
        let public_key = bundle.verification_material.only_public_key()?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(VerifyError::PayloadType(shown(&envelope.payload_type)));
        }
        let [signature] = <[WireSignature; 1]>::try_from(envelope.signatures)
            .map_err(|_| VerifyError::Invalid("its envelope has not exactly one signature"))?;
        let hints = [public_key.hint, signature.keyid].into_iter().filter(|hint| !hint.is_empty()).collect();
        Ok(Self {
            payload: strict_base64(&envelope.payload)
                .ok_or(VerifyError::Invalid("its payload is not canonical base64"))?,
            signature: strict_base64(&signature.sig)
                .ok_or(VerifyError::Invalid("its signature is not canonical base64"))?,
            hints,
        })
    }
}

impl WireMaterial {
    /// The key's hint, when there is nothing else that would have to be verified.
    fn only_public_key(self) -> Result<WireHint, VerifyError> {
        if self.certificate.is_some() || self.x509_certificate_chain.is_some() {
            return Err(VerifyError::Unsupported("a certificate"));
        }
        if self.tlog_entries.is_some_and(|entries| !entries.is_empty()) {
            return Err(VerifyError::Unsupported("a transparency log entry"));
        }
        if self.timestamp_verification_data.is_some_and(|data| !is_empty_timestamp(&data)) {
            return Err(VerifyError::Unsupported("a timestamp"));
        }
        self.public_key.ok_or(VerifyError::Invalid("its verification material has no publicKey"))
    }
}

/// `{}` and `{"rfc3161Timestamps": []}`, which other writers put where there is no timestamp.
fn is_empty_timestamp(data: &Value) -> bool {
    data.as_object().is_some_and(|members| {
        members
            .iter()
            .all(|(name, value)| name == "rfc3161Timestamps" && value.as_array().is_some_and(Vec::is_empty))
    })
}

fn base64(bytes: &[u8]) -> String {
    SignatureBytes::from_bytes(bytes).to_base64()
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireBundle {
    media_type: String,
    verification_material: WireMaterial,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dsse_envelope: Option<WireEnvelope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message_signature: Option<Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireMaterial {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<WireHint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x509_certificate_chain: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tlog_entries: Option<Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp_verification_data: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireHint {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    hint: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireEnvelope {
    payload: String,
    payload_type: String,
    signatures: Vec<WireSignature>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSignature {
    sig: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    keyid: String,
}
