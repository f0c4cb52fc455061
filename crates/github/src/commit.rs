//! A commit by its whole id.

use std::fmt;
use std::str::FromStr;

/// A commit's id: 40 hexadecimal digits, or 64 in a repository of SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit(String);

/// Not a commit's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no commit: 40 hexadecimal digits are wanted")]
pub struct BadCommit(String);

impl Commit {
    /// Its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Commit {
    type Err = BadCommit;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits && matches!(text.len(), 40 | 64) {
            return Ok(Self(text.to_owned()));
        }
        Err(BadCommit(text.chars().take(100).collect()))
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_id_is_one() {
        let one = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(one.parse::<Commit>().unwrap().to_string(), one);
        assert!("a".repeat(64).parse::<Commit>().is_ok());
        for text in ["", "main", "0123456", &"A".repeat(40), &"g".repeat(40), &format!("{one}0")] {
            assert!(text.parse::<Commit>().is_err(), "{text}");
        }
    }
}
