//! in-toto vulns v0.2: what a vulnerability scan found.
//! <https://github.com/in-toto/attestation/blob/main/spec/predicates/vulns_02.md>

use jiff::Timestamp;
use model::{Class, Finding, Severity, Sha256};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FileDigest, Tool};

/// The predicate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Predicate {
    /// The scanner, its database, and what it found.
    pub scanner: Scanner,
    /// When it ran.
    pub metadata: Metadata,
    /// What the standard has no place for. Evidence of another tool may lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hallmark: Option<Extension>,
}

/// The scanner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scanner {
    /// A URI that names it.
    pub uri: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its vulnerability database.
    pub db: Db,
    /// What it found; empty when it found nothing.
    pub result: Vec<ResultEntry>,
}

/// A vulnerability database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Db {
    /// A URI that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When it was last updated.
    pub last_update: Timestamp,
}

/// One vulnerability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultEntry {
    /// Its id.
    pub id: String,
    /// How bad it is, by one or more methods.
    pub severity: Vec<Score>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Value>,
}

/// A severity by one method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Who or what rated it.
    pub method: String,
    /// The rating.
    pub score: String,
}

/// When the scan ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// When it began.
    pub scan_started_on: Timestamp,
    /// When it ended.
    pub scan_finished_on: Timestamp,
}

/// What Hallmark adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extension {
    /// How the scan saw the image.
    pub seen: Seen,
    /// The full report, kept beside the evidence: what decisions are made on.
    pub report: Report,
    /// The program that scanned.
    pub tool: Tool,
    /// Its database, more closely; none where it goes by rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Database>,
    /// The rules that were given to it, by name and digest; its own are part of the program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Report>,
    /// The SBOM that was scanned, kept beside the evidence like the report: what the packages are taken from where
    /// the report does not list them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Report>,
    /// How many packages it saw.
    pub packages: u64,
    /// The operating system it recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<Os>,
    /// The classes of findings that were looked for. Statements from before there was a choice lack
    /// it: they looked for vulnerabilities.
    #[serde(default = "vulnerabilities")]
    pub scanners: Vec<Scanners>,
    /// How many vulnerabilities of each severity.
    pub counts: Counts,
    /// How many findings of the other classes.
    #[serde(default)]
    pub others: Others,
    /// Which alerts its findings are. Statements from before that was written down lack it, and so do those of scans that
    /// nobody asked for alerts of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Alerts>,
}

/// Which alerts of code scanning the findings are: whoever shows them once more, with more known about them, has to put
/// them in the same place, or every alert would be closed and opened anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alerts {
    /// The category of the upload: an image's family and architecture, which a disk without a manifest was given.
    pub category: String,
    /// The file of the repository that they sit on.
    pub location: String,
    /// Which findings are among them.
    #[serde(flatten)]
    pub view: View,
}

/// Which findings are shown. What is recorded and decided on is always everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// The severities; all of them, if none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub severity: Vec<Severity>,
    /// Whether vulnerabilities without a fix are left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignore_unfixed: bool,
}

impl View {
    /// Whether a finding is shown.
    #[must_use]
    pub fn shows(&self, finding: &Finding) -> bool {
        let named = self.severity.is_empty() || self.severity.contains(&finding.severity);
        named && (!self.ignore_unfixed || finding.class != Class::Vulnerability || finding.fixable())
    }
}

fn vulnerabilities() -> Vec<Scanners> {
    vec![Scanners::Vuln]
}

/// What looks for one class of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scanners {
    /// Known vulnerabilities.
    Vuln,
    /// Secrets in files.
    Secret,
    /// Licences.
    License,
    /// Misconfigurations.
    Misconfig,
    /// Weaknesses in code.
    Sast,
}

impl Scanners {
    /// The class of what it finds.
    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self::Vuln => Class::Vulnerability,
            Self::Secret => Class::Secret,
            Self::License => Class::License,
            Self::Misconfig => Class::Misconfiguration,
            Self::Sast => Class::Weakness,
        }
    }

    /// What looks for that class.
    #[must_use]
    pub const fn of(class: Class) -> Self {
        match class {
            Class::Vulnerability => Self::Vuln,
            Class::Secret => Self::Secret,
            Class::License => Self::License,
            Class::Misconfiguration => Self::Misconfig,
            Class::Weakness => Self::Sast,
        }
    }
}

/// How many findings there are that are no vulnerabilities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Others {
    /// Secrets.
    pub secrets: u64,
    /// Licences.
    pub licenses: u64,
    /// Misconfigurations.
    pub misconfigurations: u64,
    /// Weaknesses.
    #[serde(skip_serializing_if = "is_none")]
    pub weaknesses: u64,
}

/// Statements from before there was that class have no such member.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What a scan was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// The image's disk.
    Disk,
    /// A folder with a root file system.
    Rootfs,
    /// A list of components.
    Sbom,
    /// A container image.
    ContainerImage,
    /// A report that was there already.
    Report,
    /// The sources that the image was made from, at a commit.
    Source,
}

/// A file that is kept among the evidence's reports, or the digest of one that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Its name.
    pub name: String,
    /// What it is; of one that is kept, also its name in the evidence directory's `reports`.
    pub digest: FileDigest,
}

/// The database that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Database {
    /// Its version.
    pub version: String,
    /// When it was last updated.
    pub updated_on: Timestamp,
    /// What it is.
    pub sha256: Sha256,
    /// Whether it is the small sample that ships with Hallmark, which proves nothing about an image.
    pub sample: bool,
}

/// The operating system that was recognised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Os {
    /// The distribution: `debian`.
    pub family: String,
    /// Its release: `13.1`.
    pub name: String,
}

/// How many vulnerabilities of each severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Not rated yet.
    pub unknown: u64,
}
