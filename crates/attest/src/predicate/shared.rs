//! Parts that several predicates have.

use std::collections::BTreeMap;

use model::{DigestSet, Sha256, Subject};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// in-toto's `ResourceDescriptor`: something that a statement refers to.
/// <https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceDescriptor {
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What identifies it where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: DigestSet,
    /// Where it can be fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download_location: Option<String>,
    /// Its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, Value>,
}

impl ResourceDescriptor {
    /// A file, by the SHA-256 of its bytes.
    pub fn file(name: impl Into<String>, digest: Sha256) -> Self {
        Subject::file(name, digest).into()
    }

    /// The SHA-256 it carries, if it carries a well-formed one.
    #[must_use]
    pub fn sha256(&self) -> Option<Sha256> {
        self.digest.get("sha256")?.parse().ok()
    }

    /// The same with an annotation more.
    #[must_use]
    pub fn annotated(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.annotations.insert(name.into(), value.into());
        self
    }
}

impl From<Subject> for ResourceDescriptor {
    fn from(subject: Subject) -> Self {
        Self { name: subject.name, uri: subject.uri, digest: subject.digest, ..Self::default() }
    }
}

/// A digest set of exactly a SHA-256, where a file is meant and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    /// The SHA-256 of the file's bytes.
    pub sha256: Sha256,
}

impl From<Sha256> for FileDigest {
    fn from(sha256: Sha256) -> Self {
        Self { sha256 }
    }
}

/// A program that ran, identified by its bytes and not by what it prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// What it is called.
    pub name: String,
    /// The version of the release it belongs to.
    pub version: String,
    /// The SHA-256 of the executable.
    pub sha256: Sha256,
}
