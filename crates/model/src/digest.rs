//! SHA-256 values, and the content digest of an image.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{Context, SHA256, digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The name of the content digest's algorithm, as in-toto digest sets spell it
/// (`crates/blocks/FORMAT.md` defines it).
pub const CONTENT_DIGEST: &str = "hallmarkBlocks1";

/// A SHA-256 value (FIPS 180-4). Shown and parsed as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// Hashes bytes that are all in memory.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_slice(digest(&SHA256, bytes).as_ref())
    }

    /// A value that was computed elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 12 hexadecimal digits: for file names and people, never for a decision.
    #[must_use]
    pub fn short(&self) -> String {
        hex::encode(&self.0[..6])
    }

    fn from_slice(bytes: &[u8]) -> Self {
        let mut value = [0; 32];
        value.copy_from_slice(bytes);
        Self(value)
    }
}

/// SHA-256 over bytes that arrive in pieces.
#[derive(Clone)]
pub struct Sha256Hasher(Context);

impl Sha256Hasher {
    /// An empty hasher.
    #[must_use]
    pub fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of everything added.
    #[must_use]
    pub fn finish(self) -> Sha256 {
        Sha256::from_slice(self.0.finish().as_ref())
    }
}

impl Default for Sha256Hasher {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Sha256Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256Hasher")
    }
}

impl std::io::Write for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

/// A digest that does not read as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseDigestError {
    /// Not exactly 64 lower-case hexadecimal digits.
    #[error("`{0}` is not a SHA-256: 64 lower-case hexadecimal digits are wanted")]
    Hex(String),
    /// A content digest that does not begin with its algorithm.
    #[error("`{0}` is not a content digest: `hallmarkBlocks1:` and 64 hexadecimal digits are wanted")]
    Algorithm(String),
}

impl FromStr for Sha256 {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || ParseDigestError::Hex(text.chars().take(80).collect());
        // One spelling only: a digest in capitals would be another string naming the same value.
        if !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(bad());
        }
        let mut value = [0; 32];
        hex::decode_to_slice(text, &mut value).map_err(|_| bad())?;
        Ok(Self(value))
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// What an image *is*: the `hallmarkBlocks1` digest over its disk's blocks.
///
/// Shown and parsed as `hallmarkBlocks1:<64 hex>`; in a digest set the algorithm is the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentDigest(Sha256);

impl ContentDigest {
    /// A value that was computed by the `blocks` crate (or read from a digest set).
    #[must_use]
    pub const fn new(value: Sha256) -> Self {
        Self(value)
    }

    /// The bare SHA-256 value.
    #[must_use]
    pub const fn sha256(&self) -> &Sha256 {
        &self.0
    }

    /// The first 12 hexadecimal digits: for file names and people, never for a decision.
    #[must_use]
    pub fn short(&self) -> String {
        self.0.short()
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{CONTENT_DIGEST}:{}", self.0)
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentDigest({self})")
    }
}

impl FromStr for ContentDigest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let value = text
            .strip_prefix(CONTENT_DIGEST)
            .and_then(|rest| rest.strip_prefix(':'))
            .ok_or_else(|| ParseDigestError::Algorithm(text.chars().take(100).collect()))?;
        value.parse().map(Self)
    }
}

impl Serialize for ContentDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn the_empty_string_has_its_published_value() {
        assert_eq!(Sha256::of(b"").to_string(), EMPTY);
        assert_eq!(Sha256Hasher::new().finish(), Sha256::of(b""));
        assert_eq!(Sha256::of(b"").short(), "e3b0c44298fc");
    }

    #[test]
    fn one_spelling_only() {
        assert!(EMPTY.parse::<Sha256>().is_ok());
        for bad in ["", "e3", &EMPTY.to_uppercase(), &format!("{EMPTY}0"), &EMPTY[1..], &format!(" {EMPTY}")]
        {
            assert!(bad.parse::<Sha256>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_content_digest_names_its_algorithm() {
        let text = format!("hallmarkBlocks1:{EMPTY}");
        assert_eq!(text.parse::<ContentDigest>().unwrap().to_string(), text);
        for bad in [EMPTY, "sha256:00", &format!("hallmarkBlocks2:{EMPTY}"), "hallmarkBlocks1:"] {
            assert!(bad.parse::<ContentDigest>().is_err(), "{bad}");
        }
    }
}
