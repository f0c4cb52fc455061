//! What a report says, in one shape for all scanners.

use model::{Class, Finding, Package, Severity};

/// One whole scan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scan {
    /// The scanner's name.
    pub scanner: String,
    /// The tool that made the report, where the scanner is a format that many tools write.
    pub tool: Option<String>,
    /// The version the report names, where it names one.
    pub version: Option<String>,
    /// When the report says it was made. A claim, not a clock.
    pub created: Option<String>,
    /// What the report says was scanned. Hostile text.
    pub artifact: String,
    /// The operating system that was recognised.
    pub os: Option<OperatingSystem>,
    /// Every package that was seen, in the report's order.
    pub packages: Vec<Package>,
    /// How many of them came from the operating system's package manager.
    pub os_packages: usize,
    /// How many files were looked at, where the report says so.
    pub files: Option<u64>,
    /// Every finding: vulnerabilities in the report's order, then the others, and what was left out, in theirs.
    pub findings: Vec<Finding>,
    /// How many of the findings the scanner had been told to leave out (ignore files, VEX). They
    /// are in `findings` all the same: what may be excepted is the policy's to say.
    pub suppressed: usize,
    /// Entries of a kind that is not known here, and so not judged.
    pub other: usize,
    /// The data sources the findings name, sorted.
    pub sources: Vec<String>,
}

/// The operating system a scanner recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatingSystem {
    /// `debian`, `ubuntu`, `alpine` …
    pub family: String,
    /// The release: `13.2`.
    pub name: String,
    /// Its makers no longer mend it.
    pub end_of_life: bool,
}

/// Something that makes an empty list of findings worthless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Condition {
    /// No operating system was recognised.
    #[error("no operating system was recognised, so no distribution's advisories were applied")]
    NoOs,
    /// The system is known, and its packages were not matched: the scanner has no advisories for it.
    #[error("the operating system was recognised, but none of its packages were matched against advisories")]
    OsNotMatched,
    /// No package was seen at all.
    #[error("no packages were found, so there was nothing to find vulnerabilities in")]
    NoPackages,
}

impl Scan {
    /// What makes this scan say less than it seems to. Empty for a scan that can be judged.
    #[must_use]
    pub fn conditions(&self) -> Vec<Condition> {
        let mut conditions = Vec::new();
        match &self.os {
            None => conditions.push(Condition::NoOs),
            Some(_) if self.os_packages == 0 && !self.packages.is_empty() => {
                conditions.push(Condition::OsNotMatched);
            }
            Some(_) => {}
        }
        if self.packages.is_empty() {
            conditions.push(Condition::NoPackages);
        }
        conditions
    }

    /// Nothing yet.
    #[must_use]
    pub fn by(scanner: &str) -> Self {
        Self {
            scanner: scanner.to_owned(),
            tool: None,
            version: None,
            created: None,
            artifact: String::new(),
            os: None,
            packages: Vec::new(),
            os_packages: 0,
            files: None,
            findings: Vec::new(),
            suppressed: 0,
            other: 0,
            sources: Vec::new(),
        }
    }

    /// Takes the packages of the SBOM that was scanned, where the report does not list any itself.
    pub fn take_inventory(&mut self, inventory: crate::sbom::Inventory) {
        self.os_packages = inventory.os_packages;
        self.packages = inventory.packages;
        self.os = self.os.take().or(inventory.os);
    }

    /// The findings of one class.
    pub fn of(&self, class: Class) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.class == class)
    }

    /// How many vulnerabilities of each severity.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(self.of(Class::Vulnerability))
    }
}

/// How many findings of each severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Critical.
    pub critical: u64,
    /// High.
    pub high: u64,
    /// Medium.
    pub medium: u64,
    /// Low.
    pub low: u64,
    /// Negligible.
    pub negligible: u64,
    /// Rated by nobody.
    pub unknown: u64,
    /// Of all of them, those with a known fixed version.
    pub fixable: u64,
}

impl Counts {
    /// Counts findings.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            *counts.slot(finding.severity) += 1;
            counts.fixable += u64::from(finding.fixable());
        }
        counts
    }

    /// The count of one severity.
    #[must_use]
    pub const fn get(&self, severity: Severity) -> u64 {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
            Severity::Negligible => self.negligible,
            Severity::Unknown => self.unknown,
        }
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        Severity::ALL.into_iter().map(|severity| self.get(severity)).sum()
    }

    const fn slot(&mut self, severity: Severity) -> &mut u64 {
        match severity {
            Severity::Critical => &mut self.critical,
            Severity::High => &mut self.high,
            Severity::Medium => &mut self.medium,
            Severity::Low => &mut self.low,
            Severity::Negligible => &mut self.negligible,
            Severity::Unknown => &mut self.unknown,
        }
    }
}

/// What a vulnerability database says of itself. Whether it is a sample is *not* among it: that is
/// known from how the database was prepared and from its digest, never from what it claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// The schema's version.
    pub version: u64,
    /// When its contents were gathered.
    pub updated: jiff::Timestamp,
}

/// A report (or a database's metadata) that cannot be taken as a whole.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It cannot be read.
    #[error("the report cannot be read: {0}")]
    Unreadable(#[source] std::io::Error),
    /// Brackets in brackets, so many that nobody has read what is in them.
    #[error(
        "{what} is malformed: line {line}, column {column}: brackets stand in brackets beyond the recursion limit"
    )]
    Deep {
        /// What was read.
        what: &'static str,
        /// The line of the innermost.
        line: usize,
        /// Its column.
        column: usize,
    },
    /// Nothing at all.
    #[error("{what} is empty: the scanner wrote nothing")]
    Empty {
        /// What was read.
        what: &'static str,
    },
    /// It ends in the middle.
    #[error("{what} ends early, at line {line}, column {column}: it is truncated, scan again")]
    Truncated {
        /// What was read.
        what: &'static str,
        /// The line where it ends.
        line: usize,
        /// The column where it ends.
        column: usize,
    },
    /// It is no JSON, or no JSON of this shape.
    #[error("{what} is malformed: {source}")]
    Malformed {
        /// What was read.
        what: &'static str,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// JSON of another schema.
    #[error("{what} has schema version {found}, and {wanted} is the one that is read here")]
    Schema {
        /// What was read.
        what: &'static str,
        /// What it has.
        found: String,
        /// What is read.
        wanted: u64,
    },
    /// An entry that lacks what it is judged by.
    #[error("{what} is malformed: {place}: {problem}")]
    Entry {
        /// What was read.
        what: &'static str,
        /// Which entry.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl ReportError {
    pub(crate) fn broken(what: &'static str, broken: crate::pieces::Broken) -> Self {
        use crate::pieces::Broken;
        match broken {
            Broken::Unreadable(error) => Self::Unreadable(error),
            Broken::Early(line, column) => Self::Truncated { what, line, column },
            Broken::Deep(line, column) => Self::Deep { what, line, column },
        }
    }

    /// Sorts serde's errors: a truncated report is the most common fault and has its own name.
    pub(crate) fn json(what: &'static str, source: serde_json::Error) -> Self {
        if source.is_eof() {
            Self::Truncated { what, line: source.line(), column: source.column() }
        } else {
            Self::Malformed { what, source }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(os: bool, os_packages: usize, packages: usize) -> Scan {
        Scan {
            os: os.then(|| OperatingSystem {
                family: "debian".into(),
                name: "13".into(),
                end_of_life: false,
            }),
            packages: vec![Package::default(); packages],
            os_packages,
            ..Scan::by("trivy")
        }
    }

    #[test]
    fn conditions_truth_table() {
        use Condition::{NoOs, NoPackages, OsNotMatched};
        // (operating system, its packages, all packages) → conditions
        let table: [(bool, usize, usize, &[Condition]); 5] = [
            (false, 0, 0, &[NoOs, NoPackages]),
            (false, 0, 3, &[NoOs]),
            (true, 0, 0, &[NoPackages]),
            (true, 0, 3, &[OsNotMatched]),
            (true, 2, 3, &[]),
        ];
        for (os, os_packages, packages, wanted) in table {
            assert_eq!(scan(os, os_packages, packages).conditions(), wanted, "{os} {os_packages} {packages}");
        }
    }

    #[test]
    fn no_findings_count_nothing() {
        let counts = Counts::of([]);
        assert_eq!(counts.total(), 0);
        assert_eq!(counts, Counts::default());
    }
}
