//! OpenVEX 0.2.0, in and out: statements about vulnerabilities in products.
//!
//! Own small types: the crates that exist are stale. Unknown keys are refused, as the format's schema does.

mod newest;
mod read;
mod write;

use serde::{Deserialize, Serialize};

pub use crate::exceptions::{Justification, VexStatus as Status};
pub use write::{Exported, Product, Publication, export};

/// The context that says which version of the format a document has.
pub const CONTEXT: &str = "https://openvex.dev/ns/v0.2.0";

pub(super) const FORMAT: super::Format = super::Format {
    name: "openvex",
    is_named: |name| name.ends_with(".openvex.json") || name.ends_with(".vex.json") || name == "openvex.json",
    read: read::read,
};

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// [`CONTEXT`].
    #[serde(rename = "@context")]
    pub context: String,
    /// An IRI.
    #[serde(rename = "@id")]
    pub id: String,
    /// Who says it.
    pub author: String,
    /// As what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// When it was issued.
    pub timestamp: String,
    /// When it was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<String>,
    /// Counts its changes.
    pub version: u64,
    /// What made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tooling: Option<String>,
    /// What it says.
    pub statements: Vec<Statement>,
}

impl Document {
    /// As a file, in which no character is hidden from whoever looks at it.
    #[must_use]
    pub fn to_json(&self) -> String {
        // A document has nothing that JSON could not have: text under names that are text.
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        let mut shown = String::with_capacity(text.len() + 1);
        for c in text.chars() {
            if c != '\n' && super::write::is_hidden(c) {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    shown += &format!("\\u{unit:04x}");
                }
            } else {
                shown.push(c);
            }
        }
        shown.push('\n');
        shown
    }
}

/// One assertion.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// An IRI.
    #[serde(rename = "@id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Counts its changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// About what.
    pub vulnerability: Vulnerability,
    /// Since when; the document's by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// When it was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<String>,
    /// In what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<Component>,
    /// How it stands.
    pub status: Status,
    /// Whose product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// How that was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_notes: Option<String>,
    /// Why not affected, in a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<Justification>,
    /// Why not affected, in prose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_statement: Option<String>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_statement: Option<String>,
    /// Since when that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_statement_timestamp: Option<String>,
}

/// A vulnerability and its names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vulnerability {
    /// An IRI.
    #[serde(rename = "@id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its other names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

/// A product, or a part of one; only a product has parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// An IRI.
    #[serde(rename = "@id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Other names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifiers: Option<Identifiers>,
    /// Digests, by algorithm.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub hashes: std::collections::BTreeMap<String, String>,
    /// The parts that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subcomponents: Vec<Component>,
}

/// Names in other systems.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifiers {
    /// Package URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// CPE 2.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpe22: Option<String>,
    /// CPE 2.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpe23: Option<String>,
}
