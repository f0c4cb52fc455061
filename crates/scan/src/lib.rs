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
mod finish;
mod image;
mod inputs;
mod keep;
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

use attest::predicate::vulns::Seen;
use jiff::Timestamp;
use model::{Class, Sha256};

pub use self::report::Report;
pub use about::About;
pub use check::check;
pub use database::Facts;
pub use evidence::write as write_statement;
pub use files::{read_at_most, read_report, write};
pub use finish::finish;
pub use image::Image;
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
