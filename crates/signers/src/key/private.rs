//! A private key from a file, and the throw-away keys of a first run.

use aws_lc_rs::digest::{Digest, SHA256, SHA384};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RsaKeyPair,
};

use super::{Algorithm, KeyError, PublicKey, label, only_block};
use crate::detached::Message;
use crate::{SignError, Signer};

/// The library does not tell why.
fn failed<E>(_: E) -> SignError {
    SignError("the key could not sign".into())
}

/// Somebody's private key. `Debug` shows the public half's id only.
pub struct PrivateKey {
    pair: Pair,
    public: PublicKey,
    signer: Signer,
}

enum Pair {
    EcdsaP256(EcdsaKeyPair),
    EcdsaP384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// A new key as PEM: both halves. `Debug` redacts the private one.
pub struct KeyPem {
    /// PKCS#8, unencrypted: give it to the job that signs, and to nothing else.
    pub private: String,
    /// `SubjectPublicKeyInfo`: give it to everybody who verifies.
    pub public: String,
}

impl std::fmt::Debug for KeyPem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyPem").field("public", &self.public).finish_non_exhaustive()
    }
}

const WANTED: &str = "PRIVATE KEY (PKCS#8; `openssl pkcs8 -topk8 -nodes` writes it)";

impl PrivateKey {
    /// Reads a PEM text with one unencrypted private key: PKCS#8, SEC1 (`EC PRIVATE KEY`) or
    /// PKCS#1 (`RSA PRIVATE KEY`).
    ///
    /// # Errors
    /// No such PEM, an encrypted key, a kind of key that is not taken, or a weak one.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let block = only_block(pem)?;
        // Old PEM says that it is encrypted in its headers.
        if block.headers().iter().next().is_some() {
            return Err(KeyError::Encrypted);
        }
        let pair = match block.tag() {
            "PRIVATE KEY" => from_pkcs8(block.contents()),
            "EC PRIVATE KEY" => from_sec1(block.contents()),
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(block.contents()).ok().map(Pair::Rsa),
            "ENCRYPTED PRIVATE KEY" | "ENCRYPTED SIGSTORE PRIVATE KEY" | "ENCRYPTED COSIGN PRIVATE KEY" => {
                return Err(KeyError::Encrypted);
            }
            _ => return Err(label(&block, WANTED)),
        };
        Self::of(pair)
    }

    /// Takes an unencrypted private key as PKCS#8 in DER: what an encrypted file held.
    ///
    /// # Errors
    /// As [`PrivateKey::from_pem`].
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        Self::of(from_pkcs8(der))
    }

    fn of(pair: Option<Pair>) -> Result<Self, KeyError> {
        let pair = pair.ok_or_else(|| KeyError::Unsupported("the private key does not read".into()))?;
        // The public half goes through the checks that everybody's public key goes through.
        let public = PublicKey::from_spki_der(
            pair.spki().map_err(|_| KeyError::Unsupported("the public half cannot be written".into()))?,
        )?;
        let signer = Signer::KeyId(public.key_id());
        Ok(Self { pair, public, signer })
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// What kind of key it is.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// Signs a message: ECDSA as DER over SHA-256 (P-256) or SHA-384 (P-384), Ed25519 over the
    /// message, RSA as PKCS#1 v1.5 over SHA-256.
    ///
    /// # Errors
    /// The library could not.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::EcdsaP256(pair) | Pair::EcdsaP384(pair) => {
                Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => Ok(pair.try_sign(message).map_err(failed)?.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
        }
    }

    /// Signs a file that was read for this key: what [`PrivateKey::sign`] makes of its bytes.
    ///
    /// # Errors
    /// The library could not, or the message was read for other keys.
    pub fn sign_message(&self, message: &Message) -> Result<Vec<u8>, SignError> {
        let unread = || SignError("the file was not read for this key".into());
        let digest = |algorithm, bytes: &[u8]| Digest::import_less_safe(bytes, algorithm).map_err(failed);
        match &self.pair {
            Pair::Ed25519(_) => self.sign(message.whole().ok_or_else(unread)?),
            Pair::EcdsaP256(pair) => {
                let digest = digest(&SHA256, message.sha256().as_bytes())?;
                Ok(pair.sign_digest(&digest).map_err(failed)?.as_ref().to_vec())
            }
            Pair::EcdsaP384(pair) => {
                let digest = digest(&SHA384, message.sha384().ok_or_else(unread)?)?;
                Ok(pair.sign_digest(&digest).map_err(failed)?.as_ref().to_vec())
            }
            Pair::Rsa(pair) => {
                let digest = digest(&SHA256, message.sha256().as_bytes())?;
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature).map_err(failed)?;
                Ok(signature)
            }
        }
    }

    pub(crate) const fn as_signer(&self) -> &Signer {
        &self.signer
    }

    /// Makes a new P-256 key: for throw-away keys, and for `hallmark keygen`.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn generate_p256() -> Result<KeyPem, SignError> {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
            .map_err(failed)?;
        let private = pem::encode_config(
            &pem::Pem::new("PRIVATE KEY", document.as_ref()),
            pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
        );
        let public = Self::from_pem(&private).map_err(failed)?.public.to_pem();
        Ok(KeyPem { private, public })
    }
}

impl Pair {
    fn spki(&self) -> Result<Vec<u8>, SignError> {
        match self {
            Self::EcdsaP256(pair) | Self::EcdsaP384(pair) => pair.public_key().as_der(),
            Self::Ed25519(pair) => pair.public_key().as_der(),
            Self::Rsa(pair) => pair.public_key().as_der(),
        }
        .map(|der| der.as_ref().to_vec())
        .map_err(failed)
    }
}

fn from_pkcs8(der: &[u8]) -> Option<Pair> {
    let p256 = || EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der).ok().map(Pair::EcdsaP256);
    let p384 = || EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, der).ok().map(Pair::EcdsaP384);
    let ed25519 = || Ed25519KeyPair::from_pkcs8(der).ok().map(Pair::Ed25519);
    let rsa = || RsaKeyPair::from_pkcs8(der).ok().map(Pair::Rsa);
    p256().or_else(p384).or_else(ed25519).or_else(rsa)
}

fn from_sec1(der: &[u8]) -> Option<Pair> {
    let p256 = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, der);
    let p384 = || EcdsaKeyPair::from_private_key_der(&ECDSA_P384_SHA384_ASN1_SIGNING, der);
    p256.map(Pair::EcdsaP256).or_else(|_| p384().map(Pair::EcdsaP384)).ok()
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey(redacted; {:?})", self.public)
    }
}
