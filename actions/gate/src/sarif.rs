//! SARIF of what was decided about: a file for each scanner of the image, to upload in the place of the one that the
//! scanner's own action writes. The alerts are the same ones, where that action put them and no more than it shows; what
//! exceptions suppress says why.
//!
//! An upload closes each alert that it does not have. So there is no file of a scanner while evidence that is its, or
//! that could be, is refused.

mod file;
mod folder;
mod scans;

use anyhow::Result;
use model::ImageManifest;
use runner::Context;
use scan::Alerts;

use crate::again::Again;
use crate::judge::Judgement;

pub(crate) use file::Decided;
pub use folder::SarifFolder;
pub(crate) use scans::{Scanned, Scans, scanned, scanned_before};

/// The folder that was asked for, without what an earlier decision left under the names that [`write()`] gives.
pub(crate) fn clear(ctx: &Context) -> Result<Option<SarifFolder>> {
    SarifFolder::cleared(ctx, |name| scanners::ALL.iter().any(|scanner| name == file_name(scanner.name())))
}

/// Writes a file for each scanner.
pub(crate) fn write(ctx: &Context, folder: &mut SarifFolder, judged: &Judgement) -> Result<()> {
    let location = ctx.opt_text("sarif-location")?;
    let Judgement { image, decision, scanned, .. } = judged;
    for one in scanned {
        let images = [Decided { image, decision, scanned }];
        folder.add(&file_name(&one.name), &one.name, &images, location.as_deref())?;
    }
    if scanned.is_empty() {
        folder.withhold("no SARIF file is written: there is no genuine scan of the image".to_owned());
    }
    Ok(())
}

/// The outputs, and what is not in the files.
pub(crate) fn told(ctx: &mut Context, folder: Option<&SarifFolder>, judged: &Judgement) -> Result<()> {
    match folder {
        Some(folder) => folder.told(ctx)?,
        None => ctx.output("sarif", "")?,
    }
    ctx.output("category", category(&judged.image))
}

/// The category of an image's alerts.
pub(crate) fn category(image: &ImageManifest) -> String {
    Alerts::of_image(&image.family, image.architecture.as_str(), None).category()
}

fn file_name(scanner: &str) -> String {
    format!("{scanner}.sarif")
}

impl SarifFolder {
    /// Writes one file of a scanner over images that are all of one family and architecture: an alert is there for as long as one
    /// of them has the finding, and suppressed only where it is in each.
    ///
    /// # Errors
    /// `location` is not where the scans have put the alerts; or it cannot be written.
    pub fn add_images(
        &mut self,
        name: &str,
        scanner: &str,
        images: &[&Again],
        location: Option<&str>,
    ) -> Result<()> {
        let images: Vec<Decided<'_>> = images.iter().map(|one| one.decided()).collect();
        self.add(name, scanner, &images, location)
    }
}
