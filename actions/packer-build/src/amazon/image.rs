//! An image in AWS: its content read, its tags set, found again by the bake id.

use super::Amazon;
use crate::artifacts::CloudImage;
use anyhow::{Context as _, Result, bail, ensure};
use aws::{MachineImage, Place, describe, reaper, snapshots, tagged};
use model::{Architecture, BootMode, Disk, ImageManifest, Sha256};
use runner::Context;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The tag that says what the image was baked of.
pub(crate) const BAKE_ID: &str = "hallmark:bake-id";

/// Where an image is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Ami {
    /// The region that it was made in.
    pub(crate) region: String,
    /// Its id there.
    pub(crate) id: String,
    /// Its copies in other regions, which nobody has read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) copies: Vec<CloudImage>,
}

/// An image that a source made, with what was read of it.
pub(crate) struct Made {
    pub(crate) source: String,
    pub(crate) ami: Ami,
    pub(crate) disks: Vec<Disk>,
    pub(crate) boot_mode: BootMode,
    pub(crate) root_device: String,
}

/// Reads the images that sources made in AWS; gives those that are elsewhere back.
pub(crate) async fn read(
    ctx: &mut Context,
    amazon: &Amazon,
    clouds: &[CloudImage],
    architecture: Architecture,
) -> Result<(Vec<Made>, Vec<CloudImage>)> {
    let (ours, others): (Vec<CloudImage>, Vec<CloudImage>) =
        clouds.iter().cloned().partition(|cloud| super::makes_images(&cloud.builder));
    let mut by_source: BTreeMap<String, Vec<CloudImage>> = BTreeMap::new();
    for image in ours {
        by_source.entry(image.source.clone()).or_default().push(image);
    }
    let mut made = Vec::new();
    for (source, images) in by_source {
        made.push(
            read_one(ctx, amazon, &source, images, architecture)
                .await
                .with_context(|| format!("source {source}"))?,
        );
    }
    Ok((made, others))
}

async fn read_one(
    ctx: &mut Context,
    amazon: &Amazon,
    source: &str,
    images: Vec<CloudImage>,
    architecture: Architecture,
) -> Result<Made> {
    let home = amazon.region()?;
    let is_home = |image: &CloudImage| image.region.as_deref() == Some(home);
    let (here, copies): (Vec<CloudImage>, Vec<CloudImage>) = images.into_iter().partition(is_home);
    let [image] = here.as_slice() else {
        let named = |image: &CloudImage| {
            format!("{} in {}", image.id, image.region.as_deref().unwrap_or("no region"))
        };
        let all: Vec<String> = here.iter().chain(&copies).map(named).collect();
        bail!(
            "it made {}, and one image in {home} is wanted: give the template's own region as `aws-region`",
            all.join(", ")
        );
    };
    let place = amazon.place().await?;
    let read = snapshots::content_digest(&place, &image.id, |line| ctx.info(line)).await?;
    ensure!(
        read.image.architecture == Some(architecture),
        "the image {} is not for {}: give its `architecture`",
        image.id,
        architecture.as_str()
    );
    Ok(Made {
        source: source.to_owned(),
        ami: Ami { region: home.to_owned(), id: image.id.clone(), copies },
        // Files of these names are there once somebody has fetched them.
        disks: read.disks(crate::keeping::disk),
        boot_mode: read.image.boots_by(architecture),
        root_device: read.image.root_device.clone(),
    })
}

/// The image and its copies are finished: they do not expire any more, and are found by what they were baked of. An
/// earlier image of the same bake is not found by it any more.
pub(crate) async fn finished(amazon: &Amazon, ami: &Ami, bake_id: Sha256) -> Result<()> {
    let bake_id = bake_id.to_string();
    for copy in &ami.copies {
        let region = copy.region.as_deref().unwrap_or(&ami.region);
        let place = amazon.place_of(region).await?;
        finish_one(&place, &copy.id, &bake_id).await?;
    }
    let place = amazon.place_of(&ami.region).await?;
    finish_one(&place, &ami.id, &bake_id).await?;
    for earlier in tagged(&place, BAKE_ID, &bake_id).await? {
        if earlier.id != ami.id {
            reaper::untag(&place, &earlier.id, BAKE_ID).await?;
        }
    }
    Ok(())
}

async fn finish_one(place: &Place, id: &str, bake_id: &str) -> Result<()> {
    let image = describe(place, id).await?;
    let mut ids = vec![image.id.clone()];
    ids.extend(image.volumes.into_iter().map(|volume| volume.snapshot));
    Ok(reaper::finished(place, &ids, &[(BAKE_ID, bake_id)]).await?)
}

/// What was found of an image that was baked before.
pub(crate) enum Found {
    /// It is there, and is what its manifest says.
    Whole,
    /// Why it cannot be adopted.
    Stale(String),
}

/// Looks for the image by its tag, and reads it again. Several are nobody's guess to choose from.
pub(crate) async fn look(
    ctx: &mut Context,
    amazon: &Amazon,
    recorded: &Ami,
    manifest: &ImageManifest,
    bake_id: Sha256,
) -> Result<Found> {
    let home = amazon.region()?;
    if home != recorded.region {
        return Ok(Found::Stale(format!("it was baked in {}, and this is {home}", recorded.region)));
    }
    let place = amazon.place().await?;
    let images = tagged(&place, BAKE_ID, &bake_id.to_string()).await?;
    let image = match images.as_slice() {
        [] => {
            return Ok(Found::Stale(format!("no image in {home} has the tag {BAKE_ID}={bake_id} any more")));
        }
        [image] => image,
        several => {
            let ids: Vec<&str> = several.iter().map(|image| image.id.as_str()).collect();
            bail!(
                "{} images in {home} have the tag {BAKE_ID}={bake_id}: {}; find out who made them, and take the tag from \
                 all but one",
                several.len(),
                ids.join(", ")
            )
        }
    };
    if image.id != recorded.id || !image.is_available() {
        return Ok(Found::Stale(format!(
            "{} is {}, and {} was recorded",
            image.id, image.state, recorded.id
        )));
    }
    if let Some(gone) = missing(amazon, recorded).await? {
        return Ok(Found::Stale(gone));
    }
    let read = snapshots::content_digest(&place, &image.id, |line| ctx.info(line)).await?;
    if read.disks(crate::keeping::disk) != manifest.disks || read.image.root_device != manifest.root_device {
        return Ok(Found::Stale(format!("{} is not what its manifest says", image.id)));
    }
    Ok(Found::Whole)
}

/// A copy that is not there any more.
async fn missing(amazon: &Amazon, ami: &Ami) -> Result<Option<String>> {
    for copy in &ami.copies {
        let region = copy.region.as_deref().unwrap_or(&ami.region);
        let place = amazon.place_of(region).await?;
        let there = match describe(&place, &copy.id).await {
            Ok(image) => MachineImage::is_available(&image),
            Err(aws::ImageError::NotThere { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        if !there {
            return Ok(Some(format!("its copy {} in {region} is not there any more", copy.id)));
        }
    }
    Ok(None)
}
