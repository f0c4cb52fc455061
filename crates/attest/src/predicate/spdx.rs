//! An SBOM as SPDX 2.3: the predicate is the document itself. <https://spdx.dev/Document>

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An SPDX document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Predicate(pub Map<String, Value>);

impl Predicate {
    /// The version of SPDX, as the document writes it: `SPDX-2.3`.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.0.get("spdxVersion")?.as_str()
    }

    /// When it was made, by its own word.
    #[must_use]
    pub fn made(&self) -> Option<Timestamp> {
        self.0.get("creationInfo")?.get("created")?.as_str()?.parse().ok()
    }

    /// How many packages it lists.
    #[must_use]
    pub fn packages(&self) -> usize {
        self.0.get("packages").and_then(Value::as_array).map_or(0, Vec::len)
    }
}
