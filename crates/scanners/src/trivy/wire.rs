//! Trivy's JSON report as it lies in the file: the members that are read, and no more.
//!
//! A finding stays a JSON value at first, because its record is made of it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Report {
    pub(super) schema_version: Option<Value>,
    #[serde(default)]
    pub(super) trivy: Option<Tool>,
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) artifact_name: String,
    pub(super) metadata: Option<Metadata>,
    pub(super) results: Option<Vec<ResultEntry>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tool {
    pub(super) version: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Metadata {
    #[serde(rename = "OS")]
    pub(super) os: Option<Os>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Os {
    #[serde(default)]
    pub(super) family: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default, rename = "EOSL")]
    pub(super) eosl: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ResultEntry {
    #[serde(default)]
    pub(super) target: String,
    #[serde(default)]
    pub(super) class: String,
    pub(super) packages: Option<Vec<RawPackage>>,
    pub(super) vulnerabilities: Option<Vec<Value>>,
    pub(super) misconfigurations: Option<Vec<Value>>,
    pub(super) secrets: Option<Vec<Value>>,
    pub(super) licenses: Option<Vec<Value>>,
    #[serde(rename = "ExperimentalModifiedFindings")]
    pub(super) modified: Option<Vec<Modified>>,
}

/// A finding that an ignore file or a VEX document took out of its list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Modified {
    #[serde(default)]
    pub(super) r#type: String,
    #[serde(default)]
    pub(super) finding: Value,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Identifier {
    #[serde(rename = "PURL")]
    pub(super) purl: Option<String>,
    #[serde(rename = "UID")]
    pub(super) uid: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Layer {
    pub(super) digest: Option<String>,
    #[serde(rename = "DiffID")]
    pub(super) diff_id: Option<String>,
}

impl Layer {
    pub(super) fn name(self) -> Option<String> {
        self.digest.or(self.diff_id)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RawPackage {
    pub(super) name: String,
    #[serde(default)]
    pub(super) identifier: Identifier,
    #[serde(default)]
    pub(super) version: String,
    #[serde(default)]
    pub(super) release: String,
    #[serde(default)]
    pub(super) epoch: u64,
    pub(super) src_name: Option<String>,
    pub(super) file_path: Option<String>,
    #[serde(default)]
    pub(super) layer: Layer,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Vulnerability {
    #[serde(rename = "VulnerabilityID")]
    pub(super) id: String,
    #[serde(default, rename = "VendorIDs")]
    pub(super) vendor_ids: Vec<String>,
    pub(super) pkg_name: String,
    pub(super) pkg_path: Option<String>,
    #[serde(default)]
    pub(super) pkg_identifier: Identifier,
    #[serde(default)]
    pub(super) installed_version: String,
    pub(super) fixed_version: Option<String>,
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) layer: Layer,
    pub(super) severity_source: Option<String>,
    #[serde(rename = "PrimaryURL")]
    pub(super) primary_url: Option<String>,
    pub(super) data_source: Option<DataSource>,
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    pub(super) description: String,
    pub(super) severity: Option<String>,
    pub(super) vendor_severity: Option<BTreeMap<String, u8>>,
    #[serde(rename = "CVSS")]
    pub(super) cvss: Option<BTreeMap<String, Cvss>>,
    pub(super) references: Option<Vec<String>>,
    pub(super) published_date: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DataSource {
    #[serde(default)]
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct Cvss {
    #[serde(rename = "V2Score")]
    pub(super) v2: Option<f64>,
    #[serde(rename = "V3Score")]
    pub(super) v3: Option<f64>,
    #[serde(rename = "V40Score")]
    pub(super) v40: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Secret {
    #[serde(rename = "RuleID")]
    pub(super) rule_id: String,
    pub(super) severity: Option<String>,
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    pub(super) layer: Layer,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct License {
    pub(super) severity: Option<String>,
    #[serde(default)]
    pub(super) category: String,
    #[serde(default)]
    pub(super) pkg_name: String,
    #[serde(default)]
    pub(super) file_path: String,
    #[serde(default)]
    pub(super) name: String,
    pub(super) link: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Misconfiguration {
    #[serde(default, rename = "ID")]
    pub(super) id: String,
    #[serde(default, rename = "AVDID")]
    pub(super) avd_id: String,
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) resolution: String,
    pub(super) severity: Option<String>,
    #[serde(rename = "PrimaryURL")]
    pub(super) primary_url: Option<String>,
    pub(super) references: Option<Vec<String>>,
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) layer: Layer,
}
