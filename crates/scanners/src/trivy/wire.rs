//! Trivy's JSON report as it lies in the file: the members that are read, and no more.
//!
//! Of a vulnerability, what all findings of it say alike stays as it is written at first: mostly it is known already.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Report<'a> {
    pub(super) schema_version: Option<Value>,
    #[serde(default)]
    pub(super) trivy: Option<Tool>,
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) artifact_name: String,
    pub(super) metadata: Option<Metadata>,
    #[serde(borrow)]
    pub(super) results: Option<Vec<ResultEntry<'a>>>,
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
pub(super) struct ResultEntry<'a> {
    #[serde(default)]
    pub(super) target: String,
    #[serde(default)]
    pub(super) class: String,
    #[serde(borrow)]
    pub(super) packages: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) vulnerabilities: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) misconfigurations: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) secrets: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) licenses: Option<Vec<&'a RawValue>>,
    #[serde(borrow, rename = "ExperimentalModifiedFindings")]
    pub(super) modified: Option<Vec<Modified<'a>>>,
}

/// A finding that an ignore file or a VEX document took out of its list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Modified<'a> {
    #[serde(default)]
    pub(super) r#type: String,
    #[serde(borrow)]
    pub(super) finding: Option<&'a RawValue>,
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

/// Text as it is written, without a copy where it has no escapes.
#[derive(Deserialize, Default)]
#[serde(transparent)]
pub(super) struct Words<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl Words<'_> {
    pub(super) fn some(self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.into_owned())
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Names<'a> {
    #[serde(borrow, rename = "PURL")]
    pub(super) purl: Option<Words<'a>>,
    #[serde(borrow, rename = "UID")]
    pub(super) uid: Option<Words<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Vulnerability<'a> {
    #[serde(borrow, rename = "VulnerabilityID")]
    pub(super) id: Words<'a>,
    #[serde(default, rename = "VendorIDs")]
    pub(super) vendor_ids: Vec<String>,
    #[serde(borrow)]
    pub(super) pkg_name: Words<'a>,
    #[serde(borrow)]
    pub(super) pkg_path: Option<Words<'a>>,
    #[serde(borrow, default)]
    pub(super) pkg_identifier: Names<'a>,
    #[serde(borrow, default)]
    pub(super) installed_version: Words<'a>,
    #[serde(borrow)]
    pub(super) fixed_version: Option<Words<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<Words<'a>>,
    #[serde(default)]
    pub(super) layer: Layer,
    #[serde(borrow)]
    pub(super) severity_source: Option<Words<'a>>,
    #[serde(borrow)]
    pub(super) severity: Option<Words<'a>>,
    #[serde(borrow)]
    pub(super) published_date: Option<Words<'a>>,
    #[serde(borrow)]
    pub(super) data_source: Option<DataSource<'a>>,
    #[serde(borrow, rename = "PrimaryURL")]
    pub(super) primary_url: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) title: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) description: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) vendor_severity: Option<&'a RawValue>,
    #[serde(borrow, rename = "CVSS")]
    pub(super) cvss: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) references: Option<&'a RawValue>,
}

impl<'a> Vulnerability<'a> {
    /// The longest of what findings of one vulnerability say alike, as it is written.
    pub(super) fn long(&self) -> impl Iterator<Item = &'a str> {
        let values = [self.title, self.description, self.vendor_severity, self.cvss, self.references];
        values.into_iter().flatten().map(RawValue::get)
    }

    /// The first link, as it is written.
    pub(super) fn primary(&self) -> &'a str {
        self.primary_url.map_or("", RawValue::get)
    }

    /// Who set the severity.
    pub(super) fn source(&self) -> &str {
        self.severity_source.as_ref().map_or("", |source| &source.0)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DataSource<'a> {
    #[serde(borrow, default)]
    pub(super) name: Words<'a>,
}

#[derive(Deserialize)]
pub(super) struct Cvss {
    #[serde(rename = "V2Score")]
    pub(super) v2: Option<f64>,
    #[serde(rename = "V2Vector")]
    pub(super) v2_vector: Option<String>,
    #[serde(rename = "V3Score")]
    pub(super) v3: Option<f64>,
    #[serde(rename = "V3Vector")]
    pub(super) v3_vector: Option<String>,
    #[serde(rename = "V40Score")]
    pub(super) v40: Option<f64>,
    #[serde(rename = "V40Vector")]
    pub(super) v40_vector: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Secret {
    pub(super) start_line: Option<u64>,
    pub(super) end_line: Option<u64>,
    #[serde(rename = "RuleID")]
    pub(super) rule_id: String,
    pub(super) severity: Option<String>,
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    pub(super) layer: Layer,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Cause {
    pub(super) start_line: Option<u64>,
    pub(super) end_line: Option<u64>,
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
    #[serde(default)]
    pub(super) cause_metadata: Cause,
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
