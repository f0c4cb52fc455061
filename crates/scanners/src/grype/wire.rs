//! Grype's JSON report as it lies in the file: the members that are read, and no more.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::status::Status;

/// Go writes an empty list as `null`, where nobody made one.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(from)?.unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report<'a> {
    #[serde(borrow)]
    pub(super) matches: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) ignored_matches: Option<Vec<&'a RawValue>>,
    pub(super) alerts_by_package: Option<Vec<PackageAlerts>>,
    pub(super) source: Option<Source>,
    pub(super) distro: Option<Distro>,
    pub(super) descriptor: Option<Descriptor>,
}

#[derive(Deserialize)]
pub(super) struct PackageAlerts {
    #[serde(default, deserialize_with = "list")]
    pub(super) alerts: Vec<Alert>,
}

#[derive(Deserialize)]
pub(super) struct Alert {
    #[serde(default)]
    pub(super) r#type: String,
}

#[derive(Deserialize)]
pub(super) struct Source {
    #[serde(default)]
    pub(super) target: serde_json::Value,
}

#[derive(Deserialize)]
pub(super) struct Distro {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) version: String,
}

#[derive(Deserialize)]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) timestamp: Option<String>,
    pub(super) db: Option<Db>,
}

#[derive(Deserialize)]
pub(super) struct Db {
    pub(super) status: Option<Status>,
    pub(super) providers: Option<BTreeMap<String, IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Match {
    pub(super) vulnerability: Vulnerability,
    #[serde(default, deserialize_with = "list")]
    pub(super) related_vulnerabilities: Vec<Vulnerability>,
    pub(super) artifact: Artifact,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vulnerability {
    pub(super) id: String,
    #[serde(default)]
    pub(super) data_source: String,
    #[serde(default)]
    pub(super) namespace: String,
    pub(super) severity: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) urls: Vec<String>,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default, deserialize_with = "list")]
    pub(super) cvss: Vec<Cvss>,
    #[serde(default, deserialize_with = "list")]
    pub(super) epss: Vec<Epss>,
    #[serde(default, deserialize_with = "list")]
    pub(super) known_exploited: Vec<Known>,
    pub(super) fix: Option<Fix>,
    #[serde(default, deserialize_with = "list")]
    pub(super) advisories: Vec<Advisory>,
}

#[derive(Deserialize)]
pub(super) struct Cvss {
    #[serde(default)]
    pub(super) source: String,
    #[serde(default)]
    pub(super) version: String,
    pub(super) vector: Option<String>,
    pub(super) metrics: Metrics,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metrics {
    pub(super) base_score: f64,
}

#[derive(Deserialize)]
pub(super) struct Epss {
    pub(super) epss: f64,
    pub(super) percentile: f64,
    pub(super) date: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Known {
    #[serde(default)]
    pub(super) date_added: String,
    #[serde(default)]
    pub(super) known_ransomware_campaign_use: String,
}

#[derive(Deserialize)]
pub(super) struct Fix {
    #[serde(default, deserialize_with = "list")]
    pub(super) versions: Vec<String>,
    #[serde(default)]
    pub(super) state: String,
}

#[derive(Deserialize)]
pub(super) struct Advisory {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) link: String,
}

#[derive(Deserialize)]
pub(super) struct Artifact {
    pub(super) name: String,
    #[serde(default)]
    pub(super) version: String,
    #[serde(default)]
    pub(super) r#type: String,
    #[serde(default)]
    pub(super) purl: String,
    #[serde(default, deserialize_with = "list")]
    pub(super) locations: Vec<Location>,
    #[serde(default, deserialize_with = "list")]
    pub(super) upstreams: Vec<Upstream>,
}

#[derive(Deserialize)]
pub(super) struct Location {
    #[serde(default)]
    pub(super) path: String,
    #[serde(default, rename = "layerID")]
    pub(super) layer_id: String,
}

#[derive(Deserialize)]
pub(super) struct Upstream {
    #[serde(default)]
    pub(super) name: String,
}
