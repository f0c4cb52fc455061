//! What every action that scans sources shares, beside what all that find something do.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use attest::Sign;
use attest::predicate::vulns::Seen;
use jiff::Timestamp;
use model::{Class, Sha256, Subject};
use process::Processes;
use runner::{Context, Outcome, Result};
use scanners::Scanner;

use crate::files::read_report;
use crate::inputs::Common;
use crate::source::{Asked, Source};
use crate::{About, Taken, Used, finish};

/// What was asked for.
#[derive(Debug, Clone)]
pub struct SourceInputs {
    /// What all scanners are asked.
    pub common: Common,
    /// The files.
    pub wanted: Asked,
    /// A report that is there already.
    pub report: Option<PathBuf>,
    /// What tells several scans of one repository apart.
    pub name: String,
    /// How long the scanner may take.
    pub timeout: Duration,
}

impl SourceInputs {
    /// Reads what [`table`] declares.
    ///
    /// # Errors
    /// A malformed input.
    pub fn read(ctx: &Context, fails: &'static [Class]) -> Result<Self> {
        Ok(Self {
            common: Common::read(ctx, fails)?,
            wanted: Asked {
                path: ctx.path("path")?,
                exclude: ctx.list("exclude")?,
                only: ctx.list("files")?,
            },
            report: ctx.opt_path("report")?,
            name: ctx.opt_text("name")?.unwrap_or_default(),
            timeout: ctx.duration("timeout")?,
        })
    }
}

/// What a scanner of sources left.
#[derive(Debug)]
pub struct Scanned {
    /// Its report.
    pub bytes: Vec<u8>,
    /// The rules that were given to it, by name.
    pub rules: Vec<(String, Sha256)>,
    /// The program.
    pub tool: Used,
    /// When it began.
    pub started: Timestamp,
}

/// Ends an action that has scanned sources.
///
/// # Errors
/// The commit changed meanwhile, or as [`finish`].
pub async fn finish_source(
    ctx: &mut Context,
    processes: &dyn Processes,
    scanner: &dyn Scanner,
    inputs: &SourceInputs,
    source: &Source,
    scanned: &Taken,
    signer: Option<&dyn Sign>,
) -> Result<Outcome> {
    let subjects = source.subjects(ctx, processes).await?;
    let about = About::sources(subjects, scanner.name(), &inputs.name);
    finish(ctx, scanner, &inputs.common, about, scanned, signer)
}

impl Scanned {
    /// As [`finish`] takes it.
    #[must_use]
    pub fn taken(self, scanner: &dyn Scanner, now: Timestamp) -> Taken {
        Taken {
            report: self.bytes.into(),
            database: None,
            rules: self.rules,
            inventory: None,
            seen: Seen::Source,
            look_for: scanner.looks_for(scanners::TargetKind::Source).to_vec(),
            started: self.started,
            finished: now,
            tool: Some(self.tool),
        }
    }
}

/// An action that was given a report instead of something to scan.
///
/// # Errors
/// The report cannot be read, or as [`finish`].
pub fn finish_report(
    ctx: &mut Context,
    scanner: &dyn Scanner,
    inputs: &SourceInputs,
    path: &Path,
    bytes: Vec<u8>,
    signer: Option<&dyn Sign>,
) -> Result<Outcome> {
    let tool = scanner.read_report(&bytes)?.tool;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let subjects = vec![Subject::file(name, Sha256::of(&bytes))];
    let about = About::sources(subjects, tool.as_deref().unwrap_or_else(|| scanner.name()), &inputs.name);
    finish(ctx, scanner, &inputs.common, about, &Taken::from_elsewhere(bytes.into(), ctx.now()), signer)
}

/// The report that was given.
///
/// # Errors
/// It cannot be read.
pub fn given_report(path: &Path) -> Result<Vec<u8>> {
    read_report(path).context("input `report`")
}

/// The inputs and outputs, for the actions' own tables.
pub mod table {
    use runner::{Input, Kind, Output};

    /// What is scanned.
    pub const PATH: Input =
        Input::new("path", Kind::Path, "The folder to scan: a checkout, a part of one, or any other")
            .default(".");
    /// What is left out.
    pub const EXCLUDE: Input = Input::new(
        "exclude",
        Kind::Lines,
        "Files and folders to leave out, relative to the repository's root. There is no evidence then: a part is no commit",
    );
    /// What alone is scanned.
    pub const FILES: Input = Input::new(
        "files",
        Kind::Lines,
        "Only these files, relative to `path`. There is no evidence then: a part is no commit",
    );
    /// Which scan it is.
    pub const NAME: Input = Input::new(
        "name",
        Kind::Text,
        "Tells several scans of one repository by one tool apart: a part of the SARIF category, so it must stay the same",
    );
    /// Leave for a scan that looked at nothing.
    pub const ALLOW_NO_FILES: Input =
        Input::new("allow-no-files", Kind::Bool, "Accept a scan that found no file it knows")
            .default("false");
    /// How long.
    pub const TIMEOUT: Input =
        Input::new("timeout", Kind::Duration, "How long the scanner may take").default("30m");
    /// How many there are.
    pub const FINDINGS: Output =
        Output { name: "findings", help: "How many findings there are, whatever is shown" };
}
