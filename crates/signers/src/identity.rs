//! What a certificate says of whoever it was issued to: Fulcio's extensions, in the words of GitHub's tokens.
//! <https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md>

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::key::KeyId;

/// Who signed something, as it was verified.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Signer {
    /// The key with this id. In JSON a string.
    KeyId(KeyId),
    /// The workload or person that a certificate was issued to. In JSON an object.
    Identity(Box<Identity>),
}

/// What a certificate says. It is worth something only when its chain was verified.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The OIDC issuer that knew the signer, as a URL.
    pub issuer: String,
    /// The subject's alternative name: a workflow file with its ref as a URL, or an e-mail address.
    pub subject: String,
    /// What the issuer said of a CI job.
    #[serde(flatten)]
    pub claims: Claims,
}

/// What an issuer says of a CI job. A claim that a certificate does not carry is `None`, and satisfies no rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Claims {
    /// The workflow file that signed, with its ref, as a URL (extension 9; `job_workflow_ref`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The repository that was built, as a URL (extension 12).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The repository's number, which survives a rename (extension 15).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository_id: Option<String>,
    /// The ref that was built (extension 14).
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
    /// The commit that was built (extension 13).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// `github-hosted` or `self-hosted` (extension 11).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runner_environment: Option<String>,
    /// What started the run: `push`, `workflow_dispatch` … (extension 20).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// The run, as a URL (extension 21).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The deployment environment of the job (extension 23).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (by {})", self.subject, self.issuer)
    }
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyId(id) => write!(f, "key {}", id.short()),
            Self::Identity(identity) => identity.fmt(f),
        }
    }
}

impl Signer {
    /// The key's id, where a key signed.
    #[must_use]
    pub const fn key_id(&self) -> Option<KeyId> {
        match self {
            Self::KeyId(id) => Some(*id),
            Self::Identity(_) => None,
        }
    }
}
