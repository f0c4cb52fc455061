//! Whoever can sign, wherever the private key is.

use std::fmt::Debug;

use sigstore_types::Bundle;

use crate::{PrivateKey, PublicKey, Signer, detached::Message};

/// What is signed.
#[derive(Clone, Copy)]
pub enum Content<'a> {
    /// An in-toto statement, as the payload of a DSSE envelope.
    Statement {
        /// The statement's bytes.
        payload: &'a [u8],
        /// What is signed of it: its pre-authentication encoding.
        encoded: &'a [u8],
    },
    /// A file that was read.
    File(&'a Message),
}

/// What came of it.
#[derive(Debug)]
pub enum Signed {
    /// The signature by a key: ECDSA as DER, others as they are.
    Signature(Vec<u8>),
    /// A whole bundle: certificate, log entry, timestamps.
    Bundle(Box<Bundle>),
}

/// Signing failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SignError(pub String);

/// Whoever can sign. It may take as long as a service needs to answer.
pub trait Sign: Debug + Send + Sync {
    /// As whom it signs. A certificate's identity is what its token announces; what counts is what verifies.
    fn signer(&self) -> &Signer;

    /// The public key, where it is always the same one.
    fn public_key(&self) -> Option<&PublicKey>;

    /// Signs.
    ///
    /// # Errors
    /// The key or the service does not.
    fn sign_content(&self, content: Content<'_>) -> Result<Signed, SignError>;
}

impl Sign for PrivateKey {
    fn signer(&self) -> &Signer {
        self.as_signer()
    }

    fn public_key(&self) -> Option<&PublicKey> {
        Some(self.public())
    }

    fn sign_content(&self, content: Content<'_>) -> Result<Signed, SignError> {
        let signature = match content {
            Content::Statement { encoded, .. } => self.sign(encoded)?,
            Content::File(message) => self.sign_message(message)?,
        };
        Ok(Signed::Signature(signature))
    }
}
