//! `https://hallmark.dev/verdict/v1`: what the policy decided about an image, why, and from what.
//! Ours, because the standard summary ([`super::vsa`]) knows neither `review` nor reasons.

use jiff::Timestamp;
use model::{Reason, Sha256, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use signers::Signer;

use super::{FileDigest, ResourceDescriptor};
use crate::Kind;

/// The predicate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// What was decided.
    pub verdict: Verdict,
    /// Why; empty when nothing speaks against the image.
    pub reasons: Vec<Reason>,
    /// The exceptions that were applied, each as the exceptions file has it, with what it covered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Value>,
    /// The policy.
    pub policy: Policy,
    /// Whether the policy only reports: then nothing may be published by this verdict, whatever it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub report_only: bool,
    /// What the image was built for, where that was given: `prod`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Where policy and exceptions came from.
    #[serde(default, skip_serializing_if = "Sources::is_empty")]
    pub sources: Sources,
    /// The exceptions file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exceptions_file: Option<ResourceDescriptor>,
    /// Every piece of evidence that was taken into account.
    pub evidence: Vec<EvidenceRef>,
    /// When it was decided: the clock that freshness and expiry were measured by.
    pub decided_on: Timestamp,
    /// The replay manifest, which lists every input by digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<ResourceDescriptor>,
    /// The approval that it was decided with, when it was resumed with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<EvidenceRef>,
}

/// The policy that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// What it is, as resolved.
    pub digest: FileDigest,
}

/// Where policy and exceptions came from, file by file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// The policy, those it extends, its module and the keys of its signers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy: Vec<Source>,
    /// The exceptions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Source>,
}

/// One file, and where it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its name: a shipped policy's, or its path.
    pub name: String,
    /// The SHA-256 of its bytes.
    pub sha256: Sha256,
    /// Where it was read.
    pub from: Origin,
    /// The repository that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The branch, which was protected when it was read.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commit that the branch pointed at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// Where a file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The executable itself carries it.
    Shipped,
    /// The machine's disk.
    File,
    /// A repository, by its API.
    Repository,
}

impl Origin {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shipped => "shipped",
            Self::File => "file",
            Self::Repository => "repository",
        }
    }
}

impl Sources {
    /// Whether nothing is said.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.policy.is_empty() && self.exceptions.is_empty()
    }
}

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceRef {
    /// What kind it is.
    pub kind: Kind,
    /// Its file's name.
    pub file: String,
    /// The SHA-256 of the file.
    pub sha256: Sha256,
    /// The SHA-256 of the signed payload.
    pub payload_digest: Sha256,
    /// Who signed it: the id of a key, or the identity of a certificate; none when nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<Signer>,
}
