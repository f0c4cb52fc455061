//! Keys in AWS KMS: the private half never leaves there. The public half is asked for once, and every signature is
//! verified with it here before it is used.

mod client;
mod uri;

use std::fmt;

use aws_sdk_kms::types::SigningAlgorithmSpec;
use signers::detached::Signature;
use signers::{Algorithm, Content, KeyError, PublicKey, Sign, SignError, Signed, Signer};

use crate::background::Background;
use client::Client;
use uri::KeyUri;

pub use aws_client::Env;
pub use uri::{SCHEME, UriError};

/// A key in KMS that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KmsError {
    /// The URI names none.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// Nobody says where it is.
    #[error("{0}: no region is known: set AWS_REGION, or write the key's ARN")]
    Region(String),
    /// This machine gives no thread to ask with.
    #[error("the client of AWS KMS cannot be started: {0}")]
    Start(#[from] std::io::Error),
    /// KMS does not answer, or refuses.
    #[error("{key}: {operation} failed: {what}")]
    Refused {
        /// The key's URI.
        key: String,
        /// What was asked: `GetPublicKey`, `Sign`.
        operation: &'static str,
        /// What came of it.
        what: String,
    },
    /// The public half is not of a kind that is taken.
    #[error("{key}: {source}")]
    Key {
        /// The key's URI.
        key: String,
        /// What is wrong.
        source: KeyError,
    },
    /// It is not for signing, or not in a way that can be verified.
    #[error("{key}: {what}")]
    Unusable {
        /// The key's URI.
        key: String,
        /// What is wrong.
        what: String,
    },
}

/// The public half of a key in KMS, for verifying here. KMS is asked once.
///
/// # Errors
/// See [`KmsError`].
pub fn public_key(uri: &str, env: Env<'_>) -> Result<PublicKey, KmsError> {
    let uri = KeyUri::parse(uri)?;
    let background = Background::new()?;
    Ok(Client::connect(uri, env, &background)?.public_key(&background)?.key)
}

/// Whether a text is the URI of a key in KMS, without asking anybody.
///
/// # Errors
/// It is not.
pub fn check_uri(uri: &str) -> Result<(), UriError> {
    KeyUri::parse(uri).map(drop)
}

/// Somebody who signs with a key in KMS.
pub(crate) struct KmsKey {
    client: Client,
    background: Background,
    public: PublicKey,
    algorithm: SigningAlgorithmSpec,
    signer: Signer,
}

impl KmsKey {
    /// Asks for the public half, and how the key signs.
    pub(crate) fn open(uri: &str, env: Env<'_>) -> Result<Self, KmsError> {
        let background = Background::new()?;
        let client = Client::connect(KeyUri::parse(uri)?, env, &background)?;
        let found = client.public_key(&background)?;
        let unusable = |what| KmsError::Unusable { key: client.uri().to_string(), what };
        let algorithm = match found.key.algorithm() {
            Algorithm::EcdsaP256 => SigningAlgorithmSpec::EcdsaSha256,
            Algorithm::EcdsaP384 => SigningAlgorithmSpec::EcdsaSha384,
            Algorithm::Rsa => SigningAlgorithmSpec::RsassaPkcs1V15Sha256,
            Algorithm::Ed25519 => {
                let what = "an Ed25519 key signs no digest, and KMS takes no longer message than 4096 bytes: \
                            use a key of the kind ECC_NIST_P256, ECC_NIST_P384 or RSA";
                return Err(unusable(what.to_owned()));
            }
        };
        if !found.signs.contains(&algorithm) {
            return Err(unusable(format!("the key does not sign by {}", algorithm.as_str())));
        }
        let signer = Signer::KeyId(found.key.key_id());
        Ok(Self { client, background, public: found.key, algorithm, signer })
    }

    fn sign_digest(&self, digest: Vec<u8>) -> Result<Vec<u8>, SignError> {
        self.client
            .sign(digest, self.algorithm.clone(), &self.background)
            .map_err(|error| SignError(error.to_string()))
    }
}

impl Sign for KmsKey {
    fn signer(&self) -> &Signer {
        &self.signer
    }

    fn public_key(&self) -> Option<&PublicKey> {
        Some(&self.public)
    }

    fn sign_content(&self, content: Content<'_>) -> Result<Signed, SignError> {
        let keys = [&self.public];
        let read;
        let message = match content {
            Content::File(message) => message,
            Content::Statement { encoded, .. } => {
                read = signers::detached::Message::read(encoded, keys)
                    .map_err(|error| SignError(error.to_string()))?;
                &read
            }
        };
        let digest = match self.public.algorithm() {
            Algorithm::EcdsaP384 => message.sha384().map(<[u8]>::to_vec),
            _ => Some(message.sha256().as_bytes().to_vec()),
        };
        let digest = digest.ok_or_else(|| SignError("the file was not read for this key".into()))?;
        let signature = Signature::from(self.sign_digest(digest)?);
        // What KMS gave back is nobody's word: a signature that nobody could verify must not be published.
        message.verify(&self.public, &signature).map_err(|_| {
            SignError(format!(
                "{}: what KMS gave back is no signature by this key over this digest: nothing was written",
                self.client.uri()
            ))
        })?;
        Ok(Signed::Signature(signature.as_bytes().to_vec()))
    }
}

impl fmt::Debug for KmsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KmsKey({}; {:?})", self.client.uri(), self.public)
    }
}
