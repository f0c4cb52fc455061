//! The certificate authority, with its certificate log (RFC 6962).

use jiff::Timestamp;
use model::Sha256;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber, string::Ia5String,
};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::base64;
use crate::{Identity, PrivateKey};

/// Issues certificates.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Vec<u8>,
    spki: Vec<u8>,
    log: PrivateKey,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authority({} bytes)", self.certificate.len())
    }
}

/// A certificate and its key.
pub(super) struct Issued {
    pub(super) der: Vec<u8>,
    pub(super) pem: String,
    pub(super) key_pem: String,
}

impl Authority {
    pub(super) fn new(at: Timestamp) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, "tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.not_before = date(at.as_second() - 24 * 3600);
        params.not_after = date(at.as_second() + 3650 * 24 * 3600);
        let certificate = params.self_signed(&key).expect("a certificate").der().to_vec();
        let spki = rcgen::PublicKeyData::subject_public_key_info(&key);
        let log = PrivateKey::generate_p256().expect("a key");
        let log = PrivateKey::from_pem(&log.private).expect("a key");
        Self { issuer: Issuer::new(params, key), certificate, spki, log }
    }

    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    pub(super) fn trusted_log(&self, valid: &Value) -> Value {
        let key = self.log.public();
        json!({
            "baseUrl": "https://ctfe.test",
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": base64(key.to_der()),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": valid,
            },
            "logId": {"keyId": base64(key.key_id().as_bytes())},
        })
    }

    /// A certificate that says all this of whoever has the key.
    pub(super) fn issue(&self, identity: &Identity, at: Timestamp, logged: bool) -> Issued {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.serial_number = Some(SerialNumber::from(vec![1, 2, 3, 4]));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        params.not_before = date(at.as_second());
        params.not_after = date(at.as_second() + 600);
        let subject = Ia5String::try_from(identity.subject.as_str()).expect("a subject");
        params.subject_alt_names = match identity.subject.as_str() {
            "" => Vec::new(),
            text if text.contains("://") => vec![SanType::URI(subject)],
            _ => vec![SanType::Rfc822Name(subject)],
        };
        // Python's verifier wants it.
        params.use_authority_key_identifier_extension = true;
        params.custom_extensions = claims(identity);
        if logged {
            let before = params.signed_by(&key, &self.issuer).expect("a certificate");
            params.custom_extensions.push(self.timestamp(&tbs(before.der()), at));
        }
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Issued { der: certificate.der().to_vec(), pem: certificate.pem(), key_pem: key.serialize_pem() }
    }

    /// The extension with the log's word that it knows this certificate (RFC 6962, 3.2 and 3.3).
    fn timestamp(&self, tbs: &[u8], at: Timestamp) -> CustomExtension {
        let millis = u64::try_from(at.as_millisecond()).expect("a time after 1970").to_be_bytes();
        let mut signed = vec![0, 0];
        signed.extend(millis);
        signed.extend([0, 1]);
        signed.extend(Sha256::of(&self.spki).as_bytes());
        signed.extend(&(tbs.len() as u32).to_be_bytes()[1..]);
        signed.extend(tbs);
        signed.extend([0, 0]);
        let signature = self.log.sign(&signed).expect("a signature");
        let mut timestamp = vec![0];
        timestamp.extend(self.log.public().key_id().as_bytes());
        timestamp.extend(millis);
        timestamp.extend([0, 0, 4, 3]);
        timestamp.extend((signature.len() as u16).to_be_bytes());
        timestamp.extend(signature);
        let mut list = (timestamp.len() as u16 + 2).to_be_bytes().to_vec();
        list.extend((timestamp.len() as u16).to_be_bytes());
        list.extend(timestamp);
        extension(&[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2], der(4, &list))
    }
}

/// Fulcio's extensions.
fn claims(identity: &Identity) -> Vec<CustomExtension> {
    let claims = &identity.claims;
    let issuer = (!identity.issuer.is_empty()).then(|| identity.issuer.clone());
    // The first is as Fulcio wrote it before it knew of DER, and writes it still.
    let plain =
        issuer.iter().map(|issuer| extension(&[1, 3, 6, 1, 4, 1, 57264, 1, 1], issuer.clone().into_bytes()));
    let others = [
        (8, &issuer),
        (9, &claims.workflow),
        (11, &claims.runner_environment),
        (12, &claims.repository),
        (13, &claims.commit),
        (14, &claims.git_ref),
        (15, &claims.repository_id),
        (20, &claims.trigger),
        (21, &claims.run),
        (23, &claims.environment),
    ]
    .into_iter()
    .filter_map(|(number, value)| value.as_ref().map(|value| (number, value)))
    .map(|(number, value)| extension(&[1, 3, 6, 1, 4, 1, 57264, 1, number], der(12, value.as_bytes())));
    plain.chain(others).collect()
}

fn extension(oid: &[u64], content: Vec<u8>) -> CustomExtension {
    CustomExtension::from_oid_content(oid, content)
}

/// One DER element.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut element = vec![tag];
    match content.len() {
        short @ 0..=127 => element.push(short as u8),
        long => {
            let bytes = long.to_be_bytes();
            let used = &bytes[bytes.iter().position(|byte| *byte != 0).unwrap_or(7)..];
            element.push(0x80 | used.len() as u8);
            element.extend(used);
        }
    }
    element.extend(content);
    element
}

/// What of a certificate is signed: the first element of the outer sequence.
fn tbs(certificate: &[u8]) -> Vec<u8> {
    let header = |bytes: &[u8]| match bytes[1] {
        short @ 0..=127 => (2, usize::from(short)),
        long => {
            let count = usize::from(long & 0x7f);
            (2 + count, bytes[2..2 + count].iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
        }
    };
    let inner = &certificate[header(certificate).0..];
    let (head, length) = header(inner);
    inner[..head + length].to_vec()
}

fn date(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).expect("a date")
}
