//! Ids: the provider's own for an image, and ours for a release.

use std::fmt;
use std::str::FromStr;

use model::{Architecture, ContentDigest, ParseDigestError, Sha256, canonical_json};
use serde::{Deserialize, Serialize};

use crate::Name;

/// A provider's id for an image: it names a place, not a content. `local` uses the content digest's digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImageId(String);

impl ImageId {
    /// An id that a provider gave.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a release goes: publishing to one place more is another release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// The provider's name.
    pub provider: String,
    /// Its regions, projects or the like, sorted; none for `local`.
    pub locations: Vec<String>,
}

/// What is published: its id decides whether that has been done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The image's content.
    pub content_digest: ContentDigest,
    /// The name it is published under.
    pub name: Name,
    /// The processor architecture.
    pub architecture: Architecture,
    /// Where it goes.
    pub distribution: Distribution,
}

impl Release {
    /// SHA-256 over the canonical JSON of what the release is.
    ///
    /// # Errors
    /// Never in practice: every member has a JSON form.
    pub fn id(&self) -> Result<ReleaseId, serde_json::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Canonical<'a> {
            architecture: Architecture,
            content_digest: ContentDigest,
            distribution: &'a Distribution,
            name: &'a Name,
        }
        let canonical = canonical_json(&Canonical {
            architecture: self.architecture,
            content_digest: self.content_digest,
            distribution: &self.distribution,
            name: &self.name,
        })?;
        Ok(ReleaseId(Sha256::of(&canonical)))
    }
}

/// The id of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReleaseId(Sha256);

impl FromStr for ReleaseId {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, ParseDigestError> {
        Ok(Self(text.parse()?))
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release() -> Release {
        Release {
            content_digest: ContentDigest::new(Sha256::of(b"disk")),
            name: "debian-app".parse().unwrap(),
            architecture: Architecture::Amd64,
            distribution: Distribution { provider: "local".into(), locations: vec![] },
        }
    }

    #[test]
    fn the_id_is_the_digest_of_these_bytes() {
        let bytes = format!(
            r#"{{"architecture":"amd64","contentDigest":"{}","distribution":{{"locations":[],"provider":"local"}},"name":"debian-app"}}"#,
            release().content_digest
        );
        assert_eq!(release().id().unwrap(), ReleaseId(Sha256::of(bytes.as_bytes())));
    }

    #[test]
    fn every_part_counts() {
        let other = [
            Release { content_digest: ContentDigest::new(Sha256::of(b"other")), ..release() },
            Release { name: "debian-base".parse().unwrap(), ..release() },
            Release { architecture: Architecture::Arm64, ..release() },
            Release {
                distribution: Distribution { provider: "local".into(), locations: vec!["here".into()] },
                ..release()
            },
        ];
        for other in other {
            assert_ne!(other.id().unwrap(), release().id().unwrap(), "{other:?}");
        }
    }
}
