//! The scanners: one file for each, and one list of them.
//!
//! A scanner here is three pure functions: how it is called ([`Scanner::arguments`]), what its
//! report says ([`Scanner::read_report`]), and what its database says of itself
//! ([`Scanner::read_database`]). Running programs and reading files is the actions' work, so that
//! the gate can read a report years later with the very code that judged it first.
//!
//! A new scanner is one file, and one line in [`ALL`].

mod scan;
mod target;
pub mod trivy;

use std::ffi::OsString;

pub use scan::{Condition, Counts, Database, OperatingSystem, ReportError, Scan};
pub use target::{Access, Options, Target, TargetKind};

/// One scanner.
pub trait Scanner: Sync {
    /// The name that evidence, findings and inputs use: `trivy`.
    fn name(&self) -> &'static str;

    /// The name for people: `Trivy`.
    fn title(&self) -> &'static str;

    /// Where the scanner comes from (the `uri` of in-toto's vulns predicate).
    fn uri(&self) -> &'static str;

    /// The classes of findings that can be looked for in a target of that kind.
    fn looks_for(&self, kind: TargetKind) -> &'static [model::Class];

    /// The arguments that scan `target` once and write the whole report to `options.output`.
    /// Nothing is filtered here: what is shown is decided later, on the whole report.
    fn arguments(&self, target: &Target<'_>, options: &Options<'_>) -> Vec<OsString>;

    /// The arguments that bring the database in `options.cache` up to date, and do no more.
    fn fetch_arguments(&self, options: &Options<'_>) -> Vec<OsString>;

    /// Whether a line of the scanner's log says that it left a part of the target out. A scan that
    /// logs one is no scan of the target.
    fn tells_of_a_gap(&self, line: &str) -> bool;

    /// What the scanner would pass over on a disk that begins with these bytes (32 KiB are enough),
    /// a sentence for each. Empty where it looks everywhere.
    fn unseen(&self, disk: &[u8]) -> Vec<String>;

    /// Reads a report as the scanner wrote it.
    ///
    /// # Errors
    /// Anything but one whole report of a known schema. There is no partial result.
    fn read_report(&self, bytes: &[u8]) -> Result<Scan, ReportError>;

    /// Reads what a database says of itself.
    ///
    /// # Errors
    /// Malformed metadata, or a schema that this scanner does not read.
    fn read_database(&self, metadata: &[u8]) -> Result<Database, ReportError>;
}

/// Every scanner there is.
pub static ALL: &[&dyn Scanner] = &[&trivy::Trivy];

/// The scanner of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Scanner> {
    ALL.iter().copied().find(|scanner| scanner.name() == name)
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
