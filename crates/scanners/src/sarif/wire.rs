//! SARIF's members, as far as they are read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Document<'a> {
    pub(super) version: Option<String>,
    #[serde(borrow)]
    pub(super) runs: Option<Vec<Run<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run<'a> {
    pub(super) tool: Tool,
    #[serde(default)]
    pub(super) invocations: Vec<Invocation>,
    #[serde(borrow)]
    pub(super) results: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    pub(super) artifacts: Vec<Artifact>,
    pub(super) external_property_file_references: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Tool {
    pub(super) driver: Component,
    #[serde(default)]
    pub(super) extensions: Vec<Component>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Component {
    #[serde(default)]
    pub(super) name: String,
    version: Option<String>,
    semantic_version: Option<String>,
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
}

impl Component {
    pub(super) fn version(&self) -> Option<String> {
        self.version.clone().or_else(|| self.semantic_version.clone())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) id: String,
    #[serde(default)]
    pub(super) short_description: Message,
    #[serde(default)]
    pub(super) full_description: Message,
    #[serde(default)]
    pub(super) help: Message,
    pub(super) help_uri: Option<String>,
    #[serde(default)]
    pub(super) message_strings: BTreeMap<String, Message>,
    #[serde(default)]
    pub(super) default_configuration: Configuration,
    #[serde(default)]
    pub(super) properties: BTreeMap<String, Value>,
}

#[derive(Deserialize, Default)]
pub(super) struct Configuration {
    pub(super) level: Option<String>,
}

#[derive(Deserialize, Default)]
pub(super) struct Message {
    #[serde(default)]
    pub(super) text: String,
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) arguments: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    pub(super) execution_successful: bool,
    #[serde(default)]
    pub(super) tool_execution_notifications: Vec<Notification>,
    #[serde(default)]
    pub(super) tool_configuration_notifications: Vec<Notification>,
}

#[derive(Deserialize)]
pub(super) struct Notification {
    #[serde(default)]
    pub(super) level: String,
    #[serde(default)]
    pub(super) message: Message,
}

#[derive(Deserialize)]
pub(super) struct Artifact {
    #[serde(default)]
    pub(super) location: ArtifactLocation,
}

#[derive(Deserialize, Default)]
pub(super) struct ArtifactLocation {
    pub(super) uri: Option<String>,
    pub(super) index: Option<usize>,
}

/// A result.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    pub(super) rule_id: Option<String>,
    pub(super) rule_index: Option<usize>,
    pub(super) rule: Option<Reference>,
    pub(super) level: Option<String>,
    kind: Option<String>,
    baseline_state: Option<String>,
    #[serde(default)]
    pub(super) message: Message,
    #[serde(default)]
    pub(super) locations: Vec<Location>,
    suppressions: Option<Vec<Suppression>>,
    #[serde(default)]
    pub(super) properties: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reference {
    pub(super) id: Option<String>,
    pub(super) index: Option<usize>,
    pub(super) tool_component: Option<ComponentReference>,
}

#[derive(Deserialize)]
pub(super) struct ComponentReference {
    pub(super) index: Option<usize>,
}

#[derive(Deserialize)]
struct Suppression {
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    pub(super) physical_location: Option<PhysicalLocation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhysicalLocation {
    #[serde(default)]
    pub(super) artifact_location: ArtifactLocation,
    pub(super) region: Option<Lines>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lines {
    pub(super) start_line: Option<u64>,
    pub(super) end_line: Option<u64>,
}

impl Outcome {
    /// Whether it is there and speaks against something: not what passed, does not apply, or is gone.
    pub(super) fn speaks_against(&self) -> bool {
        let kind = self.kind.as_deref().unwrap_or("fail");
        !matches!(kind, "pass" | "notApplicable" | "informational")
            && self.baseline_state.as_deref() != Some("absent")
    }

    /// A suppression without a status is accepted (section 3.35.3 of SARIF).
    pub(super) fn is_suppressed(&self) -> bool {
        let accepted = |one: &Suppression| one.status.as_deref().is_none_or(|status| status == "accepted");
        self.suppressions.as_ref().is_some_and(|all| all.iter().any(accepted))
    }
}
