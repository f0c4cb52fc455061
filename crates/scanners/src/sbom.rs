//! An SBOM as an inventory: which packages there are, and of which system.
//!
//! Read is CycloneDX (JSON, 1.2 to 1.6), as Syft and Trivy write it. <https://cyclonedx.org/docs/1.6/json/>

use model::Package;
use serde::Deserialize;

use crate::{OperatingSystem, ReportError};

const WHAT: &str = "the SBOM";
/// The minor versions of CycloneDX 1 that are read.
const MINORS: std::ops::RangeInclusive<u64> = 2..=6;
/// Where the scanners say in which file they found a component.
const PATHS: [&str; 2] = ["syft:location:0:path", "aquasecurity:trivy:FilePath"];
/// The kinds of package URLs that belong to an operating system's package manager.
const OF_A_SYSTEM: [&str; 4] = ["pkg:deb/", "pkg:rpm/", "pkg:apk/", "pkg:alpm/"];

/// What an SBOM lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Every package, in the SBOM's order.
    pub packages: Vec<Package>,
    /// How many of them belong to the operating system's package manager.
    pub os_packages: usize,
    /// The operating system, where one is listed.
    pub os: Option<OperatingSystem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bom {
    bom_format: Option<String>,
    spec_version: Option<String>,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default)]
    r#type: String,
    name: String,
    #[serde(default)]
    version: String,
    purl: Option<String>,
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

/// Reads an SBOM.
///
/// # Errors
/// Anything but one whole CycloneDX document of a known version.
pub fn read(bytes: &[u8]) -> Result<Inventory, ReportError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReportError::Empty { what: WHAT });
    }
    let bom: Bom = serde_json::from_slice(bytes).map_err(|error| ReportError::json(WHAT, error))?;
    let entry = |problem: String| ReportError::Entry { what: WHAT, place: "the document".into(), problem };
    if bom.bom_format.as_deref() != Some("CycloneDX") {
        return Err(entry("no `bomFormat: CycloneDX`: only CycloneDX is read here".into()));
    }
    let version = bom.spec_version.unwrap_or_default();
    let minor = version.strip_prefix("1.").and_then(|minor| minor.parse().ok());
    if !minor.is_some_and(|minor| MINORS.contains(&minor)) {
        let version: String = version.chars().take(20).collect();
        return Err(entry(format!("specVersion `{version}`: 1.2 to 1.6 are read")));
    }
    let mut inventory = Inventory::default();
    for component in bom.components {
        take(component, &mut inventory);
    }
    Ok(inventory)
}

fn take(component: Component, inventory: &mut Inventory) {
    let Component { r#type, name, version, purl, properties, components } = component;
    match r#type.as_str() {
        "operating-system" => {
            inventory.os = Some(OperatingSystem { family: name, name: version, end_of_life: false });
        }
        "file" => {}
        _ => {
            let of_a_system = purl.as_deref().is_some_and(is_of_a_system);
            inventory.os_packages += usize::from(of_a_system);
            // A package of the system is what the package manager says, in whatever file that is.
            let path = properties.into_iter().find(|one| PATHS.contains(&one.name.as_str()));
            inventory.packages.push(Package {
                name,
                source: None,
                version,
                purl,
                path: path.map(|one| one.value).filter(|path| !of_a_system && !path.is_empty()),
                layer: None,
            });
        }
    }
    for inner in components {
        take(inner, inventory);
    }
}

/// Whether a package URL is of an operating system's package manager.
pub(crate) fn is_of_a_system(purl: &str) -> bool {
    OF_A_SYSTEM.iter().any(|kind| purl.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_and_the_system_are_told_apart() {
        let bom = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[
            {"type":"operating-system","name":"debian","version":"13"},
            {"type":"library","name":"p","version":"1","purl":"pkg:deb/debian/p@1",
             "properties":[{"name":"syft:location:0:path","value":"/var/lib/dpkg/status"}]},
            {"type":"library","name":"q","version":"2","purl":"pkg:npm/q@2",
             "properties":[{"name":"syft:location:0:path","value":"/srv/q/package.json"}]},
            {"type":"file","name":"/etc/passwd"}]}"#;
        let inventory = read(bom.as_bytes()).unwrap();
        assert_eq!(inventory.os.unwrap().family, "debian");
        assert_eq!((inventory.packages.len(), inventory.os_packages), (2, 1));
        assert_eq!(inventory.packages[0].path, None);
        assert_eq!(inventory.packages[1].path.as_deref(), Some("/srv/q/package.json"));
    }

    #[test]
    fn anything_else_is_no_inventory() {
        for (text, says) in [
            ("", "is empty"),
            ("{\"bomFormat\":\"CycloneDX\"", "truncated"),
            ("[]", "malformed"),
            ("{}", "no `bomFormat"),
            (r#"{"bomFormat":"CycloneDX","specVersion":"1.7"}"#, "specVersion `1.7`"),
            (r#"{"bomFormat":"CycloneDX","specVersion":"2.0"}"#, "specVersion"),
            (r#"{"spdxVersion":"SPDX-2.3"}"#, "no `bomFormat"),
        ] {
            let error = read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
