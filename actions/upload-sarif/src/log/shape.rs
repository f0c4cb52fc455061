//! What is read of a SARIF file. Where a list may be missing, `null` is none too: some programs write it.

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, IgnoredAny};

#[derive(serde::Deserialize)]
pub(super) struct Sarif {
    pub(super) version: Option<String>,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) runs: Vec<Run>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    pub(super) tool: Tool,
    pub(super) automation_details: Option<Details>,
    /// None where the run did not come to an end.
    pub(super) results: Option<Vec<SarifResult>>,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) artifacts: Vec<Artifact>,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) original_uri_base_ids: std::collections::BTreeMap<String, ArtifactLocation>,
    #[serde(default, deserialize_with = "or_none")]
    invocations: Vec<Invocation>,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) properties: Properties,
}

#[derive(serde::Deserialize)]
pub(super) struct Tool {
    pub(super) driver: Driver,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) extensions: Vec<Extension>,
}

#[derive(serde::Deserialize)]
pub(super) struct Driver {
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) rules: Vec<Rule>,
}

#[derive(serde::Deserialize)]
pub(super) struct Extension {
    #[serde(default, deserialize_with = "or_none")]
    pub(super) rules: Vec<Rule>,
}

#[derive(serde::Deserialize)]
pub(super) struct Rule {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) properties: RuleProperties,
}

#[derive(Default, serde::Deserialize)]
pub(super) struct RuleProperties {
    #[serde(default, deserialize_with = "or_none")]
    pub(super) tags: Vec<IgnoredAny>,
}

#[derive(serde::Deserialize)]
pub(super) struct Details {
    pub(super) id: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifResult {
    #[serde(default, deserialize_with = "or_none")]
    pub(super) locations: Vec<Location>,
    #[serde(default, deserialize_with = "or_none")]
    partial_fingerprints: Fingerprints,
    #[serde(default, deserialize_with = "or_none")]
    pub(super) code_flows: Vec<CodeFlow>,
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fingerprints {
    primary_location_line_hash: Option<IgnoredAny>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CodeFlow {
    #[serde(default, deserialize_with = "or_none")]
    pub(super) thread_flows: Vec<ThreadFlow>,
}

#[derive(serde::Deserialize)]
pub(super) struct ThreadFlow {
    #[serde(default, deserialize_with = "or_none")]
    pub(super) locations: Vec<IgnoredAny>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    physical_location: Option<PhysicalLocation>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Option<ArtifactLocation>,
}

#[derive(serde::Deserialize)]
pub(super) struct Artifact {
    location: Option<ArtifactLocation>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactLocation {
    pub(super) uri: Option<String>,
    uri_base_id: Option<String>,
    index: Option<i64>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    start_time_utc: Option<String>,
}

#[derive(Default, serde::Deserialize)]
pub(super) struct Properties {
    #[serde(default, deserialize_with = "or_none")]
    pub(super) hallmark: Hallmark,
}

/// What Hallmark's own files say of themselves.
#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Hallmark {
    #[serde(default)]
    pub(super) cut_results: u64,
}

impl Sarif {
    /// When the first of its runs began. Only shown, so what is no time is none.
    pub(super) fn started(&self) -> Option<Timestamp> {
        let times = self.runs.iter().flat_map(|run| &run.invocations);
        times.filter_map(|one| one.start_time_utc.as_deref()?.parse().ok()).min()
    }
}

impl SarifResult {
    /// Whether GitHub knows it again by more than its line.
    pub(super) const fn has_fingerprint(&self) -> bool {
        self.partial_fingerprints.primary_location_line_hash.is_some()
    }
}

impl Run {
    /// Every address that a result lies at: its own, that of the artifact it points to, and what they are relative to.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        let results = self.results.iter().flatten().flat_map(|result| &result.locations);
        let places = results.filter_map(|at| at.physical_location.as_ref()?.artifact_location.as_ref());
        places.flat_map(|place| {
            let index = place.index.and_then(|index| usize::try_from(index).ok());
            let artifact = index.and_then(|index| self.artifacts.get(index)?.location.as_ref());
            [Some(place), artifact, self.base(place), artifact.and_then(|artifact| self.base(artifact))]
                .into_iter()
                .flatten()
                .filter_map(|place| place.uri.as_deref())
        })
    }

    fn base(&self, place: &ArtifactLocation) -> Option<&ArtifactLocation> {
        self.original_uri_base_ids.get(place.uri_base_id.as_ref()?)
    }
}

fn or_none<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}
