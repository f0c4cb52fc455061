//! What is listed, as documents and evidence call it.

use model::{ContentDigest, ImageManifest, Subject};
use runner::Result;
use scan::{About, Image};

use crate::inputs::Inputs;

/// An image, or a folder that nobody knows the image of.
#[derive(Debug)]
pub(crate) struct What {
    /// Its name: the image's, else its family's.
    pub(crate) name: String,
    /// The content digest, or `unknown`.
    pub(crate) version: String,
    pub(crate) digest: Option<ContentDigest>,
    /// The image that it was built on: name and content. None where nobody says that there is one.
    pub(crate) base: Option<(String, ContentDigest)>,
    /// Whether the image says that it was built on no other.
    pub(crate) from_nothing: bool,
    pub(crate) about: About,
}

impl What {
    pub(crate) fn of(image: Option<&Image>, inputs: &Inputs) -> Result<Self> {
        let about = match image {
            Some(image) => About::image(image, &inputs.common)?,
            None => About::of(Vec::new(), &inputs.common),
        };
        let manifest: Option<&ImageManifest> = image.and_then(Image::manifest);
        let digest = image.map(Image::digest);
        let base = manifest.and_then(|manifest| manifest.base.as_ref());
        Ok(Self {
            name: manifest.map_or_else(|| about.family.clone(), |manifest| manifest.name.clone()),
            version: digest.map_or_else(|| "unknown".to_owned(), |digest| digest.to_string()),
            digest,
            base: base.map(|base| (base.name.clone(), base.content_digest)),
            from_nothing: manifest.is_some_and(|manifest| manifest.base.is_none()),
            about,
        })
    }

    pub(crate) fn subjects(&self) -> &[Subject] {
        &self.about.subjects
    }
}
