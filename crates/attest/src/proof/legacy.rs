//! The forms that bundles come in: one bundle, several as lines (`gh attestation download`) or in GitHub's answer,
//! and what cosign wrote with `--bundle` before version 3, which is read as the bundle v0.1 that says the same.
//! <https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md>

use model::Sha256;
use serde::Deserialize;
use serde_json::{Value, json};
use signers::detached::{Message, strict_base64};
use sigstore_types::{Bundle, SignatureBytes};

use super::{ProofError, read};
use crate::bundle::MAX_BUNDLE;
use crate::json;

/// The most bundles that are read from one file.
const MAX_BUNDLES: usize = 100;

/// Every bundle of a file.
pub(super) fn bundles(bytes: &[u8], message: &Message) -> Result<Vec<Bundle>, ProofError> {
    let malformed = |error: String| ProofError::Malformed(error);
    let whole = match json::value(bytes, MAX_BUNDLE) {
        Ok(value) => value,
        Err(error) => return lines(bytes).ok_or_else(|| malformed(error.to_string()))?,
    };
    if let Some(attestations) = whole.get("attestations").and_then(Value::as_array) {
        let texts = attestations.iter().map(|one| one.get("bundle").unwrap_or(&Value::Null).to_string());
        return several(texts);
    }
    if whole.get("base64Signature").is_some() {
        return Ok(vec![of_cosign(bytes, message)?]);
    }
    Ok(vec![read(bytes)?])
}

/// One bundle a line; `None` where it is not that.
fn lines(bytes: &[u8]) -> Option<Result<Vec<Bundle>, ProofError>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let many = lines.len() > 1 && lines.iter().all(|line| line.trim_start().starts_with('{'));
    many.then(|| several(lines.into_iter().map(str::to_owned)))
}

fn several(texts: impl Iterator<Item = String>) -> Result<Vec<Bundle>, ProofError> {
    let texts: Vec<_> = texts.take(MAX_BUNDLES + 1).collect();
    if texts.len() > MAX_BUNDLES {
        return Err(ProofError::Malformed(format!("it holds more than {MAX_BUNDLES} bundles")));
    }
    texts.iter().map(|text| read(text.as_bytes())).collect()
}

/// What `cosign sign-blob --bundle` wrote.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cosign {
    base64_signature: String,
    /// PEM in base64: of the certificate, or of the public key.
    #[serde(default)]
    cert: Option<String>,
    #[serde(default)]
    rekor_bundle: Option<RekorBundle>,
    /// RFC 3161, which cosign 2 could ask for.
    #[serde(default, rename = "rfc3161Timestamp")]
    timestamp: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RekorBundle {
    signed_entry_timestamp: String,
    payload: RekorPayload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RekorPayload {
    body: String,
    integrated_time: i64,
    log_index: i64,
    #[serde(rename = "logID")]
    log_id: String,
}

fn malformed(what: &str) -> ProofError {
    ProofError::Malformed(format!("as cosign's bundle, {what}"))
}

fn of_cosign(bytes: &[u8], message: &Message) -> Result<Bundle, ProofError> {
    let cosign: Cosign =
        json::typed(bytes, MAX_BUNDLE).map_err(|error| malformed(&format!("it does not read: {error}")))?;
    if cosign.timestamp.as_ref().is_some_and(|timestamp| !timestamp.is_null()) {
        return Err(ProofError::Unsupported("cosign's own form of a timestamp".into()));
    }
    let material = match cosign.cert.as_deref() {
        None | Some("") => json!({"publicKey": {"hint": ""}}),
        Some(cert) => {
            let pem = strict_base64(cert).ok_or_else(|| malformed("`cert` is not canonical base64"))?;
            let pem = String::from_utf8(pem).map_err(|_| malformed("`cert` is no PEM"))?;
            material(&pem).ok_or_else(|| malformed("`cert` is no PEM of a certificate or public key"))?
        }
    };
    let mut verification = material;
    // Without a log: a key's signature may do without, a certificate's is refused later on.
    if let Some(rekor) = &cosign.rekor_bundle {
        verification["tlogEntries"] = log_entries(rekor)?;
    }
    let digest: Sha256 = message.sha256();
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1",
        "verificationMaterial": verification,
        "messageSignature": {
            "messageDigest": {
                "algorithm": "SHA2_256",
                "digest": SignatureBytes::from_bytes(digest.as_bytes()).to_base64(),
            },
            "signature": cosign.base64_signature,
        },
    });
    read(bundle.to_string().as_bytes())
}

fn log_entries(rekor: &RekorBundle) -> Result<Value, ProofError> {
    let body =
        strict_base64(&rekor.payload.body).ok_or_else(|| malformed("`body` is not canonical base64"))?;
    let body: Value = json::value(&body, MAX_BUNDLE)
        .map_err(|error| malformed(&format!("`body` does not read: {error}")))?;
    let log_id = hex::decode(&rekor.payload.log_id).map_err(|_| malformed("`logID` is not hexadecimal"))?;
    Ok(json!([{
        "logIndex": rekor.payload.log_index.to_string(),
        "logId": {"keyId": SignatureBytes::from_bytes(&log_id).to_base64()},
        "kindVersion": {"kind": body["kind"], "version": body["apiVersion"]},
        "integratedTime": rekor.payload.integrated_time.to_string(),
        "inclusionPromise": {"signedEntryTimestamp": rekor.signed_entry_timestamp},
        "canonicalizedBody": rekor.payload.body,
    }]))
}

fn material(pem: &str) -> Option<Value> {
    if pem.contains("-----BEGIN PUBLIC KEY-----") {
        return Some(json!({"publicKey": {"hint": ""}}));
    }
    let certificates: Vec<Value> = pem
        .split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .map(|block| {
            let body = block.split("-----END CERTIFICATE-----").next().unwrap_or_default();
            json!({"rawBytes": body.split_ascii_whitespace().collect::<String>()})
        })
        .collect();
    (!certificates.is_empty()).then(|| json!({"x509CertificateChain": {"certificates": certificates}}))
}
