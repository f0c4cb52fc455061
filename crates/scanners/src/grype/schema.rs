//! The tables of Grype's database (schema 6.1), as far as Grype (0.120) reads them.

use super::sqlite::{Table, Value};

/// The version of the schema: model, revision, addition.
pub(super) const VERSION: [i64; 3] = [6, 1, 10];

/// A row's values.
type Row = Vec<Value>;

/// What the sample has rows for.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// JSON documents, which the others name by number.
    pub(super) blobs: Vec<Row>,
    /// When it was made, and by which schema.
    pub(super) metadata: Vec<Row>,
    /// Who says what.
    pub(super) providers: Vec<Row>,
    /// Vulnerabilities, once for each provider.
    pub(super) vulnerabilities: Vec<Row>,
    /// Which package of which system has one.
    pub(super) affected: Vec<Row>,
    /// The systems.
    pub(super) systems: Vec<Row>,
    /// The packages.
    pub(super) packages: Vec<Row>,
    /// Of when the scores are that say how likely an attack is.
    pub(super) scored: Vec<Row>,
}

impl Tables {
    /// All tables that are read, also those that are empty here: a missing one is an error.
    pub(super) fn all(self) -> Vec<Table> {
        const PACKAGE_HANDLE: &str = "id integer PRIMARY KEY, vulnerability_id integer, operating_system_id integer, \
                                      package_id integer, blob_id integer";
        const CPE_HANDLE: &str =
            "id integer PRIMARY KEY, vulnerability_id integer, cpe_id integer, blob_id integer";
        let table = |name, columns, rows| Table { name, columns, rows };
        let empty = |name, columns| table(name, columns, Vec::new());
        vec![
            table("blobs", "id integer PRIMARY KEY, value text", self.blobs),
            table(
                "db_metadata",
                "build_timestamp datetime, model integer, revision integer, addition integer",
                self.metadata,
            ),
            table(
                "providers",
                "id text, version text, processor text, date_captured datetime, input_digest text",
                self.providers,
            ),
            table(
                "vulnerability_handles",
                "id integer PRIMARY KEY, name text, status text, published_date datetime, modified_date datetime, \
                 withdrawn_date datetime, provider_id text, blob_id integer",
                self.vulnerabilities,
            ),
            empty("vulnerability_aliases", "name text, alias text"),
            table("affected_package_handles", PACKAGE_HANDLE, self.affected),
            empty("unaffected_package_handles", PACKAGE_HANDLE),
            table(
                "operating_systems",
                "id integer PRIMARY KEY, name text, release_id text, major_version text, minor_version text, \
                 label_version text, codename text, channel text, eol_date datetime, eoas_date datetime",
                self.systems,
            ),
            empty(
                "operating_system_specifier_overrides",
                "alias text, version text, version_pattern text, codename text, channel text, replacement text, \
                 replacement_major_version text, replacement_minor_version text, replacement_label_version text, \
                 replacement_channel text, rolling numeric, applicable_client_db_schemas text",
            ),
            table("packages", "id integer PRIMARY KEY, ecosystem text, name text", self.packages),
            empty("package_specifier_overrides", "ecosystem text, replacement_ecosystem text"),
            empty("architecture_aliases", "alias text, canonical text"),
            empty("affected_cpe_handles", CPE_HANDLE),
            empty("unaffected_cpe_handles", CPE_HANDLE),
            empty(
                "cpes",
                "id integer PRIMARY KEY, part text, vendor text, product text, edition text, language text, \
                 software_edition text, target_hardware text, target_software text, other text",
            ),
            empty("package_cpes", "package_id integer, cpe_id integer"),
            empty(
                "known_exploited_vulnerability_handles",
                "id integer PRIMARY KEY, cve text, blob_id integer",
            ),
            empty("epss_handles", "id integer PRIMARY KEY, cve text, epss real, percentile real"),
            table("epss_metadata", "date datetime", self.scored),
            empty("cwe_handles", "id integer PRIMARY KEY, cve text, cwe text, source text, type text"),
            empty(
                "ssvc_handles",
                "id integer PRIMARY KEY, cve text, source text, role text, version text, timestamp datetime, \
                 exploitation text, automatable text, technical_impact text",
            ),
        ]
    }
}
