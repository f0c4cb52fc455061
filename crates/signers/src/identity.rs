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

    /// Whether both are one and the same: the same key, or the same identity in the same deployment environment.
    /// What differs from job to job (the run, the commit, what started it) makes nobody else of it.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::KeyId(one), Self::KeyId(other)) => one == other,
            (Self::Identity(one), Self::Identity(other)) => {
                let who = |identity: &Identity| {
                    let Identity { issuer, subject, claims } = identity;
                    (issuer.clone(), subject.clone(), claims.environment.clone())
                };
                who(one) == who(other)
            }
            (Self::KeyId(_), Self::Identity(_)) | (Self::Identity(_), Self::KeyId(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_one_and_the_same() {
        let key = |text: &[u8]| Signer::KeyId(KeyId::of(text));
        let identity = |subject: &str, environment: Option<&str>, run: &str| {
            Signer::Identity(Box::new(Identity {
                issuer: "https://idp.example".into(),
                subject: subject.into(),
                claims: Claims {
                    environment: environment.map(str::to_owned),
                    run: Some(run.into()),
                    ..Claims::default()
                },
            }))
        };
        for (one, other, same) in [
            (key(b"a"), key(b"a"), true),
            (key(b"a"), key(b"b"), false),
            (key(b"a"), identity("a", None, "1"), false),
            (identity("a", None, "1"), identity("a", None, "1"), true),
            (identity("a", None, "1"), identity("a", None, "2"), true),
            (identity("a", Some("prod"), "1"), identity("a", Some("prod"), "2"), true),
            (identity("a", Some("prod"), "1"), identity("a", Some("dev"), "1"), false),
            (identity("a", Some("prod"), "1"), identity("a", None, "1"), false),
            (identity("a", None, "1"), identity("b", None, "1"), false),
        ] {
            assert_eq!(one.is_same_as(&other), same, "{one:?} {other:?}");
            assert_eq!(other.is_same_as(&one), same, "{one:?} {other:?}");
        }
    }
}
