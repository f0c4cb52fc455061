//! The inputs that all these actions have, read once into checked values.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use attest::EvidenceDir;
use attest::predicate::vulns::View;
use model::{Class, Severity, Sha256};
use runner::{Context, Result};

use crate::Report;
use crate::files::copy;

/// What was asked for, beside what is scanned.
#[derive(Debug, Clone)]
pub struct Common {
    /// Which findings are shown.
    pub view: View,
    /// The severities that fail the step.
    pub fail_on: Vec<Severity>,
    /// Whether a vulnerability without a fix can fail it too.
    pub fail_on_unfixed: bool,
    /// The classes that `fail_on` is about.
    pub fails: &'static [Class],
    /// Whether a report without a known operating system will do.
    pub allow_no_os: bool,
    /// Whether a report without packages will do.
    pub allow_no_packages: bool,
    /// Whether a report of a scan that looked at no file will do.
    pub allow_no_files: bool,
    /// Where SARIF goes.
    pub sarif: Option<PathBuf>,
    /// The file of the repository that the findings are put on.
    pub sarif_location: Option<String>,
    /// The image family.
    pub family: Option<String>,
    /// The architecture.
    pub architecture: String,
    /// Where a copy of the report goes.
    pub report_output: Option<PathBuf>,
    /// The folder of evidence.
    pub evidence: PathBuf,
    /// What the image in the channel had: a report, or a folder of evidence.
    pub previous: Option<PathBuf>,
    /// Where the changes go as JSON.
    pub changes: Option<PathBuf>,
}

impl Common {
    /// Reads what [`table`] declares.
    ///
    /// # Errors
    /// An input that is no severity, or no path.
    pub fn read(ctx: &Context, fails: &'static [Class]) -> Result<Self> {
        let declared = |name: &str| ctx.has_input(name);
        let flag = |name: &str| if declared(name) { ctx.flag(name) } else { Ok(false) };
        let path = |name: &str| if declared(name) { ctx.opt_path(name) } else { Ok(None) };
        let text = |name: &str| if declared(name) { ctx.opt_text(name) } else { Ok(None) };
        if path("changes")?.is_some() && path("previous")?.is_none() {
            bail!("input `changes` is given without `previous`: there is nothing to compare with");
        }
        Ok(Self {
            view: View {
                severity: if declared("severity") { severities(ctx, "severity")? } else { Vec::new() },
                ignore_unfixed: flag("ignore-unfixed")?,
            },
            fail_on: if declared("fail-on") { severities(ctx, "fail-on")? } else { Vec::new() },
            fail_on_unfixed: !declared("fail-on-unfixed") || ctx.flag("fail-on-unfixed")?,
            fails,
            allow_no_os: flag("allow-no-os")?,
            allow_no_packages: flag("allow-no-packages")?,
            allow_no_files: flag("allow-no-files")?,
            sarif: path("sarif")?,
            sarif_location: text("sarif-location")?,
            family: text("family")?,
            architecture: text("architecture")?.unwrap_or_else(|| "noarch".into()),
            report_output: path("report-output")?,
            evidence: ctx.path("evidence")?,
            previous: path("previous")?,
            changes: path("changes")?,
        })
    }

    /// Writes the copy of the report that was asked for. Returns where the report is to be found.
    pub(crate) fn write_report(
        &self,
        report: &Report,
        kept: &EvidenceDir,
        digest: &Sha256,
    ) -> Result<PathBuf> {
        match &self.report_output {
            None => Ok(kept.report_path(digest)),
            Some(path) => {
                copy(path, report)
                    .context("the copy of the report (`report-output`) could not be written")?;
                Ok(path.clone())
            }
        }
    }
}

/// `none` is for inputs that have a default, which an empty one would mean.
fn severities(ctx: &Context, input: &str) -> Result<Vec<Severity>> {
    if ctx.list(input)? == ["none"] {
        return Ok(Vec::new());
    }
    ctx.list(input)?.iter().map(|word| word.parse().with_context(|| format!("input `{input}`"))).collect()
}

/// The inputs and outputs, for the actions' own tables.
pub mod table {
    use runner::{Input, Kind, Output};

    /// What is shown.
    pub const SEVERITY: Input =
        Input::new("severity", Kind::List, "Severities to show. What is recorded is always everything");
    /// Whether what cannot be mended is shown.
    pub const IGNORE_UNFIXED: Input = Input::new(
        "ignore-unfixed",
        Kind::Bool,
        "Show only vulnerabilities that have a fixed version. What is recorded is always everything",
    )
    .default("false");
    /// What fails the step, where a gate follows.
    pub const FAIL_ON: Input = Input::new(
        "fail-on",
        Kind::List,
        "Severities of vulnerabilities that fail this step. Without any, the gate decides",
    );
    /// Whether what cannot be mended fails it too.
    pub const FAIL_ON_UNFIXED: Input = Input::new(
        "fail-on-unfixed",
        Kind::Bool,
        "Whether `fail-on` counts findings without a fixed version",
    )
    .default("true");
    /// Leave for the sample.
    pub const ALLOW_SAMPLE_DATABASE: Input = Input::new(
        "allow-sample-database",
        Kind::Bool,
        "Take the sample database where `auto` cannot get the real one",
    )
    .default("false");
    /// Leave for a report that says nothing of a system.
    pub const ALLOW_NO_OS: Input = Input::new(
        "allow-no-os",
        Kind::Bool,
        "Accept a report without an operating system that the scanner has advisories for",
    )
    .default("false");
    /// Leave for a report that lists nothing.
    pub const ALLOW_NO_PACKAGES: Input =
        Input::new("allow-no-packages", Kind::Bool, "Accept a report without packages").default("false");
    /// Where SARIF goes.
    pub const SARIF: Input = Input::new("sarif", Kind::Path, "Where to write SARIF of what is shown");
    /// What SARIF puts the findings on.
    pub const SARIF_LOCATION: Input = Input::new(
        "sarif-location",
        Kind::Text,
        "The file of the repository that SARIF puts the findings on; it must stay the same for an image family. The evidence says it to the gate",
    );
    /// Whose findings they are.
    pub const FAMILY: Input = Input::new(
        "family",
        Kind::Text,
        "The image family, where `image` is no image.json; it must stay the same over rebuilds",
    );
    /// For which machines.
    pub const ARCHITECTURE: Input =
        Input::new("architecture", Kind::Text, "The architecture, where `image` is no image.json")
            .default("amd64");
    /// A copy of the report.
    pub const REPORT_OUTPUT: Input =
        Input::new("report-output", Kind::Path, "Where to write a copy of the report");
    /// The evidence.
    pub const EVIDENCE: Input =
        Input::new("evidence", Kind::Path, "The folder of evidence").default(".hallmark/evidence");

    /// What it is compared with.
    pub const PREVIOUS: Input = Input::new(
        "previous",
        Kind::Path,
        "What the image in the channel had: its report by the same scanner, or its folder of evidence. Told is what is another",
    );
    /// What is another, for machines.
    pub const CHANGES: Input =
        Input::new("changes", Kind::Path, "Where to write what changed against `previous`, as JSON");

    /// The report.
    pub const REPORT: Output = Output { name: "report", help: "The whole report, as the scanner wrote it" };
    /// Its digest.
    pub const REPORT_DIGEST: Output = Output { name: "report-digest", help: "The report's SHA-256" };
    /// The statement.
    pub const STATEMENT: Output = Output { name: "evidence", help: "The statement that was written" };
    /// The SARIF file.
    pub const SARIF_FILE: Output = Output { name: "sarif", help: "The SARIF file, if one was asked for" };
    /// Its category.
    pub const CATEGORY: Output =
        Output { name: "category", help: "The category for uploading the SARIF file" };
    /// How many there are.
    pub const FINDINGS: Output =
        Output { name: "findings", help: "How many vulnerabilities there are, whatever is shown" };
    /// By severity.
    pub const CRITICAL: Output = Output { name: "critical", help: "How many are critical" };
    /// By severity.
    pub const HIGH: Output = Output { name: "high", help: "How many are high" };
    /// By severity.
    pub const MEDIUM: Output = Output { name: "medium", help: "How many are medium" };
    /// By severity.
    pub const LOW: Output = Output { name: "low", help: "How many are low" };
    /// By severity.
    pub const NEGLIGIBLE: Output = Output { name: "negligible", help: "How many are negligible" };
    /// By severity.
    pub const UNKNOWN: Output = Output { name: "unknown", help: "How many nobody has rated" };
    /// What can be mended.
    pub const FIXABLE: Output = Output { name: "fixable", help: "How many have a fixed version" };
    /// The packages.
    pub const PACKAGES: Output = Output { name: "packages", help: "How many packages were seen" };
    /// How old the knowledge is.
    pub const DATABASE_DATE: Output = Output { name: "database-date", help: "When the database was made" };
    /// Whether it is any.
    pub const DATABASE_SAMPLE: Output =
        Output { name: "database-sample", help: "Whether it is the sample: true or false" };
    /// What is new.
    pub const NEW: Output = Output {
        name: "new",
        help: "How many findings `previous` did not have; empty where nothing was compared",
    };
    /// What is mended.
    pub const FIXED: Output = Output { name: "fixed", help: "How many findings only `previous` had" };
    /// What is as it was.
    pub const UNCHANGED: Output = Output { name: "unchanged", help: "How many findings both have" };
    /// What came.
    pub const ADDED: Output =
        Output { name: "packages-added", help: "How many packages `previous` did not have" };
    /// What went.
    pub const REMOVED: Output =
        Output { name: "packages-removed", help: "How many packages only `previous` had" };
    /// What moved.
    pub const UPGRADED: Output =
        Output { name: "packages-upgraded", help: "How many packages have another version" };
}
