//! Detached signatures over files: a message is read once, however many keys are tried and
//! however big it is, and what was verified is what was hashed.

use std::io::{self, Read};

use aws_lc_rs::digest::{Context, SHA384};
use model::{Sha256, Sha256Hasher};
use sigstore_types::SignatureBytes;

use crate::key::{Algorithm, PublicKey, SignatureMismatch};

/// The longest message that an Ed25519 key is tried on. Ed25519 signs the message itself, which
/// therefore has to be in memory; other keys sign a digest, and have no limit.
pub const MAX_ED25519_MESSAGE: u64 = 256 << 20;

/// The longest signature file that is read: RSA-8192 in base64 is 1368 bytes.
pub const MAX_SIGNATURE: usize = 16 << 10;

const CHUNK: usize = 256 << 10;

/// What is needed of a message to verify signatures over it.
pub struct Message {
    sha256: Sha256,
    size: u64,
    sha384: Option<Vec<u8>>,
    whole: Option<Vec<u8>>,
    head: Vec<u8>,
}

/// What is signed of a statement begins so (DSSE's pre-authentication encoding).
const DSSE: &[u8] = b"DSSEv1 ";

/// A message that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The system says so.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// More than an Ed25519 signature is checked over.
    #[error(
        "it is longer than the {MAX_ED25519_MESSAGE} bytes that an Ed25519 signature is checked over, \
         which needs the whole file in memory: sign it with an ECDSA or RSA key"
    )]
    TooLongForEd25519,
}

impl Message {
    /// Reads a message to its end, keeping what these keys need: digests, and for Ed25519 the bytes.
    ///
    /// # Errors
    /// It cannot be read, or it is too long for an Ed25519 key among them.
    pub fn read<'k>(
        from: impl Read,
        keys: impl IntoIterator<Item = &'k PublicKey>,
    ) -> Result<Self, MessageError> {
        let (mut sha384, mut whole) = (false, false);
        for key in keys {
            match key.algorithm() {
                Algorithm::EcdsaP384 => sha384 = true,
                Algorithm::Ed25519 => whole = true,
                Algorithm::EcdsaP256 | Algorithm::Rsa => {}
            }
        }
        Self::keeping(from, sha384, whole)
    }

    /// Reads a message to its end and keeps all of it: for signatures over the message itself, or by a digest that
    /// was not known to be wanted.
    ///
    /// # Errors
    /// It cannot be read, or it is too long to be kept.
    pub fn read_whole(from: impl Read) -> Result<Self, MessageError> {
        Self::keeping(from, true, true)
    }

    fn keeping(mut from: impl Read, sha384: bool, whole: bool) -> Result<Self, MessageError> {
        let mut sha384 = sha384.then(|| Context::new(&SHA384));
        let mut whole = whole.then(Vec::new);
        let mut sha256 = Sha256Hasher::new();
        let mut size = 0_u64;
        let mut head = Vec::with_capacity(DSSE.len());
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = match from.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            let bytes = &chunk[..read];
            size += read as u64;
            head.extend(bytes.iter().take(DSSE.len() - head.len()));
            sha256.update(bytes);
            if let Some(sha384) = &mut sha384 {
                sha384.update(bytes);
            }
            if let Some(whole) = &mut whole {
                if size > MAX_ED25519_MESSAGE {
                    return Err(MessageError::TooLongForEd25519);
                }
                whole.extend_from_slice(bytes);
            }
        }
        let sha384 = sha384.map(|context| context.finish().as_ref().to_vec());
        Ok(Self { sha256: sha256.finish(), size, sha384, whole, head })
    }

    /// A message that is in memory, whatever the key.
    #[must_use]
    pub fn whole_of(bytes: Vec<u8>) -> Self {
        let mut sha384 = Context::new(&SHA384);
        sha384.update(&bytes);
        Self {
            sha256: Sha256::of(&bytes),
            size: bytes.len() as u64,
            sha384: Some(sha384.finish().as_ref().to_vec()),
            head: bytes.iter().take(DSSE.len()).copied().collect(),
            whole: Some(bytes),
        }
    }

    /// A message of which only the digest is known: enough for signatures over a SHA-256.
    #[must_use]
    pub const fn of_digest(sha256: Sha256) -> Self {
        Self { sha256, size: 0, sha384: None, whole: None, head: Vec::new() }
    }

    /// The SHA-256 of what was read.
    #[must_use]
    pub const fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// How many bytes were read.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Whether it begins as what is signed of a DSSE statement does. A signature over such a file is one over a statement.
    #[must_use]
    pub fn begins_as_statement(&self) -> bool {
        self.head == DSSE
    }

    /// The SHA-384, where a key that it was read for needs it.
    #[must_use]
    pub fn sha384(&self) -> Option<&[u8]> {
        self.sha384.as_deref()
    }

    /// The bytes, where a key that it was read for needs them.
    #[must_use]
    pub fn whole(&self) -> Option<&[u8]> {
        self.whole.as_deref()
    }

    /// Whether this key made this signature over the message.
    ///
    /// # Errors
    /// It did not; or the key was not among those that the message was read for.
    pub fn verify(&self, key: &PublicKey, signature: &Signature) -> Result<(), SignatureMismatch> {
        match key.algorithm() {
            Algorithm::Ed25519 => {
                let whole = self.whole.as_deref().ok_or(SignatureMismatch)?;
                key.verify(whole, &signature.0)
            }
            Algorithm::EcdsaP256 | Algorithm::EcdsaP384 | Algorithm::Rsa => {
                key.verify_prehashed(self.sha256.as_bytes(), self.sha384.as_deref(), &signature.0)
            }
        }
    }
}

/// A signature as it is kept beside a file: raw bytes, as `openssl` writes them (ECDSA as DER), or
/// the same in base64, as `cosign` does.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

/// A signature file in none of the forms that are read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFormError {
    /// Nothing in it.
    #[error("the signature file is empty")]
    Empty,
    /// More than any signature has.
    #[error("a signature file of {0} bytes is too long: a signature alone is wanted, raw or in base64")]
    TooLong(usize),
    /// A signature in another wrapping.
    #[error(
        "this is {0}, which is not supported yet: a signature alone is wanted, raw (`openssl dgst -sign`) or in base64 (`cosign sign-blob`)"
    )]
    Unsupported(&'static str),
    /// Text that is not base64.
    #[error("the signature file is text, but not base64")]
    NotBase64,
}

impl Signature {
    /// Reads the bytes of a signature file.
    ///
    /// # Errors
    /// See [`SignatureFormError`].
    pub fn from_file_bytes(bytes: &[u8]) -> Result<Self, SignatureFormError> {
        if bytes.len() > MAX_SIGNATURE {
            return Err(SignatureFormError::TooLong(bytes.len()));
        }
        // Raw signatures are random or begin a DER sequence: only text is ever all printable.
        let printable = |b: &u8| matches!(b, b' '..=b'~' | b'\t' | b'\r' | b'\n');
        if !bytes.iter().all(printable) {
            return Ok(Self(bytes.to_vec()));
        }
        let text: String = bytes.iter().map(|b| char::from(*b)).collect();
        let text = text.trim();
        if text.is_empty() {
            return Err(SignatureFormError::Empty);
        }
        if let Some(wrapping) = wrapping(text) {
            return Err(SignatureFormError::Unsupported(wrapping));
        }
        let compact: String = text.split_ascii_whitespace().collect();
        strict_base64(&compact).map(Self).ok_or(SignatureFormError::NotBase64)
    }

    /// The signature itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Signature {
    /// Takes the signature itself.
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signature({})", hex::encode(&self.0))
    }
}

fn wrapping(text: &str) -> Option<&'static str> {
    match text {
        _ if text.starts_with('{') => Some("a JSON bundle"),
        _ if text.starts_with("-----BEGIN PGP") => Some("an OpenPGP signature"),
        _ if text.starts_with("-----BEGIN SSH") => Some("an SSH signature"),
        _ if text.starts_with("untrusted comment:") => Some("a minisign signature"),
        _ if text.starts_with("-----BEGIN") => Some("PEM"),
        _ => None,
    }
}

/// Base64 (RFC 4648, standard alphabet, padded) in its one canonical spelling.
#[must_use]
pub fn strict_base64(text: &str) -> Option<Vec<u8>> {
    let decoded = SignatureBytes::from_base64(text).ok()?;
    (decoded.to_base64() == text).then(|| decoded.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_has_one_spelling() {
        for (text, bytes) in [("", &b""[..]), ("AA==", b"\0"), ("+/8=", b"\xfb\xff")] {
            assert_eq!(strict_base64(text).as_deref(), Some(bytes), "{text}");
        }
        for text in ["AB==", "AA", "AA=", "-_8=", "AA==\n", " AA==", "A===", "AA==AA==", "é"] {
            assert_eq!(strict_base64(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_signature_file_is_raw_or_base64_and_nothing_else() {
        type Read = Result<Vec<u8>, SignatureFormError>;
        let cases: [(&[u8], Read); 12] = [
            (b"", Err(SignatureFormError::Empty)),
            (b" \n", Err(SignatureFormError::Empty)),
            (b"AAEC", Ok(vec![0, 1, 2])),
            (b"AAEC\n", Ok(vec![0, 1, 2])),
            (b"AA\r\nEC\r\n", Ok(vec![0, 1, 2])),
            (b"0D\x02\x20", Ok(b"0D\x02\x20".to_vec())),
            (b"AAEC!", Err(SignatureFormError::NotBase64)),
            (b"{\"mediaType\":1}", Err(SignatureFormError::Unsupported("a JSON bundle"))),
            (b"-----BEGIN PGP SIGNATURE-----", Err(SignatureFormError::Unsupported("an OpenPGP signature"))),
            (b"-----BEGIN SSH SIGNATURE-----", Err(SignatureFormError::Unsupported("an SSH signature"))),
            (b"-----BEGIN CERTIFICATE-----", Err(SignatureFormError::Unsupported("PEM"))),
            (b"untrusted comment: x", Err(SignatureFormError::Unsupported("a minisign signature"))),
        ];
        for (bytes, read) in cases {
            let got = Signature::from_file_bytes(bytes).map(|signature| signature.0);
            assert_eq!(got, read, "{}", String::from_utf8_lossy(bytes));
        }
        let long = vec![0; MAX_SIGNATURE + 1];
        assert_eq!(Signature::from_file_bytes(&long), Err(SignatureFormError::TooLong(long.len())));
    }
}
