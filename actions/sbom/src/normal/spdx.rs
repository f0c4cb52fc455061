//! The SPDX document.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use runner::Result;
use serde_json::{Value, json};

use super::{Document, seconds, sort, uuid};
use crate::list::Listed;
use crate::what::What;

/// The document as it is kept.
pub(crate) fn spdx(listed: &Listed, what: &What, now: Timestamp) -> Result<Document> {
    let tool = listed.tool;
    let mut document: Document =
        serde_json::from_slice(&listed.spdx).with_context(|| format!("{tool}'s SPDX document"))?;
    if document.get("spdxVersion").and_then(Value::as_str) != Some("SPDX-2.3") {
        bail!("{tool} wrote something else than SPDX 2.3");
    }
    without_files(&mut document);
    purposes(&mut document);
    document.insert("name".into(), what.name.clone().into());
    for list in ["packages", "hasExtractedLicensingInfos"] {
        sort(&mut document, list, if list == "packages" { "SPDXID" } else { "licenseId" });
    }
    sort(&mut document, "relationships", "spdxElementId");
    undated(&mut document);
    let namespace = format!("https://hallmark.dev/spdx/{}", uuid(&Value::from(document.clone()))?);
    document.insert("documentNamespace".into(), namespace.into());
    dated(&mut document, &seconds(now));
    Ok(document)
}

/// Packages are listed, not files: Syft names some of those, with checksums of zeros, because SPDX demands one.
fn without_files(document: &mut Document) {
    let Some(files) = document.remove("files") else { return };
    let ids = files.as_array().into_iter().flatten().filter_map(|file| file["SPDXID"].as_str());
    let files: BTreeSet<&str> = ids.collect();
    let is_file = |end: &Value| end.as_str().is_some_and(|end| files.contains(end));
    if let Some(relationships) = document.get_mut("relationships").and_then(Value::as_array_mut) {
        relationships.retain(|one| !is_file(&one["spdxElementId"]) && !is_file(&one["relatedSpdxElement"]));
    }
    for package in document.get_mut("packages").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(package) = package.as_object_mut() {
            package.remove("hasFiles");
            package.remove("packageVerificationCode");
        }
    }
}

/// Trivy writes the purpose of a system as SPDX's text files spell it, which its JSON Schema does not know.
fn purposes(document: &mut Document) {
    for package in document.get_mut("packages").and_then(Value::as_array_mut).into_iter().flatten() {
        if package["primaryPackagePurpose"] == "OPERATING-SYSTEM" {
            package["primaryPackagePurpose"] = "OPERATING_SYSTEM".into();
        }
    }
}

fn undated(document: &mut Document) {
    document.remove("documentNamespace");
    dated(document, "");
}

/// Every date is that of the list: the tool read its clock for each remark.
fn dated(document: &mut Document, now: &str) {
    let creation = document.entry("creationInfo").or_insert_with(|| json!({}));
    creation["created"] = now.into();
    date_annotations(document.get_mut("annotations"), now);
    for package in document.get_mut("packages").and_then(Value::as_array_mut).into_iter().flatten() {
        date_annotations(package.get_mut("annotations"), now);
    }
}

fn date_annotations(annotations: Option<&mut Value>, now: &str) {
    for annotation in annotations.and_then(Value::as_array_mut).into_iter().flatten() {
        annotation["annotationDate"] = now.into();
    }
}
