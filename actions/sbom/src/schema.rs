//! Whether a document is what its specification says. The official JSON Schemas are built in and asked before anything is
//! kept or signed: an SBOM that others refuse to read is no evidence for them.

use anyhow::{Context as _, bail};
use jsonschema::Registry;
use runner::Result;
use serde_json::Value;

use crate::normal::Document;

const CYCLONEDX: &str = include_str!("../schemas/bom-1.6.schema.json");
const SPDX: &str = include_str!("../schemas/spdx-2.3.schema.json");
/// What CycloneDX's refers to.
const BESIDE: [&str; 2] =
    [include_str!("../schemas/spdx.schema.json"), include_str!("../schemas/jsf-0.82.schema.json")];

/// So many faults are told.
const TOLD: usize = 5;
/// More of one says nothing further, in characters.
const MOST: usize = 300;

/// Holds a document to CycloneDX 1.6.
///
/// # Errors
/// What in it is against the schema.
pub(crate) fn cyclonedx(document: &Document) -> Result<()> {
    check("CycloneDX 1.6", CYCLONEDX, document)
}

/// Holds a document to SPDX 2.3.
///
/// # Errors
/// What in it is against the schema.
pub(crate) fn spdx(document: &Document) -> Result<()> {
    check("SPDX 2.3", SPDX, document)
}

fn check(name: &str, schema: &str, document: &Document) -> Result<()> {
    let mut registry = Registry::new();
    let beside: Vec<Value> =
        BESIDE.iter().map(|text| serde_json::from_str(text)).collect::<Result<_, _>>()?;
    for schema in &beside {
        registry = registry.add(schema["$id"].as_str().unwrap_or_default(), schema)?;
    }
    let registry = registry.prepare()?;
    let schema: Value = serde_json::from_str(schema)?;
    // Nothing is fetched: what a schema refers to is there, or it is no schema.
    let options = jsonschema::options().with_registry(&registry).offline().should_validate_formats(true);
    let validator = options.build(&schema).with_context(|| format!("the schema of {name}"))?;
    let document = Value::Object(document.clone());
    let mut faults = validator.iter_errors(&document);
    let told: Vec<String> = faults
        .by_ref()
        .take(TOLD)
        .map(|fault| {
            runner::escape::shortened(&format!("at `{}`: {}", fault.instance_path(), fault.masked()), MOST)
        })
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    let more = match faults.count() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    bail!("the document is not valid {name}, so nothing was kept: {}{more}", told.join("; "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cyclonedx_of(change: impl FnOnce(&mut Value)) -> Result<()> {
        let mut document = json!({
            "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
            "components": [{
                "type": "library", "name": "a", "version": "1", "bom-ref": "a",
                "licenses": [{"license": {"id": "MIT"}}],
                "externalReferences": [{"type": "website", "url": "https://example.org/a"}],
            }],
        });
        change(&mut document);
        cyclonedx(document.as_object().unwrap())
    }

    #[test]
    fn what_is_against_the_schema_is_told_with_its_place() {
        cyclonedx_of(|_| {}).unwrap();
        type Change = fn(&mut Value);
        let changes: [(Change, &str); 5] = [
            (|it| it["components"][0]["type"] = json!("thing"), "at `/components/0/type`"),
            (|it| it["components"][0]["made-up"] = json!(1), "'made-up' was unexpected"),
            // By the schemas beside it, and by a format.
            (
                |it| it["components"][0]["licenses"][0]["license"]["id"] = json!("Mine"),
                "/components/0/licenses",
            ),
            (|it| it["signature"] = json!({"algorithm": "none"}), "at `/signature"),
            (
                |it| it["components"][0]["externalReferences"][0]["url"] = json!("a b"),
                "at `/components/0/externalReferences/0/url",
            ),
        ];
        for (change, says) in changes {
            let error = cyclonedx_of(change).unwrap_err().to_string();
            assert!(
                error.starts_with("the document is not valid CycloneDX 1.6, so nothing was kept: at `/"),
                "{error}"
            );
            assert!(error.contains(says), "{says}: {error}");
        }
    }

    #[test]
    fn the_first_faults_are_told_and_how_many_there_are_more() {
        let error = cyclonedx_of(|it| {
            let wrong = |name| json!({"type": "x".repeat(1_000), "name": name});
            it["components"] = (0..TOLD + 2).map(|name| wrong(name.to_string())).collect();
        })
        .unwrap_err()
        .to_string();
        assert!(error.contains("at `/components/4/type`: value is not one of "), "{error}");
        assert!(error.ends_with("; and 2 more") && error.len() < TOLD * (MOST + 100), "{error}");
    }

    #[test]
    fn spdx_is_held_to_its_own() {
        let mut document = json!({
            "SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": "SPDX-2.3", "name": "a", "dataLicense": "CC0-1.0",
            "documentNamespace": "https://example.org/a",
            "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: a"]},
        });
        spdx(document.as_object().unwrap()).unwrap();
        document["packages"] =
            json!([{"name": "a", "SPDXID": "SPDXRef-a", "primaryPackagePurpose": "OPERATING-SYSTEM"}]);
        let error = spdx(document.as_object().unwrap()).unwrap_err().to_string();
        assert!(error.contains("not valid SPDX 2.3") && error.contains("primaryPackagePurpose"), "{error}");
    }
}
