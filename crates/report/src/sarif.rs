//! SARIF 2.1.0 for code scanning: one run, one rule per vulnerability, kind of secret, licence or
//! check, one result per finding.
//!
//! GitHub identifies an alert by rule, file path and `primaryLocationLineHash`. So all findings of
//! an image family sit on one fixed file, the hash is the finding's fingerprint, and the category
//! is family and architecture: a rebuild changes nothing but what really changed (docs/alerts.md).
//!
//! The log is written as it is made: nothing of it is held twice.

mod result;
mod rows;
mod rule;
mod text;
mod wire;

use jiff::civil::Date;
use model::{Class, Finding, Severity};

use rows::Rows;
use text::slug;

/// GitHub keeps 5,000 results of a run. We choose which, and say how many were cut.
pub const MAX_RESULTS: usize = 5_000;
/// GitHub takes 20 runs of a file.
pub const MAX_RUNS: usize = 20;

/// GitHub takes 10 MB of a compressed file.
const MAX_COMPRESSED: usize = 9_900_000;

const MAX_NAME: usize = 255;
const MAX_DESCRIPTION: usize = 1_024;
const MAX_HELP: usize = 4_096;

/// What a run says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run<'a> {
    /// The scanner: `Trivy`.
    pub tool: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its home page.
    pub information_uri: &'a str,
    /// The image family, part of each fingerprint and of the category.
    pub family: &'a str,
    /// The architecture, part of the category.
    pub architecture: &'a str,
    /// The file of the repository that the family's findings sit on, relative to its root. It must
    /// never change for a family: moving findings to another file churns every alert. None where the findings are of
    /// the repository's own files: each then sits where it was found.
    pub location: Option<&'a str>,
}

/// One finding, and why it is suppressed if it is.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// The exceptions that suppress it; none where it stands.
    pub suppressed: &'a [Suppression<'a>],
}

/// What an exception says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Suppression<'a> {
    /// Why.
    pub reason: &'a str,
    /// Where it is discussed.
    pub ticket: Option<&'a str>,
    /// Its last day.
    pub expires: Option<Date>,
}

impl<'a> From<&'a Finding> for Entry<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self { finding, suppressed: &[] }
    }
}

/// A log that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SarifError {
    /// A value that JSON cannot hold.
    #[error("the SARIF log could not be written: {0}")]
    Json(#[from] serde_json::Error),
    /// What changes with every build, where alerts need something that stays.
    #[error(
        "the {what} `{text}` has a digest in it, and would be another for the next image: every alert would be closed and \
         opened anew. Give one that stays the same for the family"
    )]
    Digest {
        /// What it is: `location` or `family`.
        what: &'static str,
        /// What was given.
        text: String,
    },
    /// GitHub would refuse the file.
    #[error("{0} runs are too many for one SARIF file: GitHub takes {MAX_RUNS}. Write several files")]
    Runs(usize),
}

/// A log, and what is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The log.
    pub bytes: Vec<u8>,
    /// How many results it has.
    pub results: usize,
    /// How many findings were cut, because GitHub takes no more: the least of them by the order of [`to_bytes`].
    pub cut: usize,
}

/// The category of an upload: family and architecture, where there is any, and nothing that changes with a rebuild.
#[must_use]
pub fn category(family: &str, architecture: &str) -> String {
    if architecture.is_empty() {
        return format!("hallmark/{}", slug(family));
    }
    format!("hallmark/{}/{}", slug(family), slug(architecture))
}

/// The log as bytes, small enough for GitHub: first the help texts are shortened, then results are cut.
///
/// Results are sorted by what matters: first what no exception suppresses; then what is known to be exploited, the
/// severity, how likely it is to be exploited, whether it can be mended; then by class, id, package and path, so that equal
/// input in any order gives equal bytes. [`MAX_RESULTS`] are kept. Of several findings that are one alert the first by this
/// order is shown, and names the others.
///
/// # Errors
/// [`SarifError`].
pub fn to_bytes<'a>(
    run: &Run<'_>,
    entries: impl IntoIterator<Item = Entry<'a>>,
) -> Result<Written, SarifError> {
    write(vec![Rows::new(run, entries)?])
}

/// As [`to_bytes`], with a run for each tool: what each says stays its own.
///
/// # Errors
/// [`SarifError`].
pub fn several_to_bytes<'a, 'r, I>(
    runs: impl IntoIterator<Item = (&'r Run<'r>, I)>,
) -> Result<Written, SarifError>
where
    I: IntoIterator<Item = Entry<'a>>,
{
    let rows: Vec<_> =
        runs.into_iter().map(|(run, entries)| Rows::new(run, entries)).collect::<Result<_, _>>()?;
    write(rows)
}

fn write(runs: Vec<Rows<'_, '_>>) -> Result<Written, SarifError> {
    if runs.len() > MAX_RUNS {
        return Err(SarifError::Runs(runs.len()));
    }
    let (mut most, mut help) = (MAX_RESULTS, MAX_HELP);
    loop {
        let mut bytes = serde_json::to_vec(&wire::Log::of(&runs, most, help))?;
        bytes.push(b'\n');
        let results = runs.iter().map(|rows| rows.kept(most).len()).sum();
        if results == 0 || fits(&bytes)? {
            let all: usize = runs.iter().map(Rows::total).sum();
            return Ok(Written { bytes, results, cut: all - results });
        }
        let longest = runs.iter().map(|rows| rows.kept(most).len()).max().unwrap_or_default();
        if help > 0 { help = 0 } else { most = longest / 2 }
    }
}

fn fits(bytes: &[u8]) -> Result<bool, SarifError> {
    // What the quickest compression makes small enough any other does.
    Ok(bytes.len() <= MAX_COMPRESSED
        || compressed(bytes, 1)? <= MAX_COMPRESSED
        || compressed(bytes, 6)? <= MAX_COMPRESSED)
}

fn compressed(bytes: &[u8], level: u32) -> Result<usize, SarifError> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
    std::io::Write::write_all(&mut encoder, bytes).map_err(serde_json::Error::io)?;
    Ok(encoder.finish().map_err(serde_json::Error::io)?.len())
}

/// A vulnerability's own id; of another class the class before it, so that no two rules have one name.
fn rule_id(finding: &Finding) -> String {
    match finding.class {
        Class::Vulnerability => finding.id.clone(),
        class => format!("{class}/{}", finding.id),
    }
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium | Severity::Unknown => "warning",
        Severity::Low | Severity::Negligible => "note",
    }
}

#[cfg(test)]
mod tests;
