//! What a Trivy database says of itself: `metadata.json`.

use jiff::Timestamp;
use serde::Deserialize;

use crate::{Database, ReportError};

const WHAT: &str = "the database's metadata.json";
/// The schema that Trivy 0.69 reads.
pub(super) const SCHEMA: u64 = 2;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    #[serde(default)]
    version: u64,
    updated_at: String,
}

pub(super) fn read(bytes: &[u8]) -> Result<Database, ReportError> {
    if bytes.is_empty() {
        return Err(ReportError::Empty { what: WHAT });
    }
    let metadata: Metadata = serde_json::from_slice(bytes).map_err(|error| ReportError::json(WHAT, error))?;
    if metadata.version != SCHEMA {
        return Err(ReportError::Schema { what: WHAT, found: metadata.version.to_string(), wanted: SCHEMA });
    }
    let updated: Timestamp = metadata.updated_at.parse().map_err(|error| ReportError::Entry {
        what: WHAT,
        place: "UpdatedAt".into(),
        problem: format!("{error}"),
    })?;
    Ok(Database { version: metadata.version, updated })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_metadata_reads() {
        let text = br#"{"Version":2,"NextUpdate":"2026-11-22T18:25:07.27Z","UpdatedAt":"2026-11-21T18:25:07.272410489Z","DownloadedAt":"2026-11-22T01:02:03Z"}"#;
        let database = read(text).unwrap();
        assert_eq!(database.version, 2);
        assert_eq!(database.updated.to_string(), "2026-11-21T18:25:07.272410489Z");
    }

    #[test]
    fn anything_else_is_refused() {
        for (text, says) in [
            (&b""[..], "empty"),
            (b"{", "ends early"),
            (b"[]", "malformed"),
            (b"{}", "malformed"),
            (br#"{"Version":1,"UpdatedAt":"2026-11-21T18:25:07Z"}"#, "schema version 1"),
            (br#"{"UpdatedAt":"2026-11-21T18:25:07Z"}"#, "schema version 0"),
            (br#"{"Version":2,"UpdatedAt":"yesterday"}"#, "UpdatedAt"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
