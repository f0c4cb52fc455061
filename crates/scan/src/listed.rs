//! Whether an SBOM lists the image that a scan of it is to be about.

use anyhow::{Context as _, bail};
use attest::predicate::sbom;
use runner::Result;

use crate::image::Image;

impl Image {
    /// Whether this SBOM says that it is of this image, as those of the action `sbom` do. Evidence about the image would
    /// otherwise be made of any list.
    ///
    /// # Errors
    /// It is of another, or does not say which, or says it twice.
    pub fn is_listed_by(&self, document: &[u8]) -> Result<()> {
        let document: sbom::Predicate =
            serde_json::from_slice(document).context("the SBOM is no JSON object")?;
        match document.said(sbom::IMAGE) {
            Some(said) if said == self.digest().to_string() => Ok(()),
            Some(said) => bail!(
                "the SBOM says that it is of {}, and `image` is {}: give the SBOM of this image",
                said.escape_debug(),
                self.digest()
            ),
            None => bail!(
                "the SBOM does not say which image it is of (`{}` among its metadata's properties), so a scan of it is \
                 not about `image`: give the CycloneDX document that the action `sbom` makes of the image, or leave out \
                 `image`, and the evidence is about the SBOM itself",
                sbom::IMAGE
            ),
        }
    }
}
