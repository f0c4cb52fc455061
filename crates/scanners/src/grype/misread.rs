//! SBOMs that Grype reads, and whose packages it does not know the sources of.
//!
//! Distributions write their advisories about source packages. Grype takes a package's source from its package URL
//! (`upstream=`) or from Syft's own properties. Trivy names it in properties of its own, which Grype (0.120) does not
//! know: of such an SBOM it finds only what is of a package that is called like its source, and says nothing.

use serde::Deserialize;

use crate::ReportError;

const WHAT: &str = "the SBOM";
/// Where Trivy says which source package it was built from.
const SOURCE: &str = "aquasecurity:trivy:SrcName";

#[derive(Deserialize)]
struct Bom {
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default)]
    name: String,
    #[serde(default)]
    purl: String,
    #[serde(default)]
    properties: Vec<Property>,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Property {
    #[serde(default)]
    name: String,
    #[serde(default)]
    value: String,
}

/// The first package of an SBOM (CycloneDX) whose source is named in a way that Grype does not read.
///
/// # Errors
/// Anything but a CycloneDX document.
pub fn misread(sbom: &[u8]) -> Result<Option<String>, ReportError> {
    let bom: Bom = serde_json::from_slice(sbom).map_err(|error| ReportError::json(WHAT, error))?;
    Ok(first(bom.components))
}

fn first(components: Vec<Component>) -> Option<String> {
    components.into_iter().find_map(|Component { name, purl, properties, components }| {
        let source = properties.iter().find(|one| one.name == SOURCE).map(|one| one.value.as_str());
        let otherwise = source.is_some_and(|source| !source.is_empty() && source != name);
        if otherwise && !purl.contains("upstream=") { Some(name) } else { first(components) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_is_named_in_trivys_way_only() {
        // (name, purl, source) → misread
        let table = [
            ("libc6", "pkg:deb/debian/libc6@1?arch=amd64", Some("glibc"), true),
            ("libc6", "pkg:deb/debian/libc6@1?arch=amd64&upstream=glibc", Some("glibc"), false),
            ("bash", "pkg:deb/debian/bash@1", Some("bash"), false),
            ("libc6", "pkg:deb/debian/libc6@1", Some(""), false),
            ("libc6", "pkg:deb/debian/libc6@1", None, false),
        ];
        for (name, purl, source, wanted) in table {
            let properties: Vec<_> =
                source.iter().map(|value| serde_json::json!({"name": SOURCE, "value": value})).collect();
            let inner = serde_json::json!({"name": name, "purl": purl, "properties": properties});
            for bom in [
                serde_json::json!({"components": [inner]}),
                serde_json::json!({"components": [{"name": "x", "components": [inner]}]}),
            ] {
                assert_eq!(misread(bom.to_string().as_bytes()).unwrap().is_some(), wanted, "{bom}");
            }
        }
        assert_eq!(misread(b"{}").unwrap(), None);
        assert!(misread(b"{\"components\": [").is_err());
    }
}
