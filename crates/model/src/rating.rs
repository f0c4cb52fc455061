//! What is known about a vulnerability in numbers, each with who said so and when.

use serde::{Deserialize, Serialize};

/// A CVSS base score by one source. <https://www.first.org/cvss/>
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CvssScore {
    /// Who scored it: `nvd`, `ghsa`, `redhat` …
    pub source: String,
    /// By which version of CVSS.
    pub version: CvssVersion,
    /// The vector, where the source gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<String>,
    /// The base score, 0.0 to 10.0.
    pub score: f64,
}

/// A version of CVSS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CvssVersion {
    /// 2.0, whose vectors have no prefix.
    #[serde(rename = "2.0")]
    V2,
    /// 3.0.
    #[serde(rename = "3.0")]
    V30,
    /// 3.1.
    #[serde(rename = "3.1")]
    V31,
    /// 4.0.
    #[serde(rename = "4.0")]
    V40,
}

impl CvssVersion {
    /// The version that a vector says it is by.
    #[must_use]
    pub fn of_vector(vector: &str) -> Option<Self> {
        match vector.split_once('/') {
            Some(("CVSS:4.0", _)) => Some(Self::V40),
            Some(("CVSS:3.1", _)) => Some(Self::V31),
            Some(("CVSS:3.0", _)) => Some(Self::V30),
            Some((first, _)) if first.starts_with("AV:") || first.starts_with("(AV:") => Some(Self::V2),
            _ => None,
        }
    }

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "2.0",
            Self::V30 => "3.0",
            Self::V31 => "3.1",
            Self::V40 => "4.0",
        }
    }
}

/// How likely it is to be exploited within 30 days. <https://www.first.org/epss/>
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Epss {
    /// The probability, 0.0 to 1.0.
    pub score: f64,
    /// The share of vulnerabilities that are no likelier, 0.0 to 1.0.
    pub percentile: f64,
    /// The day of the model's run, as the report writes it.
    pub date: String,
}

/// It is in CISA's catalogue of known exploited vulnerabilities. <https://www.cisa.gov/known-exploited-vulnerabilities-catalog>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kev {
    /// The day it was added, as the report writes it.
    pub added: String,
    /// Whether ransomware is known to use it.
    pub ransomware: bool,
}

/// Where the scanner's own record lies: these bytes of its report, from `start` up to `end`. The report is kept as it
/// came, so the record is too, and whatever is secret in it stays there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Record {
    /// The first byte.
    pub start: u64,
    /// The first byte after it.
    pub end: u64,
}

impl Record {
    /// Where `part` lies in `whole`; none where it does not.
    #[must_use]
    pub fn of(part: &str, whole: &[u8]) -> Option<Self> {
        let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
        let end = start.checked_add(part.len())?;
        (whole.get(start..end)? == part.as_bytes()).then_some(Self { start: start as u64, end: end as u64 })
    }

    /// The record, out of its report.
    #[must_use]
    pub fn read(self, report: &[u8]) -> Option<&[u8]> {
        report.get(usize::try_from(self.start).ok()?..usize::try_from(self.end).ok()?)
    }
}

/// Lines of a file, both counted from 1 and both part of it (SARIF's region).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Region {
    /// The first line.
    pub start_line: u64,
    /// The last line.
    pub end_line: u64,
}

impl Region {
    /// The lines from `start` to `end`; none without a first line that is one.
    #[must_use]
    pub fn of(start: Option<u64>, end: Option<u64>) -> Option<Self> {
        let start_line = start.filter(|line| *line > 0)?;
        Some(Self { start_line, end_line: end.unwrap_or(start_line).max(start_line) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_says_its_version() {
        for (vector, version) in [
            ("CVSS:4.0/AV:N/AC:L", Some(CvssVersion::V40)),
            ("CVSS:3.1/AV:N", Some(CvssVersion::V31)),
            ("CVSS:3.0/AV:N", Some(CvssVersion::V30)),
            ("AV:N/AC:L/Au:N/C:N/I:N/A:P", Some(CvssVersion::V2)),
            ("(AV:N/AC:L)", Some(CvssVersion::V2)),
            ("CVSS:5.0/AV:N", None),
            ("CVSS:3.1", None),
            ("", None),
        ] {
            assert_eq!(CvssVersion::of_vector(vector), version, "{vector}");
        }
    }

    #[test]
    fn a_record_is_found_in_its_report_and_nowhere_else() {
        let report = r#"[{"a":1},{"a":2}]"#;
        let second = &report[9..16];
        let record = Record::of(second, report.as_bytes()).unwrap();
        assert_eq!(record, Record { start: 9, end: 16 });
        assert_eq!(record.read(report.as_bytes()), Some(second.as_bytes()));
        assert_eq!(Record::of(r#"{"a":2}"#, report.as_bytes()), None);
        assert_eq!(Record { start: 9, end: 99 }.read(report.as_bytes()), None);
    }
}
