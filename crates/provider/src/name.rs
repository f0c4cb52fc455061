//! Names that people give, checked once: what is held here is safe as a file name, a tag and a line of text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The longest name: what EC2 allows for an AMI.
const LONGEST: usize = 128;

/// The most parts a family has.
const DEEPEST: usize = 8;

/// A name that is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the {what} {shown:?} is refused: {why}. Wanted: letters, digits, `.`, `_` and `-`, beginning with a letter or a digit, without `..`, at most {LONGEST} characters"
)]
pub struct NameError {
    /// What it was to be the name of.
    pub what: &'static str,
    /// The name, cut short.
    pub shown: String,
    /// What is wrong with it.
    pub why: &'static str,
}

fn check(what: &'static str, text: &str) -> Result<(), NameError> {
    let refused = |why| Err(NameError { what, shown: text.chars().take(80).collect(), why });
    let Some(first) = text.bytes().next() else { return refused("it is empty") };
    if text.len() > LONGEST {
        return refused("it is too long");
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
        return refused("it has a character that no name has");
    }
    if !first.is_ascii_alphanumeric() {
        return refused("it begins with a punctuation mark");
    }
    if text.contains("..") {
        return refused("it has `..` in it");
    }
    Ok(())
}

/// The name of an image or of a disk's file: one part, no separators.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        check("name", text)?;
        Ok(Self(text.to_owned()))
    }
}

/// A channel: a family (`debian-app`, `golden/ubuntu-24.04`) and a name in it (`stable`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelName {
    family: String,
    name: String,
}

impl ChannelName {
    /// Checks a family and a channel's name.
    ///
    /// # Errors
    /// Either is no name. A family may have several parts, separated by `/`.
    pub fn new(family: &str, name: &str) -> Result<Self, NameError> {
        let parts: Vec<_> = family.split('/').collect();
        if parts.len() > DEEPEST {
            return Err(NameError {
                what: "family",
                shown: family.chars().take(80).collect(),
                why: "it has too many parts",
            });
        }
        for part in parts {
            check("family", part)?;
            if part.ends_with(".json") {
                return Err(NameError {
                    what: "family",
                    shown: part.to_owned(),
                    why: "it ends like a file's name",
                });
            }
        }
        check("channel", name)?;
        Ok(Self { family: family.to_owned(), name: name.to_owned() })
    }

    /// The family.
    #[must_use]
    pub fn family(&self) -> &str {
        &self.family
    }

    /// The name in the family.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.family, self.name)
    }
}

impl FromStr for ChannelName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (family, name) = text.rsplit_once('/').unwrap_or(("", text));
        Self::new(family, name)
    }
}

macro_rules! as_text {
    ($($type:ty),*) => {
        $(impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        })*
    };
}

as_text!(Name, ChannelName);

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: [&str; 19] = [
        "",
        ".",
        "..",
        "../up",
        "a/../b",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "a\0b",
        "a\nb",
        "a\u{1b}[31m",
        "-rf",
        ".hidden",
        "a..b",
        "a b",
        "a|b",
        "é",
        "<script>",
        "::set-output",
    ];

    #[test]
    fn hostile_names_are_refused_and_their_error_is_inert() {
        for text in HOSTILE.into_iter().chain([&*"a".repeat(129)]) {
            let error = text.parse::<Name>().unwrap_err().to_string();
            assert!(!error.contains(['\n', '\u{1b}', '\0']), "{error:?}");
            assert!(ChannelName::new("family", text).is_err(), "{text:?}");
        }
        for text in HOSTILE.into_iter().filter(|text| *text != "a/b").chain([
            "a/",
            "/a",
            "a//b",
            "a/./b",
            "a.json",
            "a.json/b",
            &*"a/".repeat(9),
        ]) {
            assert!(ChannelName::new(text, "stable").is_err(), "{text:?}");
        }
    }

    #[test]
    fn ordinary_names_are_taken() {
        for text in ["a", "debian-app", "ubuntu-24.04", "App_1.2-3", &"a".repeat(128)] {
            assert_eq!(text.parse::<Name>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_channel_reads_back_as_it_is_written() {
        for text in ["debian-app/stable", "golden/ubuntu-24.04/stable"] {
            assert_eq!(text.parse::<ChannelName>().unwrap().to_string(), text);
        }
        assert!("stable".parse::<ChannelName>().is_err());
    }
}
