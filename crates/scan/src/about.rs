//! What the evidence is about, and which alerts the findings are.

use std::path::Path;

use attest::predicate::vulns;
use model::{Sha256, Subject};
use runner::Result;

use crate::image::Image;
use crate::inputs::Common;
use crate::sarif::Alerts;

/// What the evidence is about, and whose findings the SARIF has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The subjects of the evidence; none for what has no digest of its own.
    pub subjects: Vec<Subject>,
    /// The image family.
    pub family: String,
    /// The architecture.
    pub architecture: String,
    /// Whether the findings are of the repository's own files, and so sit where they were found.
    pub in_files: bool,
    /// The name of the report, where it is a subject too: its digest is known when it has been read.
    report: Option<String>,
}

impl About {
    /// The image: its manifest says family and architecture, else the inputs do.
    ///
    /// # Errors
    /// The manifest has no subjects.
    pub fn image(image: &Image, common: &Common) -> Result<Self> {
        let named = Self::of(image.subjects()?, common);
        Ok(match image.manifest() {
            Some(manifest) => Self {
                family: manifest.family.clone(),
                architecture: manifest.architecture.as_str().to_owned(),
                ..named
            },
            None => named,
        })
    }

    /// A file with this digest.
    #[must_use]
    pub fn file(path: &Path, digest: Sha256, common: &Common) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self::of(vec![Subject::file(name, digest)], common)
    }

    /// A report, of which nobody knows what it is about.
    #[must_use]
    pub fn report(path: &Path, common: &Common) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self { report: Some(name.into_owned()), ..Self::of(Vec::new(), common) }
    }

    /// The subjects, when the report has been read and has this digest.
    pub(crate) fn subjects(self, report: Sha256) -> Vec<Subject> {
        let own = self.report.map(|name| Subject::file(name, report));
        self.subjects.into_iter().chain(own).collect()
    }

    /// Files of the repository, looked at by that tool. `name` tells several of its scans apart, and may be empty.
    #[must_use]
    pub fn sources(subjects: Vec<Subject>, tool: &str, name: &str) -> Self {
        Self {
            subjects,
            family: tool.to_lowercase(),
            architecture: name.to_owned(),
            in_files: true,
            report: None,
        }
    }

    /// Which alerts its findings are.
    pub(crate) fn alerts(&self, common: &Common) -> Alerts {
        if self.in_files {
            return Alerts::of_files(&self.family, &self.architecture);
        }
        Alerts::of_image(&self.family, &self.architecture, common.sarif_location.as_deref())
    }

    /// The same as the evidence says it, where anybody asked for alerts: whoever shows them later puts them there too.
    ///
    /// # Errors
    /// They would be others with every image.
    pub(crate) fn recorded(&self, common: &Common) -> Result<Option<vulns::Alerts>> {
        if self.in_files || (common.sarif.is_none() && common.sarif_location.is_none()) {
            return Ok(None);
        }
        self.alerts(common).recorded(common.view.clone())
    }

    /// What has these subjects; family and architecture are by the inputs.
    #[must_use]
    pub fn of(subjects: Vec<Subject>, common: &Common) -> Self {
        let family = common.family.clone().unwrap_or_else(|| "image".into());
        Self::named(subjects, family, common.architecture.clone())
    }

    /// What has these subjects, this family and this architecture.
    #[must_use]
    pub const fn named(subjects: Vec<Subject>, family: String, architecture: String) -> Self {
        Self { subjects, family, architecture, in_files: false, report: None }
    }
}
