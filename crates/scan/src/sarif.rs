//! SARIF for code scanning: whose findings they are and where they sit is said here alone, so that an alert stays the
//! same whichever action writes the file.

use std::path::{Path, PathBuf};

use ::report::sarif::{self, Entry};
use anyhow::Context as _;
use attest::predicate::vulns::{self, View};
use runner::{Annotation, Context, Result};
use scanners::{Scan, Scanner};

use crate::decide::findings;
use crate::files::write;

/// Who found it, as the scanner's report has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    title: String,
    version: String,
    uri: &'static str,
}

impl Tool {
    /// The tool of a report.
    #[must_use]
    pub fn of(scanner: &dyn Scanner, scan: &Scan) -> Self {
        Self {
            title: scan.tool.as_deref().unwrap_or_else(|| scanner.title()).to_owned(),
            version: scan.version.as_deref().unwrap_or("unknown").to_owned(),
            uri: scanner.uri(),
        }
    }

    /// Its name for people: `Trivy`.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }
}

/// Which alerts the findings of an image, or of a repository's files, are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alerts {
    family: String,
    architecture: String,
    /// The file that all of them sit on; none where each sits where it was found.
    location: Option<String>,
}

impl Alerts {
    /// Those of an image: all on one file of the repository, which is `location` or follows from the family.
    #[must_use]
    pub fn of_image(family: &str, architecture: &str, location: Option<&str>) -> Self {
        let location = location.map_or_else(|| format!("images/{family}"), str::to_owned);
        Self { family: family.to_owned(), architecture: architecture.to_owned(), location: Some(location) }
    }

    /// Those of the repository's own files. `name` tells several scans by one tool apart, and may be empty.
    #[must_use]
    pub fn of_files(tool: &str, name: &str) -> Self {
        Self { family: tool.to_owned(), architecture: name.to_owned(), location: None }
    }

    /// The category for uploading them.
    #[must_use]
    pub fn category(&self) -> String {
        sarif::category(&self.family, &self.architecture)
    }

    /// What evidence says of them; none of those that sit where they were found.
    ///
    /// # Errors
    /// Family or location would churn alerts.
    pub(crate) fn recorded(&self, view: View) -> Result<Option<vulns::Alerts>> {
        let Some(location) = self.location.clone() else { return Ok(None) };
        // A file that is not written would be refused for the same.
        sarif::to_bytes(&self.run("", "", ""), [])?;
        Ok(Some(vulns::Alerts { category: self.category(), location, view }))
    }

    /// Writes a SARIF file, with the folders it needs.
    ///
    /// # Errors
    /// Family or location would churn alerts, or it cannot be written.
    pub fn write<'a>(
        &self,
        path: &Path,
        tool: &Tool,
        entries: impl IntoIterator<Item = Entry<'a>>,
    ) -> Result<SarifFile> {
        let written = sarif::to_bytes(&self.run(&tool.title, &tool.version, tool.uri), entries)?;
        write(path, &written.bytes).context("the SARIF file could not be written")?;
        Ok(SarifFile { path: path.to_owned(), cut: written.cut })
    }

    fn run<'r>(&'r self, tool: &'r str, version: &'r str, information_uri: &'r str) -> sarif::Run<'r> {
        sarif::Run {
            tool,
            version,
            information_uri,
            family: &self.family,
            architecture: &self.architecture,
            location: self.location.as_deref(),
        }
    }
}

/// A SARIF file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SarifFile {
    /// Where it lies.
    pub path: PathBuf,
    cut: usize,
}

impl SarifFile {
    /// What it had to leave out, for the summary; none where it has everything.
    #[must_use]
    pub fn left_out(&self) -> Option<String> {
        (self.cut > 0).then(|| {
            format!(
                "{} leaves out {}, because GitHub keeps 5,000: the ones that matter most are in it, and the report has all.",
                self.path.file_name().unwrap_or_default().to_string_lossy(),
                findings(self.cut as u64)
            )
        })
    }

    /// The same as an annotation.
    pub fn warn_of_cut(&self, ctx: &mut Context) {
        if let Some(text) = self.left_out() {
            ctx.warning(Annotation::new(text).title("Not all findings are in the SARIF file"));
        }
    }
}
