//! What Grype says of its database: `grype db status --output json`.

use jiff::Timestamp;
use serde::Deserialize;

use crate::{Database, ReportError};

const WHAT: &str = "what Grype says of its database";
/// The model of the schema that Grype 0.120 reads.
pub(super) const MODEL: u64 = 6;

/// As `db status` writes it, and each report under `descriptor.db.status`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    #[serde(default)]
    pub(super) schema_version: String,
    #[serde(default)]
    pub(super) built: String,
    #[serde(default)]
    pub(super) error: String,
}

pub(super) fn read(bytes: &[u8]) -> Result<Database, ReportError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReportError::Empty { what: WHAT });
    }
    let status: Status = serde_json::from_slice(bytes).map_err(|error| ReportError::json(WHAT, error))?;
    let entry =
        |place: &str, problem: String| ReportError::Entry { what: WHAT, place: place.into(), problem };
    if !status.error.is_empty() {
        return Err(entry("error", status.error));
    }
    // `v6.1.10`
    let version = status.schema_version.trim_start_matches('v');
    let model = version.split('.').next().and_then(|model| model.parse().ok());
    let Some(version) = model.filter(|model| *model == MODEL) else {
        let found = status.schema_version.chars().take(20).collect();
        return Err(ReportError::Schema { what: WHAT, found, wanted: MODEL });
    };
    let updated: Timestamp =
        status.built.parse().map_err(|error: jiff::Error| entry("built", error.to_string()))?;
    Ok(Database { version, updated })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_status_reads() {
        let text = br#"{"schemaVersion":"v6.1.10","from":"https://x/y.tar.zst?checksum=sha256%3A00",
            "built":"2026-11-21T06:22:11Z","path":"/c/6/vulnerability.db","valid":true}"#;
        let database = read(text).unwrap();
        assert_eq!(database.version, 6);
        assert_eq!(database.updated.to_string(), "2026-11-21T06:22:11Z");
    }

    #[test]
    fn anything_else_is_refused() {
        for (text, says) in [
            ("", "empty"),
            ("{", "ends early"),
            ("7", "malformed"),
            ("{}", "schema version "),
            (r#"{"schemaVersion":"v5.0.0","built":"2026-11-21T06:22:11Z"}"#, "schema version v5.0.0"),
            (r#"{"schemaVersion":"v6.1.0"}"#, "built"),
            (r#"{"schemaVersion":"v6.1.0","built":"yesterday"}"#, "built"),
            (r#"{"schemaVersion":"","valid":false,"error":"database does not exist"}"#, "does not exist"),
        ] {
            let error = read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
