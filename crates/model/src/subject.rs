//! in-toto's way to name a thing: by digests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{CONTENT_DIGEST, ContentDigest, Sha256};

/// Algorithm → lower-case hexadecimal value, as in-toto's `DigestSet` (attestation spec v1).
pub type DigestSet = BTreeMap<String, String>;

/// The members of in-toto's `ResourceDescriptor` that Hallmark writes: what a statement is about,
/// or something it depends on. The digest identifies; name and URI only describe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// A name to tell subjects of one statement apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it may be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: DigestSet,
}

impl Subject {
    /// A file, by the SHA-256 of its bytes.
    pub fn file(name: impl Into<String>, digest: Sha256) -> Self {
        Self {
            name: Some(name.into()),
            uri: None,
            digest: DigestSet::from([("sha256".into(), digest.to_string())]),
        }
    }

    /// An image, by its content digest.
    pub fn image(name: impl Into<String>, digest: ContentDigest) -> Self {
        Self {
            name: Some(name.into()),
            uri: None,
            digest: DigestSet::from([(CONTENT_DIGEST.into(), digest.sha256().to_string())]),
        }
    }

    /// The SHA-256 it carries, if it carries a well-formed one.
    #[must_use]
    pub fn sha256(&self) -> Option<Sha256> {
        self.digest.get("sha256")?.parse().ok()
    }

    /// The content digest it carries, if it carries a well-formed one.
    #[must_use]
    pub fn content_digest(&self) -> Option<ContentDigest> {
        self.digest.get(CONTENT_DIGEST)?.parse().ok().map(ContentDigest::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_written_as_in_toto_spells_it() {
        let digest = Sha256::of(b"");
        let file = serde_json::to_value(Subject::file("a", digest)).unwrap();
        assert_eq!(file, serde_json::json!({"name": "a", "digest": {"sha256": digest.to_string()}}));
        let image = Subject::image("i", ContentDigest::new(digest));
        assert_eq!(image.content_digest(), Some(ContentDigest::new(digest)));
        assert_eq!(image.sha256(), None);
    }

    #[test]
    fn a_malformed_digest_is_no_digest() {
        let subject =
            Subject { digest: DigestSet::from([("sha256".into(), "ABC".into())]), ..Subject::default() };
        assert_eq!(subject.sha256(), None);
    }
}
