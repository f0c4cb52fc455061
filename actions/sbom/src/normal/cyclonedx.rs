//! The CycloneDX document.

use anyhow::{Context as _, bail};
use attest::predicate::sbom::{IMAGE, REPORT, SEEN};
use model::Sha256;
use runner::Result;
use serde_json::{Value, json};

use super::{Document, property, refs, seconds, sort, uuid};
use crate::list::Listed;
use crate::what::What;

/// The property of the metadata that names a file which could not be read.
const UNREAD: &str = "hallmark:unread";

/// The document as it is kept, but for its serial number.
pub(crate) fn cyclonedx(listed: &Listed, what: &What, now: jiff::Timestamp) -> Result<Document> {
    let tool = listed.tool;
    let mut document: Document =
        serde_json::from_slice(&listed.cyclonedx).with_context(|| format!("{tool}'s CycloneDX document"))?;
    let says = |name: &str, wanted: &str| document.get(name).and_then(Value::as_str) == Some(wanted);
    if !says("bomFormat", "CycloneDX") || !says("specVersion", "1.6") {
        bail!("{tool} wrote something else than CycloneDX 1.6");
    }
    // Findings are the scan's evidence: this is the list of what there is.
    document.remove("vulnerabilities");
    let metadata = document.entry("metadata").or_insert_with(|| json!({}));
    let Some(metadata) = metadata.as_object_mut() else { bail!("{tool}'s document has no metadata") };
    metadata.insert("timestamp".into(), seconds(now).into());
    metadata.insert("properties".into(), properties(metadata.get("properties"), listed, what));
    let component = metadata.entry("component").or_insert_with(|| json!({"type": "file"}));
    component["name"] = what.name.clone().into();
    component["version"] = what.version.clone().into();
    refs::settle(&mut document)?;
    sort(&mut document, "components", "bom-ref");
    Ok(document)
}

/// What the tool says, and what we say: our own names are nobody else's to use.
fn properties(theirs: Option<&Value>, listed: &Listed, what: &What) -> Value {
    let ours = |one: &&Value| one["name"].as_str().is_some_and(|name| name.starts_with("hallmark:"));
    let theirs = theirs.and_then(Value::as_array).into_iter().flatten().filter(|one| !ours(one)).cloned();
    let mut said = vec![property(SEEN, listed.seen.as_str())];
    said.extend(what.digest.map(|digest| property(IMAGE, &digest.to_string())));
    said.extend(listed.report.map(|digest| property(REPORT, &digest.to_string())));
    said.extend(listed.unread.iter().map(|one| property(UNREAD, &format!("{}: {}", one.path, one.why))));
    theirs.chain(said).collect()
}

/// Gives it the number that follows from all it says, but for its date.
pub(crate) fn seal(document: &mut Document) -> Result<()> {
    let mut undated = document.clone();
    undated.remove("serialNumber");
    if let Some(metadata) = undated.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("timestamp");
    }
    document.insert("serialNumber".into(), format!("urn:uuid:{}", uuid(&undated.into())?).into());
    Ok(())
}

/// Names the SPDX document by its digest, so that whoever vouches for this one vouches for both.
pub(crate) fn refer_to(document: &mut Document, spdx: &Sha256) {
    let reference = json!([{
        "type": "bom",
        "url": format!("reports/{spdx}.json"),
        "comment": "The same as SPDX 2.3",
        "hashes": [{"alg": "SHA-256", "content": spdx.to_string()}],
    }]);
    document.insert("externalReferences".into(), reference);
}
