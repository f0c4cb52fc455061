//! The SBOM that is scanned: read once, so that what is scanned, judged and kept are the same bytes.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use runner::Result;
use scan::Image;
use scanners::grype;

/// An SBOM that Grype reads as it is meant.
#[derive(Debug)]
pub(crate) struct Sbom {
    /// Its content.
    pub(crate) bytes: Vec<u8>,
}

impl Sbom {
    /// Reads one that is there, which has to be that of the image where there is one.
    pub(crate) fn read(path: &Path, image: Option<&Image>) -> Result<Self> {
        let bytes = scan::read_report(path).context("input `sbom`")?;
        if let Some(image) = image {
            image.is_listed_by(&bytes).with_context(|| format!("input `sbom`: {}", path.display()))?;
        }
        Self::of(bytes).with_context(|| format!("input `sbom`: {}", path.display()))
    }

    /// Checks one.
    pub(crate) fn of(bytes: Vec<u8>) -> Result<Self> {
        scanners::sbom::read(&bytes)?;
        if let Some(package) = grype::misread(&bytes)? {
            bail!(
                "it is by Trivy, which names the source of a package ({package}, for one) where Grype does not look: \
                 most vulnerabilities of the distribution's packages would not be found, in silence. Scan it with \
                 trivy-scan, or make one with Syft (the action `sbom`)"
            );
        }
        Ok(Self { bytes })
    }

    /// Writes it where nobody else writes.
    pub(crate) fn put(&self, folder: &Path) -> Result<PathBuf> {
        let path = folder.join("sbom.cdx.json");
        scan::write(&path, &self.bytes)?;
        Ok(path)
    }
}
