//! in-toto release v0.1: what was published under which name.
//! <https://github.com/in-toto/attestation/blob/main/spec/predicates/release.md>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ResourceDescriptor;

/// The predicate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// The package URL, with version.
    pub purl: String,
    /// A stable id of the release where it is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_id: Option<String>,
    /// What the standard has no place for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hallmark: Option<Extension>,
}

/// What Hallmark adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Extension {
    /// The provider that it was published to: `local`, `aws`.
    pub provider: String,
    /// Where the provider keeps it.
    pub location: String,
    /// Its ids by region, where it has several.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub regions: BTreeMap<String, String>,
    /// H(content digest, name, architecture, distribution): decides whether a publish is done.
    pub release_id: String,
    /// The channel that now shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The image that the channel showed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior_image: Option<String>,
    /// The verdict that allowed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<ResourceDescriptor>,
}
