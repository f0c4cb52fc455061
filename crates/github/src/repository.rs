//! A repository's name, and what GitHub says about it as a whole.

use std::fmt;
use std::str::FromStr;

/// `owner/name`, in GitHub's own letters: safe in any path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    owner: String,
    name: String,
}

/// Not a repository's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no repository: owner/name is wanted")]
pub struct BadRepository(String);

impl Repository {
    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for Repository {
    type Err = BadRepository;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |part: &str| {
            (1..=100).contains(&part.len())
                && !part.bytes().all(|byte| byte == b'.')
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        match text.split_once('/') {
            Some((owner, name)) if plain(owner) && plain(name) => {
                Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err(BadRepository(text.chars().take(200).collect())),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// What GitHub says about a repository as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryFacts {
    /// The branch that pull requests go to; none in an empty repository.
    pub default_branch: Option<String>,
    /// Whether only those who are let in see it.
    pub private: bool,
    /// Whether it is read-only.
    pub archived: bool,
}

/// One part of a path: everything but letters, digits, `-`, `_` and `~` encoded, dots included, so
/// that no name leaves its place.
pub(crate) fn encoded(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for text in ["a/b", "acme/images.d", "A-1/.github", "a_b/c"] {
            assert_eq!(text.parse::<Repository>().unwrap().to_string(), text);
        }
        for text in
            ["", "a", "/", "a/", "/b", "a/b/c", "a/..", "./b", "a b/c", "a/b?x", "a/b%2f", "é/b", "a/b\n"]
        {
            assert!(text.parse::<Repository>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_part_of_a_path_stays_one() {
        for (text, expected) in [
            ("production", "production"),
            ("pro duction", "pro%20duction"),
            ("..", "%2E%2E"),
            ("a/../b?c#d", "a%2F%2E%2E%2Fb%3Fc%23d"),
            ("é", "%C3%A9"),
            ("\r\n", "%0D%0A"),
        ] {
            assert_eq!(encoded(text), expected);
        }
    }
}
