//! SARIF 2.1.0 as it is written: the members that are used, and no more. The tests read it back by the types of
//! `serde-sarif`, which hold all of the schema.

use model::{Epss, Kev};
use serde::{Serialize, Serializer};

use super::result::result;
use super::rows::{Row, Rows};
use super::rule::Rules;
use super::text::plain;
use super::{MAX_NAME, Run, category};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
pub(super) struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: Vec<RunEntry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunEntry<'a> {
    tool: Tool<'a>,
    automation_details: AutomationDetails,
    column_kind: &'static str,
    results: Results<'a>,
    properties: RunProperties,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: String,
    version: String,
    information_uri: &'a str,
    rules: Listed,
}

#[derive(Serialize)]
struct AutomationDetails {
    id: String,
}

#[derive(Serialize)]
struct RunProperties {
    hallmark: Cut,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cut {
    cut_results: usize,
    kept_results: usize,
    suppressed_results: usize,
    same_alert: usize,
}

/// The rules, which the results need too.
struct Listed(std::rc::Rc<Rules>);

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.rendered.serialize(serializer)
    }
}

/// The results, each made when it is written.
struct Results<'a> {
    run: &'a Run<'a>,
    rows: &'a [Row<'a>],
    rules: std::rc::Rc<Rules>,
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows.iter().map(|row| result(self.run, row, &self.rules)))
    }
}

impl<'a> Log<'a> {
    pub(super) fn of(runs: &'a [Rows<'_, '_>], most: usize, help: usize) -> Self {
        let runs = runs.iter().map(|rows| RunEntry::of(rows, most, help)).collect();
        Self { schema: SCHEMA, version: "2.1.0", runs }
    }
}

impl<'a> RunEntry<'a> {
    fn of(rows: &'a Rows<'_, '_>, most: usize, help: usize) -> Self {
        let (run, kept) = (rows.run, rows.kept(most));
        let rules = std::rc::Rc::new(Rules::of(kept, help));
        Self {
            tool: Tool {
                driver: Driver {
                    name: plain(run.tool, MAX_NAME),
                    version: plain(run.version, MAX_NAME),
                    information_uri: run.information_uri,
                    rules: Listed(std::rc::Rc::clone(&rules)),
                },
            },
            // The last `/` ends the category; what follows would be a run's id.
            automation_details: AutomationDetails {
                id: format!("{}/", category(run.family, run.architecture)),
            },
            column_kind: "unicodeCodePoints",
            results: Results { run, rows: kept, rules },
            properties: RunProperties {
                hallmark: Cut {
                    cut_results: rows.total() - kept.len(),
                    kept_results: kept.len(),
                    suppressed_results: rows.suppressed,
                    same_alert: rows.same,
                },
            },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) short_description: Message,
    pub(super) full_description: Message,
    pub(super) default_configuration: Configuration,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help_uri: Option<String>,
    pub(super) help: Help,
    pub(super) properties: RuleProperties,
}

#[derive(Serialize)]
pub(super) struct Message {
    text: String,
}

impl Message {
    pub(super) const fn of(text: String) -> Self {
        Self { text }
    }
}

#[derive(Serialize)]
pub(super) struct Configuration {
    pub(super) level: &'static str,
}

#[derive(Serialize)]
pub(super) struct Help {
    pub(super) text: String,
    pub(super) markdown: String,
}

#[derive(Serialize)]
pub(super) struct RuleProperties {
    pub(super) tags: [&'static str; 3],
    #[serde(rename = "security-severity")]
    pub(super) security_severity: String,
    pub(super) precision: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResultEntry<'a> {
    pub(super) rule_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule_index: Option<usize>,
    pub(super) level: &'static str,
    pub(super) message: Message,
    pub(super) locations: [Location; 1],
    pub(super) partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) suppressions: Vec<Suppressed<'a>>,
    pub(super) properties: ResultProperties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    pub(super) physical_location: PhysicalLocation,
    pub(super) message: Message,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhysicalLocation {
    pub(super) artifact_location: ArtifactLocation,
    pub(super) region: Region,
}

#[derive(Serialize)]
pub(super) struct ArtifactLocation {
    pub(super) uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    start_line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<u64>,
    end_line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u64>,
}

impl Region {
    /// Where a file begins.
    pub(super) const START: Self =
        Self { start_line: 1, start_column: Some(1), end_line: 1, end_column: Some(1) };

    pub(super) const fn lines(start_line: u64, end_line: u64) -> Self {
        Self { start_line, start_column: None, end_line, end_column: None }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fingerprints {
    pub(super) primary_location_line_hash: String,
}

#[derive(Serialize)]
pub(super) struct Suppressed<'a> {
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) justification: String,
    pub(super) properties: SuppressionProperties<'a>,
}

#[derive(Serialize)]
pub(super) struct SuppressionProperties<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ticket: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResultProperties<'a> {
    pub(super) package: &'a str,
    pub(super) version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) purl: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fixed_version: Option<&'a str>,
    pub(super) severity: &'static str,
    pub(super) scanner: &'a str,
    pub(super) class: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) severity_source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) epss: Option<&'a Epss>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kev: Option<&'a Kev>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) aliases: &'a [String],
    /// How many findings besides are this alert, and some of them.
    #[serde(skip_serializing_if = "is_none")]
    pub(super) same_alert: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) others: Vec<Other<'a>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_none(count: &usize) -> bool {
    *count == 0
}

#[derive(Serialize)]
pub(super) struct Other<'a> {
    pub(super) version: &'a str,
    pub(super) scanner: &'a str,
}
