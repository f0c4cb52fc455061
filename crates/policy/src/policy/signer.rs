//! Who signs: by what a policy knows them, and what is left of that when nothing is to be looked up any more.

use std::fmt;

use model::Sha256;
use serde_json::{Value, json};
use signers::{IdentityRule, PUBLIC_GOOD, ROOTS};

use crate::problem::At;

/// Someone who signs evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signer {
    pub(crate) at: At,
    pub(crate) known_by: Option<Credential>,
}

/// By what a signer is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A public key's file, relative to the policy's own.
    KeyFile(String),
    /// The public key itself, in PEM.
    Pem(String),
    /// What a certificate has to say of it.
    Identity(Box<Identity>),
}

/// An identity that signs without a key of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Which identities are meant.
    pub rule: IdentityRule,
    /// Whose word counts for it.
    pub root: Root,
}

/// The Sigstore trusted root that vouches for an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Root {
    /// One that the program carries: `public-good`, `github`.
    Named(&'static str),
    /// A file, relative to the policy's own.
    File(String),
    /// The one with these bytes, as resolved policies have it.
    Digest(Sha256),
}

const DIGEST: &str = "sha256:";

impl Root {
    /// Reads it as a policy or an input has it: a name, a path, which has a `/` or a `.`, or a digest.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(name) = ROOTS.into_iter().find(|name| *name == text) {
            return Some(Self::Named(name));
        }
        if let Some(digest) = text.strip_prefix(DIGEST) {
            return digest.parse().ok().map(Self::Digest);
        }
        text.contains(['/', '.']).then(|| Self::File(text.to_owned()))
    }
}

impl Default for Root {
    fn default() -> Self {
        Self::Named(PUBLIC_GOOD)
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::File(path) => f.write_str(path),
            Self::Digest(digest) => write!(f, "{DIGEST}{digest}"),
        }
    }
}

/// A signer with nothing left to look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolvedSigner {
    /// The holder of a key: its public half, in PEM.
    Key(String),
    /// An identity, and the SHA-256 of the trusted root that vouches for it.
    Identity {
        /// Which identities are meant.
        rule: Box<IdentityRule>,
        /// The trusted root's bytes.
        root: Sha256,
    },
}

impl ResolvedSigner {
    /// As a policy file would write it.
    pub(crate) fn written(&self) -> Value {
        match self {
            Self::Key(pem) => json!({"pem": pem}),
            Self::Identity { rule, root } => {
                json!({"identity": rule.text(), "trusted-root": Root::Digest(*root).to_string()})
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_root() {
        let digest = Sha256::of(b"root");
        for (text, wanted) in [
            ("public-good", Some(Root::Named("public-good"))),
            ("github", Some(Root::Named("github"))),
            ("root.json", Some(Root::File("root.json".into()))),
            ("../keys/root", Some(Root::File("../keys/root".into()))),
            (&format!("sha256:{digest}"), Some(Root::Digest(digest))),
            ("sha256:12", None),
            ("sha256:", None),
            ("Public-Good", None),
            ("gitlab", None),
            ("", None),
        ] {
            assert_eq!(Root::parse(text), wanted, "{text}");
            if let Some(root) = wanted {
                assert_eq!(root.to_string(), text);
            }
        }
    }
}
