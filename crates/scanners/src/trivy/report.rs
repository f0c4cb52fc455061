//! Trivy's JSON report (schema 2) → [`Scan`]. All of it, or an error.
//!
//! Packages and vulnerabilities, which are nearly all of a report, are read as they pass by. What is left is read as one.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;

use model::{Class, Finding, Package, Record, Severity};
use serde_json::Value;
use serde_json::value::RawValue;

use super::alike::{Known, Whole};
use super::others;
use super::wire::{Os, RawPackage, Report, ResultEntry, Vulnerability};
use crate::pieces::{self, Frame, PLACEHOLDER, Piece, Take};
use crate::{OperatingSystem, ReportError, Scan};

const WHAT: &str = "the Trivy report";
const SCHEMA: u64 = 2;
const PACKAGES: &[u8] = b"Packages";
const VULNERABILITIES: &[u8] = b"Vulnerabilities";

pub(super) fn read(report: &mut dyn Read) -> Result<Scan, ReportError> {
    let mut passed = Passed { scan: Scan::by("trivy"), ..Passed::default() };
    let frame = pieces::split(report, b"Results", &[PACKAGES, VULNERABILITIES], &mut passed)
        .map_err(|error| error.0)?;
    if frame.bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReportError::Empty { what: WHAT });
    }
    let report: Report<'_> =
        serde_json::from_slice(&frame.bytes).map_err(|error| ReportError::json(WHAT, error))?;
    match &report.schema_version {
        Some(version) if version.as_u64() == Some(SCHEMA) => {}
        other => {
            let found = other.as_ref().map_or_else(|| "none".to_owned(), Value::to_string);
            return Err(ReportError::Schema { what: WHAT, found, wanted: SCHEMA });
        }
    }
    passed.scan.version = report.trivy.and_then(|tool| tool.version);
    passed.scan.created = report.created_at;
    passed.scan.artifact = report.artifact_name;
    passed.scan.os = report.metadata.and_then(|metadata| metadata.os).and_then(operating_system);
    passed.rest(report.results.unwrap_or_default(), &frame)
}

/// Trivy writes `none` when it saw packages but no system they could belong to.
fn operating_system(os: Os) -> Option<OperatingSystem> {
    (!os.family.is_empty() && os.family != "none").then_some(OperatingSystem {
        family: os.family,
        name: os.name,
        end_of_life: os.eosl,
    })
}

/// A [`ReportError`], or pieces that there are none of.
struct Failed(ReportError);

impl From<pieces::Broken> for Failed {
    fn from(broken: pieces::Broken) -> Self {
        Self(ReportError::broken(WHAT, broken))
    }
}

/// What has passed by.
#[derive(Default)]
struct Passed {
    scan: Scan,
    known: Known,
    sources: BTreeSet<String>,
    results: Vec<One>,
    /// Findings whose package has not passed yet: the finding, its result, its package's id.
    waiting: Vec<(usize, usize, String)>,
}

/// What has passed by of one result.
#[derive(Default)]
struct One {
    /// Packages are found again by Trivy's own id: a name may be installed twice.
    by_uid: HashMap<String, usize>,
    packages: usize,
    vulnerabilities: usize,
}

impl Take for Passed {
    type Error = Failed;

    fn take(&mut self, piece: &Piece<'_>) -> Result<(), Failed> {
        let taken = if piece.list == PACKAGES { self.package(piece) } else { self.vulnerable(piece) };
        taken.map_err(|(place, problem)| {
            let place = format!("Results[{}], {place}", piece.outer);
            // A place that the problem names is one in the entry.
            let problem =
                format!("{problem} (the entry begins at line {}, column {})", piece.line, piece.column);
            Failed(ReportError::Entry { what: WHAT, place, problem })
        })
    }

    fn take_known(&mut self, rest: &Piece<'_>) -> Option<usize> {
        if rest.list != VULNERABILITIES {
            return None;
        }
        let mut short = String::new();
        let (length, whole) = self.known.begins(rest.bytes, &mut short)?;
        self.result(rest.outer).vulnerabilities += 1;
        let finding = self.finding(rest.outer, whole);
        self.push(finding, rest.start, length);
        Some(length)
    }
}

impl Passed {
    fn result(&mut self, at: usize) -> &mut One {
        if self.results.len() <= at {
            self.results.resize_with(at + 1, One::default);
        }
        &mut self.results[at]
    }

    fn package(&mut self, piece: &Piece<'_>) -> Result<(), (String, String)> {
        let result = self.result(piece.outer);
        let wrong = format!("package {}", result.packages);
        result.packages += 1;
        let text = std::str::from_utf8(piece.bytes);
        let read = text.map_err(|error| error.to_string()).and_then(package);
        let (uid, package) = read.map_err(|problem| (wrong, problem))?;
        let at = self.scan.packages.len();
        if let Some(uid) = uid {
            self.result(piece.outer).by_uid.insert(uid, at);
        }
        self.scan.packages.push(package);
        Ok(())
    }

    fn vulnerable(&mut self, piece: &Piece<'_>) -> Result<(), (String, String)> {
        let result = self.result(piece.outer);
        let place = result.vulnerabilities;
        result.vulnerabilities += 1;
        let text = std::str::from_utf8(piece.bytes).map_err(|error| error.to_string());
        let read = text.and_then(|text| self.vulnerability(piece.outer, text));
        let finding = read.map_err(|problem| (format!("vulnerability {place}"), problem))?;
        self.push(finding, piece.start, piece.bytes.len());
        Ok(())
    }

    fn push(&mut self, finding: Finding, start: u64, length: usize) {
        let record = Some(Record { start, end: start.saturating_add(length as u64) });
        self.scan.findings.push(Finding { record, ..finding });
    }

    fn vulnerability(&mut self, result: usize, record: &str) -> Result<Finding, String> {
        let whole = self.known.read(record)?;
        Ok(self.finding(result, whole))
    }

    fn finding(&mut self, result: usize, whole: Whole<'_>) -> Finding {
        let raw = &whole.raw;
        if let Some(source) = raw.data_source.as_ref().map(|source| &*source.name.0)
            && !source.is_empty()
            && !self.sources.contains(source)
        {
            self.sources.insert(source.to_owned());
        }
        let uid = raw.pkg_identifier.uid.as_ref().map(|uid| &*uid.0);
        let known = uid.and_then(|uid| self.results.get(result)?.by_uid.get(uid)).copied();
        if let (Some(uid), None) = (uid, known) {
            self.waiting.push((self.scan.findings.len(), result, uid.to_owned()));
        }
        let package = known.and_then(|at| self.scan.packages.get(at));
        finding(whole, package)
    }

    /// Everything else, when all has passed by.
    fn rest(mut self, results: Vec<ResultEntry<'_>>, frame: &Frame) -> Result<Scan, ReportError> {
        let mut gone = 0;
        for (index, result) in results.iter().enumerate() {
            gone += self.gone(index, result)?;
        }
        if gone != frame.records {
            let problem = format!("{} records were read, and {gone} are missing", frame.records);
            return Err(ReportError::Entry { what: WHAT, place: "Results".into(), problem });
        }
        let packages = others::by_place(&self.scan.packages);
        for (index, result) in results.into_iter().enumerate() {
            self.others(index, result, frame, &packages)?;
        }
        for (at, result, uid) in std::mem::take(&mut self.waiting) {
            let package = self
                .results
                .get(result)
                .and_then(|result| result.by_uid.get(&uid))
                .copied()
                .and_then(|at| self.scan.packages.get(at));
            if let (Some(finding), Some(package)) = (self.scan.findings.get_mut(at), package) {
                complete(&mut finding.package, package);
            }
        }
        self.scan.sources = self.sources.into_iter().collect();
        Ok(self.scan)
    }

    /// How many placeholders a result has. What is no object has not passed by: it is told here what is wrong with it.
    fn gone(&mut self, index: usize, result: &ResultEntry<'_>) -> Result<usize, ReportError> {
        let mut gone = 0;
        let lists = [("package", &result.packages), ("vulnerability", &result.vulnerabilities)];
        for (class, records) in lists {
            for (place, record) in records.iter().flatten().enumerate() {
                if record.get() == PLACEHOLDER.trim() {
                    gone += 1;
                    continue;
                }
                let read = match class {
                    "package" => package(record.get()).map(drop),
                    _ => serde_json::from_str::<Vulnerability<'_>>(record.get())
                        .map(drop)
                        .map_err(|error| error.to_string()),
                };
                let problem =
                    read.err().unwrap_or_else(|| "its list has a name that is written with escapes".into());
                let place = format!("Results[{index}], {class} {place}");
                return Err(ReportError::Entry { what: WHAT, place, problem });
            }
        }
        if result.class == "os-pkgs" {
            self.scan.os_packages += result.packages.as_ref().map_or(0, Vec::len);
        }
        Ok(gone)
    }

    fn others(
        &mut self,
        index: usize,
        result: ResultEntry<'_>,
        frame: &Frame,
        packages: &others::Packages,
    ) -> Result<(), ReportError> {
        let of = |class: Class, records: Option<Vec<_>>| {
            let places = records.unwrap_or_default().into_iter().enumerate();
            places.map(move |(place, record)| (class, place, record))
        };
        let mut records: Vec<(Class, usize, &RawValue)> =
            of(Class::Misconfiguration, result.misconfigurations)
                .chain(of(Class::Secret, result.secrets))
                .chain(of(Class::License, result.licenses))
                .collect();
        let reported = records.len();
        for (place, modified) in result.modified.unwrap_or_default().into_iter().enumerate() {
            let class = Class::ALL.into_iter().find(|class| class.as_str() == modified.r#type);
            match (class, modified.finding) {
                (Some(class), Some(finding)) => records.push((class, place, finding)),
                (Some(class), None) => {
                    let place = format!("Results[{index}], {class} {place}");
                    return Err(ReportError::Entry {
                        what: WHAT,
                        place,
                        problem: "there is no Finding in it".into(),
                    });
                }
                (None, _) => self.scan.other += 1,
            }
        }
        for (at, (class, place, record)) in records.into_iter().enumerate() {
            let found = if class == Class::Vulnerability {
                self.vulnerability(index, record.get()).map(Some)
            } else {
                others::read(class, record, &result.target, packages)
            };
            let found = found.map_err(|problem| {
                let place = format!("Results[{index}], {class} {place}");
                ReportError::Entry { what: WHAT, place, problem }
            })?;
            if let Some(mut finding) = found {
                finding.record = Record::of(record.get(), &frame.bytes).map(|record| Record {
                    start: frame.in_report(usize::try_from(record.start).unwrap_or(usize::MAX)),
                    end: frame.in_report(usize::try_from(record.end).unwrap_or(usize::MAX).saturating_sub(1))
                        + 1,
                });
                self.scan.suppressed += usize::from(at >= reported);
                self.scan.findings.push(finding);
            }
        }
        Ok(())
    }
}

/// A package, and Trivy's own id of it.
fn package(record: &str) -> Result<(Option<String>, Package), String> {
    let raw: RawPackage = serde_json::from_str(record).map_err(|error| error.to_string())?;
    let mut version = raw.version;
    if !raw.release.is_empty() {
        version = format!("{version}-{}", raw.release);
    }
    if raw.epoch != 0 {
        version = format!("{}:{version}", raw.epoch);
    }
    let package = Package {
        source: raw.src_name.filter(|source| *source != raw.name && !source.is_empty()),
        name: raw.name,
        version,
        purl: raw.identifier.purl,
        path: raw.file_path.filter(|path| !path.is_empty()),
        layer: raw.layer.name(),
    };
    Ok((raw.identifier.uid, package))
}

/// Adds what a finding leaves to the list of packages.
fn complete(package: &mut Package, listed: &Package) {
    package.source = package.source.take().or_else(|| listed.source.clone());
    package.purl = package.purl.take().or_else(|| listed.purl.clone());
    package.path = package.path.take().or_else(|| listed.path.clone());
}

fn finding(whole: Whole<'_>, listed: Option<&Package>) -> Finding {
    let Whole { raw, severity, alike } = whole;
    let mut package = Package {
        name: raw.pkg_name.0.into_owned(),
        source: None,
        version: raw.installed_version.0.into_owned(),
        purl: raw.pkg_identifier.purl.map(|purl| purl.0.into_owned()),
        path: raw.pkg_path.and_then(|path| path.some()),
        layer: raw.layer.name(),
    };
    if let Some(listed) = listed {
        complete(&mut package, listed);
    }
    let finding = Finding {
        aliases: raw.vendor_ids,
        package,
        severity,
        severity_source: raw.severity_source.and_then(|source| source.some()),
        severities: alike.severities,
        fixed_version: raw
            .fixed_version
            .filter(|fixed| !fixed.0.trim().is_empty())
            .map(|fixed| fixed.0.into_owned()),
        status: raw.status.map(|status| status.0.into_owned()),
        title: alike.title,
        description: alike.description,
        links: alike.links,
        published: raw.published_date.map(|date| date.0.into_owned()),
        ..Finding::new(Class::Vulnerability, raw.id.0, "trivy")
    };
    finding.scored(alike.scores)
}

/// A missing severity is unknown; a word nobody knows is an error, because whatever it means it
/// would be decided wrongly.
pub(super) fn severity(word: Option<&str>) -> Result<Severity, String> {
    match word {
        None | Some("") => Ok(Severity::Unknown),
        Some(word) => word.parse().map_err(|error: model::UnknownSeverity| error.to_string()),
    }
}
