//! The scanners: one file for each, and one list of them.
//!
//! A scanner here is three pure functions: how it is called ([`Scanner::arguments`]), what its
//! report says ([`Scanner::read_report`]), and what its database says of itself
//! ([`Scanner::read_database`]). Running programs and reading files is the actions' work, so that
//! the gate can read a report years later with the very code that judged it first.
//!
//! A new scanner is one file, and one line in [`ALL`].

pub mod advisories;
pub mod checkov;
mod entry;
pub mod gitleaks;
pub mod grype;
mod pieces;
pub mod sarif;
pub mod sbom;
mod scan;
pub mod semgrep;
pub mod syft;
mod target;
pub mod trivy;

use std::ffi::OsString;
use std::io::Read;

pub use advisories::{Built, ListError};
pub use scan::{Condition, Counts, Database, OperatingSystem, ReportError, Scan};
pub use target::{Access, Options, Target, TargetKind};

/// How the log of a program is read.
pub trait Log: Sync {
    /// The program's name for people: `Trivy`.
    fn title(&self) -> &'static str;

    /// Whether a line says that a part of what was looked at was left out. A scan that logs one is no scan of the
    /// target.
    fn tells_of_a_gap(&self, line: &str) -> bool;

    /// Whether a line tells of an error.
    fn is_error(&self, line: &str) -> bool;

    /// The message of a line, without time and level.
    fn message<'l>(&self, line: &'l str) -> &'l str;

    /// Whether a line is for the program's makers, and too many of its kind are written to be shown.
    fn is_chatter(&self, line: &str) -> bool {
        let _ = line;
        false
    }
}

/// One scanner.
pub trait Scanner: Log {
    /// The name that evidence, findings, inputs and the pinned tools use: `trivy`.
    fn name(&self) -> &'static str;

    /// Where the scanner comes from (the `uri` of in-toto's vulns predicate).
    fn uri(&self) -> &'static str;

    /// The classes of findings that can be looked for in a target of that kind.
    fn looks_for(&self, kind: TargetKind) -> &'static [model::Class];

    /// Whether it finds by what is installed. Then a report without an operating system or without packages says
    /// nothing, and [`Scan::conditions`] counts.
    fn judges_packages(&self) -> bool;

    /// The arguments that scan `target` once and write the whole report to `options.output`.
    /// Nothing is filtered here: what is shown is decided later, on the whole report.
    fn arguments(&self, target: &Target<'_>, options: &Options<'_>) -> Vec<OsString>;

    /// The environment variables that it needs in any call, besides the arguments.
    fn environment(&self, options: &Options<'_>) -> Vec<(&'static str, OsString)> {
        let _ = options;
        Vec::new()
    }

    /// What the scanner would pass over on a disk that begins with these bytes (32 KiB are enough),
    /// a sentence for each. Empty where it looks everywhere.
    fn unseen(&self, disk: &[u8]) -> Vec<String> {
        let _ = disk;
        Vec::new()
    }

    /// Reads a report as the scanner wrote it.
    ///
    /// # Errors
    /// Anything but one whole report of a known schema. There is no partial result.
    fn read_report(&self, bytes: &[u8]) -> Result<Scan, ReportError>;

    /// Reads a report from where it lies, as [`Scanner::read_report`] does. Whoever can, does so without having all of
    /// it in memory.
    ///
    /// # Errors
    /// As [`Scanner::read_report`], and reading may fail.
    fn read_from(&self, report: &mut dyn Read) -> Result<Scan, ReportError> {
        let mut bytes = Vec::new();
        report.read_to_end(&mut bytes).map_err(ReportError::Unreadable)?;
        self.read_report(&bytes)
    }

    /// Whether its report lists every package that it looked at. Where it does not, the SBOM that was scanned does.
    fn lists_packages(&self) -> bool {
        false
    }

    /// Its vulnerability database; none where it goes by rules.
    fn database(&self) -> Option<&dyn VulnerabilityDatabase> {
        None
    }
}

/// The database of a scanner that finds known vulnerabilities.
pub trait VulnerabilityDatabase: Sync {
    /// Where it lies.
    fn place(&self) -> Place;

    /// The arguments that bring the database in `options.cache` up to date, and do no more.
    fn fetch_arguments(&self, options: &Options<'_>) -> Vec<OsString>;

    /// The arguments that make the scanner write what the database in `options.cache` says of itself. None where
    /// [`Place::metadata`] says it.
    fn question(&self) -> Option<Vec<OsString>> {
        None
    }

    /// Reads what a database says of itself.
    ///
    /// # Errors
    /// Malformed metadata, or a schema that this scanner does not read.
    fn read_metadata(&self, metadata: &[u8]) -> Result<Database, ReportError>;

    /// The sample of this version of Hallmark.
    ///
    /// # Errors
    /// A malformed list, which the tests exclude.
    fn sample(&self) -> Result<Built, ListError>;

    /// Whether data sources that findings name are those of the sample. (That none is proves nothing: a report
    /// without findings names no source.)
    fn sample_is_named_in(&self, sources: &[String]) -> bool;

    /// Whether the sample has advisories for this system. Elsewhere it would find nothing, ever.
    fn sample_covers(&self, family: &str, release: &str) -> bool;
}

/// Where a database lies below the scanner's cache directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The folder.
    pub folder: &'static str,
    /// The database, in that folder.
    pub database: &'static str,
    /// The file that comes with it, in that folder.
    pub metadata: &'static str,
}

/// Every scanner there is.
pub static ALL: &[&dyn Scanner] =
    &[&trivy::Trivy, &grype::Grype, &semgrep::Semgrep, &gitleaks::Gitleaks, &checkov::Checkov, &sarif::Sarif];

/// The scanner of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Scanner> {
    ALL.iter().copied().find(|scanner| scanner.name() == name)
}

/// Only what a browser would take as a web page, each once.
fn links(all: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for link in all {
        if (link.starts_with("https://") || link.starts_with("http://")) && seen.insert(link.clone()) {
            links.push(link);
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for scanner in ALL {
            assert_eq!(find(scanner.name()).unwrap().title(), scanner.title());
            assert_eq!(ALL.iter().filter(|other| other.name() == scanner.name()).count(), 1);
        }
        assert!(find("").is_none());
    }
}
