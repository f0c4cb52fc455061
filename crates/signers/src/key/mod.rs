//! Keys in files: who signs, and who is trusted to have signed.

mod jwk;
mod private;
mod public;

pub use private::{KeyPem, PrivateKey};
pub use public::{PublicKey, SignatureMismatch};

/// A key's id: the SHA-256 of its public half as DER (`SubjectPublicKeyInfo`).
pub type KeyId = model::Sha256;

/// The kinds of keys that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on NIST P-256; signs with SHA-256.
    EcdsaP256,
    /// ECDSA on NIST P-384; signs with SHA-384.
    EcdsaP384,
    /// Ed25519 (RFC 8032), over the message itself.
    Ed25519,
    /// RSA of 2048 to 8192 bits; signs with PKCS#1 v1.5 and SHA-256.
    Rsa,
}

impl Algorithm {
    /// As it is shown and recorded.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EcdsaP256 => "ecdsa-p256",
            Self::EcdsaP384 => "ecdsa-p384",
            Self::Ed25519 => "ed25519",
            Self::Rsa => "rsa",
        }
    }
}

impl std::fmt::Display for Algorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A key that is not taken. No message quotes the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No PEM, or several keys where one is wanted.
    #[error("this is not PEM with exactly one key: {0}")]
    Pem(&'static str),
    /// PEM of something else.
    #[error("this is PEM of {found:?}, but {wanted} is wanted")]
    Label {
        /// The label it has.
        found: String,
        /// What is wanted, and how to get it.
        wanted: &'static str,
    },
    /// JSON that is no JWK, or several keys where one is wanted.
    #[error("this is not a JSON Web Key with one public key: {0}")]
    Jwk(String),
    /// Needs a passphrase.
    #[error(
        "the private key is encrypted; only unencrypted PEM (PKCS#8) is taken: store it as a secret of the environment instead"
    )]
    Encrypted,
    /// Not a key of a kind that is taken.
    #[error("this is no key that is taken (P-256, P-384, Ed25519, RSA of 2048 to 8192 bits): {0}")]
    Unsupported(String),
    /// An RSA key that is too short to be believed.
    #[error("an RSA key of {0} bits is too weak: at least 2048 are wanted")]
    Weak(usize),
}

/// The one key block of a PEM text. Parameters that `openssl ecparam` writes in front are passed over.
fn only_block(pem: &str) -> Result<pem::Pem, KeyError> {
    let unreadable = KeyError::Pem("it does not read");
    let blocks = pem::parse_many(pem).map_err(|_| unreadable.clone())?;
    // The parser passes over a block that is cut off; somebody may have meant it.
    if pem.matches("-----BEGIN").count() != blocks.len() {
        return Err(unreadable);
    }
    let mut keys = blocks.into_iter().filter(|block| block.tag() != "EC PARAMETERS");
    match (keys.next(), keys.next()) {
        (Some(key), None) => Ok(key),
        (None, _) => Err(KeyError::Pem("there is none")),
        (Some(_), Some(_)) => Err(KeyError::Pem("there are several")),
    }
}

fn label(block: &pem::Pem, wanted: &'static str) -> KeyError {
    KeyError::Label { found: block.tag().chars().take(60).collect(), wanted }
}
