//! The manifest as YAML spells it: which members there are, of which shape, and where each stands.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::Place;

/// The whole of it.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Manifest {
    pub(super) version: Spanned<u64>,
    pub(super) trusted_root: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) keys: BTreeMap<String, Spanned<Key>>,
    #[serde(default)]
    pub(super) identities: BTreeMap<String, Spanned<Identity>>,
    pub(super) files: Option<Spanned<Vec<Spanned<File>>>>,
    pub(super) checksums: Option<Spanned<Vec<Spanned<Checksums>>>>,
}

/// A key.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) file: Option<Spanned<String>>,
    pub(super) pem: Option<Spanned<String>>,
    pub(super) jwk: Option<Spanned<serde_json::Map<String, serde_json::Value>>>,
    pub(super) kms: Option<Spanned<String>>,
}

/// An identity: the members of a rule, which the crate that owns it knows.
pub(super) type Identity = BTreeMap<String, Spanned<Texts>>;

/// What both kinds of entries say of whose signatures they need. `flatten` would lose the places and the refusal of
/// unknown members.
macro_rules! entry {
    ($(#[$about:meta])* $name:ident { $($own:ident: $type:ty),+ }) => {
        $(#[$about])*
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        pub(super) struct $name {
            $(pub(super) $own: $type,)+
            signed_by: Option<Spanned<Texts>>,
            key: Option<Spanned<String>>,
            keys: Option<Spanned<Vec<Spanned<String>>>>,
            threshold: Option<Spanned<u64>>,
            signature: Option<Spanned<Texts>>,
            bundle: Option<Spanned<Texts>>,
            sha256: Option<Spanned<String>>,
            require: Option<Spanned<Texts>>,
            predicate_type: Option<Spanned<Texts>>,
            provenance: Option<Spanned<Provenance>>,
        }

        impl $name {
            /// Takes out what both kinds have.
            pub(super) fn wanted(&mut self) -> Wanted {
                Wanted {
                    signed_by: self.signed_by.take(),
                    key: self.key.take(),
                    keys: self.keys.take(),
                    threshold: self.threshold.take(),
                    signature: self.signature.take(),
                    bundle: self.bundle.take(),
                    sha256: self.sha256.take(),
                    require: self.require.take(),
                    predicate_type: self.predicate_type.take(),
                    provenance: self.provenance.take(),
                }
            }
        }
    };
}

/// What both kinds have.
pub(super) struct Wanted {
    pub(super) signed_by: Option<Spanned<Texts>>,
    pub(super) key: Option<Spanned<String>>,
    pub(super) keys: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) threshold: Option<Spanned<u64>>,
    pub(super) signature: Option<Spanned<Texts>>,
    pub(super) bundle: Option<Spanned<Texts>>,
    pub(super) sha256: Option<Spanned<String>>,
    pub(super) require: Option<Spanned<Texts>>,
    pub(super) predicate_type: Option<Spanned<Texts>>,
    pub(super) provenance: Option<Spanned<Provenance>>,
}

entry! {
    /// One of `files`.
    File { path: Spanned<String> }
}
entry! {
    /// One of `checksums`.
    Checksums { manifest: Spanned<String>, only: Option<Spanned<Texts>> }
}

/// Provenance.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Provenance {
    pub(super) builder: Option<Spanned<String>>,
    pub(super) source: Option<Spanned<String>>,
    #[serde(rename = "ref")]
    pub(super) git_ref: Option<Spanned<String>>,
    pub(super) workflow: Option<Spanned<String>>,
}

/// A text, or a list of texts.
pub(super) enum Texts {
    One(String),
    List(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Texts, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = seq.next_element()? {
                    texts.push(text);
                }
                Ok(Texts::List(texts))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Each text and its place.
pub(super) fn each(texts: Spanned<Texts>) -> Vec<(String, Option<Place>)> {
    match texts.value {
        Texts::One(text) => vec![(text, Place::of(texts.referenced))],
        Texts::List(list) => list.into_iter().map(|text| (text.value, Place::of(text.referenced))).collect(),
    }
}
