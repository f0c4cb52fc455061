//! An SBOM: the predicate is the document itself, so that cosign, GitHub and everybody else read it as it is.
//! CycloneDX: <https://cyclonedx.org/bom>; SPDX: <https://spdx.dev/Document>.
//!
//! What Hallmark needs to know beyond the document stands in it where each format has room for it: in CycloneDX as
//! properties of its `metadata`.

use jiff::Timestamp;
use model::{Sha256, canonical_json};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The property that says how the image was seen.
pub const SEEN: &str = "hallmark:seen";
/// The property with the digest of the scanner's report that the document was made from.
pub const REPORT: &str = "hallmark:report";
/// The property with the image's content digest.
pub const IMAGE: &str = "hallmark:image";
/// The property of a component that says which image of the chain brought it.
pub const LAYER: &str = "hallmark:layer";

/// How the image was seen by whatever listed its components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The image's disk.
    Disk,
    /// A folder with a root file system.
    Rootfs,
    /// A scanner's report.
    Report,
}

impl Seen {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Disk, Self::Rootfs, Self::Report];

    /// As the document says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disk => "disk",
            Self::Rootfs => "rootfs",
            Self::Report => "report",
        }
    }
}

/// A CycloneDX document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Predicate(pub Map<String, Value>);

impl Predicate {
    /// The document's bytes: canonical JSON, which is how they stand in the statement, and how they are kept.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        canonical_json(&self.0)
    }

    /// How the image was seen. A document of another tool does not say it.
    #[must_use]
    pub fn seen(&self) -> Option<Seen> {
        let said = self.said(SEEN)?;
        Seen::ALL.into_iter().find(|seen| seen.as_str() == said)
    }

    /// The scanner's report that it was made from, where it was.
    #[must_use]
    pub fn report(&self) -> Option<Sha256> {
        self.said(REPORT)?.parse().ok()
    }

    /// When it was made, by its own word.
    #[must_use]
    pub fn made(&self) -> Option<Timestamp> {
        self.0.get("metadata")?.get("timestamp")?.as_str()?.parse().ok()
    }

    /// The program that listed the components; what a document does not name is some tool.
    #[must_use]
    pub fn tool(&self) -> &str {
        let tools = self.0.get("metadata").and_then(|metadata| metadata.get("tools"));
        let list = tools.and_then(|tools| tools.get("components").or(Some(tools)));
        let first = list.and_then(|list| list.get(0));
        first.and_then(|tool| tool.get("name")).and_then(Value::as_str).unwrap_or("another tool")
    }

    /// What the one property of the document's metadata says; nothing, if it is there twice.
    #[must_use]
    pub fn said(&self, name: &str) -> Option<&str> {
        let properties = self.0.get("metadata")?.get("properties")?.as_array()?;
        let mut found = properties.iter().filter(|one| one.get("name").and_then(Value::as_str) == Some(name));
        match (found.next(), found.next()) {
            (Some(one), None) => one.get("value")?.as_str(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(properties: Value) -> Predicate {
        serde_json::from_value(json!({"metadata": {
            "timestamp": "2026-11-22T11:00:00Z", "properties": properties,
            "tools": {"components": [{"name": "syft"}]},
        }}))
        .unwrap()
    }

    #[test]
    fn what_is_said_twice_is_not_said() {
        let said = |value: &str| json!({"name": SEEN, "value": value});
        assert_eq!(document(json!([said("disk")])).seen(), Some(Seen::Disk));
        assert_eq!(document(json!([said("rootfs")])).seen(), Some(Seen::Rootfs));
        for unclear in [json!([said("disk"), said("rootfs")]), json!([said("booted")]), json!([]), json!(7)] {
            assert_eq!(document(unclear.clone()).seen(), None, "{unclear}");
        }
    }

    #[test]
    fn tool_and_time() {
        let one = document(json!([]));
        assert_eq!(one.tool(), "syft");
        assert_eq!(one.made(), "2026-11-22T11:00:00Z".parse().ok());
        let older: Predicate =
            serde_json::from_value(json!({"metadata": {"tools": [{"name": "trivy"}]}})).unwrap();
        assert_eq!(older.tool(), "trivy");
        let bare: Predicate = serde_json::from_value(json!({})).unwrap();
        assert_eq!((bare.tool(), bare.made(), bare.report()), ("another tool", None, None));
    }
}
