//! What every action that finds something shares: what it is about, running the scanner, the evidence, the
//! decision, SARIF and the summary.
//!
//! An action brings its scanner and its target, and leaves the rest to [`finish`]: one report feeds everything,
//! what is shown can be narrowed, and what is recorded cannot.

mod about;
mod changes;
mod check;
mod database;
mod decide;
mod evidence;
mod files;
mod inputs;
mod listed;
mod prepare;
mod program;
mod readable;
mod report;
mod sarif;
mod source;
mod sources;
mod stamp;
mod view;

use anyhow::Context as _;
use attest::predicate::vulns::Seen;
use attest::{EvidenceDir, Sign};
use jiff::Timestamp;
use model::{Class, Sha256};
use runner::{Context, Outcome, Result};
use scanners::Scanner;

pub use self::report::Report;
pub use about::{About, Image};
pub use check::check;
pub use database::Facts;
pub use evidence::write as write_statement;
pub use files::{read_at_most, read_report, write};
pub use inputs::{Common, table};
pub use prepare::{DatabaseChoice, Prepared, Wanted, prepare};
pub use program::{Program, Ran, folder_of};
pub use readable::first_unreadable;
pub use sarif::{Alerts, SarifFile, Tool};
pub use source::{Asked, Source};
pub use sources::{Scanned, SourceInputs, finish_report, finish_source, given_report, table as source_table};
pub use stamp::{Stamp, hash};

/// A report, and all that is known about how it came to be.
#[derive(Debug)]
pub struct Taken {
    /// The report, as the scanner wrote it.
    pub report: Report,
    /// Its database; none where it goes by rules, and none is known of a report that was there already.
    pub database: Option<Facts>,
    /// The rules that were given, by name.
    pub rules: Vec<(String, Sha256)>,
    /// The SBOM that was scanned, where the packages are to be taken from it.
    pub inventory: Option<Vec<u8>>,
    /// How the scanner saw what it looked at.
    pub seen: Seen,
    /// What was looked for; nothing for a report that was there already.
    pub look_for: Vec<Class>,
    /// When the scanner began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// The program that ran; none for a report that was there already.
    pub tool: Option<Used>,
}

/// A program that ran, by its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// Its version.
    pub version: String,
    /// What it is.
    pub sha256: Sha256,
}

impl Taken {
    /// A report that was there already: nobody knows what made it, or when.
    #[must_use]
    pub fn from_elsewhere(report: Report, now: Timestamp) -> Self {
        Self {
            report,
            database: None,
            rules: Vec::new(),
            inventory: None,
            seen: Seen::Report,
            look_for: Vec::new(),
            started: now,
            finished: now,
            tool: None,
        }
    }
}

/// Judges the report, keeps it, writes evidence and SARIF, and shows all of it.
///
/// # Errors
/// The report cannot be taken as a whole, or something cannot be written.
pub fn finish(
    ctx: &mut Context,
    scanner: &dyn Scanner,
    common: &Common,
    about: About,
    taken: &Taken,
    signer: Option<&dyn Sign>,
) -> Result<Outcome> {
    let mut scan = taken.report.read(|reader| scanner.read_from(reader))?;
    if let Some(inventory) = taken.inventory.as_ref().filter(|_| !scanner.lists_packages()) {
        scan.take_inventory(scanners::sbom::read(inventory).context("the SBOM that was scanned")?);
    }
    let facts = match (&taken.database, scanner.database()) {
        (Some(facts), _) => Some(facts.clone()),
        (None, Some(database)) => Some(Facts::of_report(database, &scan)),
        (None, None) => None,
    };
    check(ctx, scanner, common, &scan, facts.as_ref())?;
    let looked_for = evidence::looked_for(scanner, taken, &scan);
    let changes = changes::against_previous(scanner, common, &about, &scan, &looked_for)?;

    let directory = EvidenceDir::new(&common.evidence);
    let digest = taken
        .report
        .read(|reader| directory.put_report_from(reader))
        .context("the report could not be kept")?;
    let inventory = taken.inventory.as_deref().map(|bytes| directory.put_report(bytes)).transpose();
    let inventory = inventory.context("the SBOM that was scanned could not be kept")?;
    let report = common.write_report(&taken.report, &directory, &digest)?;
    let decision = decide::decide(common, &scan);
    let mut shown = view::Shown {
        scanner,
        common,
        look_for: &taken.look_for,
        scan: &scan,
        facts: facts.as_ref(),
        decision: &decision,
        changes: changes.as_ref(),
        sarif: None,
    };
    let (alerts, recorded) = (about.alerts(common), about.recorded(common)?);
    shown.sarif = view::write_sarif(&shown, &alerts)?;
    if let Some(sarif) = &shown.sarif {
        sarif.warn_of_cut(ctx);
    }
    let made = evidence::Made {
        scanner,
        taken,
        facts: facts.as_ref(),
        scan: &scan,
        looked_for: &looked_for,
        report: digest,
        inventory,
        alerts: recorded,
    };
    let statement = if about.subjects.is_empty() { None } else { Some(made.statement(about.subjects)?) };
    let written = evidence::write(ctx, &directory, statement.as_ref(), signer)?;

    let shown_path = |path: Option<std::path::PathBuf>| {
        path.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
    };
    ctx.output("report", report.to_string_lossy())?;
    ctx.output("report-digest", digest.to_string())?;
    ctx.output("evidence", shown_path(written))?;
    ctx.output("sarif", shown_path(shown.sarif.as_ref().map(|sarif| sarif.path.clone())))?;
    ctx.output("category", alerts.category())?;
    view::outputs(ctx, &shown)?;
    changes::outputs(ctx, common, changes.as_ref())?;
    view::summary(ctx, &shown);
    Ok(decision.announce(ctx))
}
