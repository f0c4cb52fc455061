//! A public key: parsed once, its strength checked, its id known.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaSubjectPublicKey, VerificationAlgorithm,
};
use model::Sha256;
use sigstore_crypto::{KeyAlgorithm, SigningScheme, VerificationKey, validate_raw_public_key};
use sigstore_types::{DerPublicKey, SignatureBytes};

use super::{Algorithm, KeyError, KeyId, jwk, label, only_block};

/// The key did not make this signature over this message, in any way that is accepted for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature was not made by this key over these bytes")]
pub struct SignatureMismatch;

/// Somebody's public key.
#[derive(Clone)]
pub struct PublicKey {
    spki: DerPublicKey,
    algorithm: Algorithm,
    key_id: KeyId,
}

const WANTED: &str = "PUBLIC KEY (SubjectPublicKeyInfo; `openssl pkey -pubout` writes it)";

impl PublicKey {
    /// Reads a PEM text with one `PUBLIC KEY`.
    ///
    /// # Errors
    /// No such PEM, a kind of key that is not taken, or a weak one.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let block = only_block(pem)?;
        match block.tag() {
            "PUBLIC KEY" => Self::from_spki_der(block.into_contents()),
            _ => Err(label(&block, WANTED)),
        }
    }

    /// Reads a JSON Web Key, or a set of exactly one (RFC 7517).
    ///
    /// # Errors
    /// It is none, holds a private key, or is for something else than verifying; else as [`PublicKey::from_pem`].
    pub fn from_jwk(json: &str) -> Result<Self, KeyError> {
        Self::from_spki_der(jwk::spki_der(json)?)
    }

    /// Reads a key file: PEM, or JSON.
    ///
    /// # Errors
    /// As [`PublicKey::from_pem`] and [`PublicKey::from_jwk`].
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        if text.trim_start().starts_with('{') { Self::from_jwk(text) } else { Self::from_pem(text) }
    }

    /// Takes a key as DER `SubjectPublicKeyInfo` (RFC 5280).
    ///
    /// # Errors
    /// As [`PublicKey::from_pem`].
    pub fn from_spki_der(der: Vec<u8>) -> Result<Self, KeyError> {
        let spki = DerPublicKey::new(der);
        let unsupported = |error: sigstore_crypto::Error| KeyError::Unsupported(error.to_string());
        let algorithm = match KeyAlgorithm::from_spki(&spki).map_err(unsupported)? {
            KeyAlgorithm::EcdsaP256 => Algorithm::EcdsaP256,
            KeyAlgorithm::EcdsaP384 => Algorithm::EcdsaP384,
            KeyAlgorithm::Ed25519 => Algorithm::Ed25519,
            KeyAlgorithm::Rsa => Algorithm::Rsa,
            other => return Err(KeyError::Unsupported(format!("{other:?}"))),
        };
        let key = VerificationKey::from_spki(&spki).map_err(unsupported)?;
        if algorithm == Algorithm::Rsa {
            check_rsa_strength(&spki)?;
        }
        validate_raw_public_key(key.scheme(), key.as_bytes()).map_err(unsupported)?;
        check_point(algorithm, &spki)?;
        let key_id = Sha256::of(spki.as_bytes());
        Ok(Self { spki, algorithm, key_id })
    }

    /// What identifies the key: the SHA-256 of its DER.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// What kind of key it is.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key as PEM.
    #[must_use]
    pub fn to_pem(&self) -> String {
        public_pem(self.spki.as_bytes())
    }

    /// The key as DER `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn to_der(&self) -> &[u8] {
        self.spki.as_bytes()
    }

    /// Whether it signed exactly this message.
    ///
    /// # Errors
    /// It did not.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureMismatch> {
        let signature = SignatureBytes::from_bytes(signature);
        self.any_scheme(|key, _| key.verify(message, &signature).is_ok())
    }

    /// Whether it signed a message with these digests; for a scheme without its digest, no.
    pub(crate) fn verify_prehashed(
        &self,
        sha256: &[u8],
        sha384: Option<&[u8]>,
        signature: &[u8],
    ) -> Result<(), SignatureMismatch> {
        let signature = SignatureBytes::from_bytes(signature);
        self.any_scheme(|key, scheme| {
            let digest = match scheme {
                SigningScheme::EcdsaP384Sha384 => sha384,
                _ => Some(sha256),
            };
            digest.is_some_and(|digest| key.verify_prehashed(digest, &signature).is_ok())
        })
    }

    fn any_scheme(
        &self,
        verifies: impl Fn(&VerificationKey, SigningScheme) -> bool,
    ) -> Result<(), SignatureMismatch> {
        let verified = self.schemes().iter().any(|scheme| {
            VerificationKey::from_spki_with_scheme(&self.spki, *scheme)
                .is_ok_and(|key| verifies(&key, *scheme))
        });
        if verified { Ok(()) } else { Err(SignatureMismatch) }
    }

    /// The ways to sign that are accepted of a key. P-384 with SHA-256 is what
    /// `openssl dgst -sha256` and older cosigns make.
    const fn schemes(&self) -> &'static [SigningScheme] {
        match self.algorithm {
            Algorithm::EcdsaP256 => &[SigningScheme::EcdsaP256Sha256],
            Algorithm::EcdsaP384 => &[SigningScheme::EcdsaP384Sha384, SigningScheme::EcdsaP384Sha256],
            Algorithm::Ed25519 => &[SigningScheme::Ed25519],
            Algorithm::Rsa => &[SigningScheme::RsaPkcs1Sha256, SigningScheme::RsaPssSha256],
        }
    }
}

fn public_pem(der: &[u8]) -> String {
    let lf = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new("PUBLIC KEY", der), lf)
}

/// That its numbers are a key: a point that is not on the curve would be refused only by the first signature.
fn check_point(algorithm: Algorithm, spki: &DerPublicKey) -> Result<(), KeyError> {
    let by: &'static dyn VerificationAlgorithm = match algorithm {
        Algorithm::EcdsaP256 => &ECDSA_P256_SHA256_ASN1,
        Algorithm::EcdsaP384 => &ECDSA_P384_SHA384_ASN1,
        Algorithm::Ed25519 => &ED25519,
        Algorithm::Rsa => &RSA_PKCS1_2048_8192_SHA256,
    };
    ParsedPublicKey::new(by, spki.as_bytes())
        .map(drop)
        .map_err(|_| KeyError::Unsupported("its numbers are no key".into()))
}

fn check_rsa_strength(spki: &DerPublicKey) -> Result<(), KeyError> {
    // The algorithm with its parameters, NULL (RFC 3279, 2.3.1). Without them it is the same key, and would have two ids.
    const RSA: [u8; 13] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    if !spki.as_bytes().windows(RSA.len()).take(16).any(|window| window == RSA) {
        return Err(KeyError::Unsupported(
            "its algorithm is not written as RFC 3279 has it (`openssl pkey -pubin` mends that)".into(),
        ));
    }
    let key = RsaSubjectPublicKey::from_der(spki.as_bytes())
        .map_err(|_| KeyError::Unsupported("the RSA numbers are no key".into()))?;
    let modulus = key.modulus();
    let modulus = modulus.big_endian_without_leading_zero();
    let leading = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let bits = modulus.len() * 8 - leading;
    if bits < 2048 { Err(KeyError::Weak(bits)) } else { Ok(()) }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({} {})", self.algorithm, self.key_id)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.key_id == other.key_id
    }
}

impl Eq for PublicKey {}
