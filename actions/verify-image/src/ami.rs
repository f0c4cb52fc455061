//! An image in AWS: described, and every block of it read and hashed here. Nothing that AWS or a tag says about its content
//! is believed, and an `image.json` counts only where the image is started as it says.

use admission::{About, manifest as read_manifest, reason};
use anyhow::Context as _;
use aws::snapshots::{Difference, Pace, ReadDisk, digest, disk_differs, image_differs, manifest};
use aws::{Caller, MachineImage, describe};
use model::{ImageManifest, Reason, Sha256};
use runner::{Context, Result};

use crate::evidence::Place;
use crate::subject::{CLEARS, Subject};

/// The image, or why it may not be used whatever the evidence says.
pub(crate) async fn read(
    ctx: &mut Context,
    id: &str,
    evidence: &Place,
    caller: &Caller,
) -> Result<Result<Subject, Reason>> {
    let given = match ctx.opt_path("manifest")? {
        Some(path) => Some(read_manifest(&path)?),
        None => None,
    };
    let place = aws::Place::of(caller).await?;
    let image = describe(&place, id).await?;
    if image.state == "disabled" {
        let message = format!("its owner has disabled {id} in {}", place.region);
        return Ok(Err(reason("image-disabled", message, "Use another image")));
    }
    // Before hours of reading.
    if let Some(difference) = given.as_ref().and_then(|given| image_differs(&image, given)) {
        return Ok(Err(refused(difference)));
    }
    let architecture = image.architecture.with_context(|| {
        format!(
            "{id} in {} is for a processor that no image here is for: x86_64 and arm64 are known",
            place.region
        )
    })?;
    if ctx.github().on_runner {
        ctx.info(&format!("Reading the blocks of {id} in {}", place.region));
    }
    let read = digest(&place, image, Pace::default()).await?;
    let content = manifest(&read, architecture, id, id)
        .with_context(|| format!("{id} in {} makes no image here", place.region))?
        .content_digest();
    let manifests = match given {
        Some(given) => {
            if let Some(difference) = differs(&read.image, &read.disks, &given) {
                return Ok(Err(refused(difference)));
            }
            vec![given]
        }
        None => match fitting(&read.image, &read.disks, evidence.manifests(&content, caller).await?) {
            Ok(manifests) => manifests,
            Err(difference) => return Ok(Err(refused(difference))),
        },
    };
    let mut digests = Vec::new();
    for manifest in &manifests {
        digests.push(Sha256::of(&manifest.to_bytes()?));
    }
    let notes = match digests.is_empty() {
        false => Vec::new(),
        true => vec![
            "the image's blocks were read, and there is no image.json that says how it is to be started: give `manifest`, and \
             its boot mode and root device are compared too"
                .to_owned(),
        ],
    };
    Ok(Ok(Subject {
        name: manifests.first().map(|manifest| manifest.name.clone()),
        about: About { content, manifest: None },
        manifests: digests,
        seen: format!("the blocks of {id} in {}, which the account {} owns", place.region, read.image.owner),
        notes,
    }))
}

/// Those manifests of this content that AWS starts the image by. Whoever kept one could have kept any: it counts as
/// far as a signed statement is about it.
fn fitting(
    image: &MachineImage,
    disks: &[ReadDisk],
    kept: Vec<ImageManifest>,
) -> Result<Vec<ImageManifest>, Difference> {
    let (mut fit, mut last) = (Vec::new(), None);
    for manifest in kept {
        match differs(image, disks, &manifest) {
            None => fit.push(manifest),
            Some(difference) => last = Some(difference),
        }
    }
    match (fit.is_empty(), last) {
        (true, Some(difference)) => Err(difference),
        _ => Ok(fit),
    }
}

fn differs(image: &MachineImage, disks: &[ReadDisk], manifest: &ImageManifest) -> Option<Difference> {
    image_differs(image, manifest).or_else(|| disks.iter().find_map(|disk| disk_differs(disk, manifest)))
}

fn refused(difference: Difference) -> Reason {
    let clears = match difference.code {
        "content-differs" => CLEARS,
        _ => "Have the image registered anew as its image.json says, and use that one",
    };
    reason(difference.code, difference.what, clears)
}
