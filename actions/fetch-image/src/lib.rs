//! Brings the disks of an AMI onto the runner: for tests, scanners and SBOMs that look at files, with no instance.
//!
//! Every block is hashed on its way into the file. With an `image.json` each disk has to be the one that it names, or
//! nothing is left; without, one is made of what AWS says about the image and of what was read. Tags are never believed.

mod folder;

use anyhow::{Context as _, ensure};
use aws::snapshots::{
    Difference, Fetch, Pace, Read, SoFar, disk_differs, disk_file, image_differs, manifest,
};
use aws::{Caller, MachineImage, Place, describe, while_told};
use folder::{Folder, check_files};
use model::ImageManifest;
use runner::{Action, Annotation, Context, Input, Kind, Outcome, Output, Result};

/// The action's table.
pub static ACTION: Action = Action {
    name: "fetch-image",
    about: "Brings the disks of an AMI onto the runner, read block by block from its snapshots, with an image.json",
    inputs: &[
        Input::new("image-id", Kind::Text, "The image: ami-…").required().word(),
        aws::REGION,
        aws::ROLE,
        Input::new(
            "image",
            Kind::Path,
            "The image.json that it has to be: every disk has to have its digest there, else nothing is left and the step fails",
        ),
        Input::new(
            "family",
            Kind::Text,
            "Without `image`: the image family, which stays the same over rebuilds; the image's name by default",
        ),
        Input::new("output", Kind::Path, "The folder for image.json and the disks beside it")
            .default(".hallmark/fetched"),
    ],
    outputs: &[
        Output { name: "image", help: "The path of image.json, with the disks beside it" },
        Output { name: "content-digest", help: "What is on the disks: hallmarkBlocks1:…" },
    ],
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

async fn run(ctx: &mut Context) -> Result<Outcome> {
    let id = ctx.text("image-id")?;
    let is_id = id
        .strip_prefix("ami-")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    ensure!(
        is_id,
        "input `image-id`: {id:?} is not accepted; give the id of an AMI, such as ami-0123456789abcdef0"
    );
    let wanted = match ctx.opt_path("image")? {
        Some(path) => Some(admission::manifest(&path)?),
        None => None,
    };
    let family = ctx.opt_text("family")?;
    ensure!(
        wanted.is_none() || family.is_none(),
        "input `family` is for an image without `image`: the image.json that is given names its family"
    );
    if let Some(wanted) = &wanted {
        check_files(wanted)?;
    }

    let place = Place::of(&Caller::read(ctx, ACTION.name)?).await?;
    let image = describe(&place, &id).await?;
    if let Some(difference) = wanted.as_ref().and_then(|wanted| image_differs(&image, wanted)) {
        return Ok(against(ctx, difference));
    }
    let architecture = image.architecture.with_context(|| {
        format!(
            "{id} in {} is for a processor that no image here is for: x86_64 and arm64 are known",
            place.region
        )
    })?;

    // Before what is on its way into it: then it is empty when it goes.
    let folder = Folder::new(ctx.path("output")?, wanted.as_ref())?;
    let mut fetch = Fetch::begin(&place, &image, Pace::default())?;
    let mut disks = Vec::new();
    for (index, volume) in image.volumes.iter().enumerate() {
        let listed = wanted.iter().flat_map(|wanted| &wanted.disks).find(|disk| disk.device == volume.device);
        let file = listed.map_or_else(|| disk_file(index), |disk| disk.file.clone());
        ctx.info(&format!("Reading {} ({}) into {file}", volume.device, volume.snapshot));
        let (path, so_far) = (folder.disk(&file), SoFar::default());
        let disk = while_told(fetch.disk(volume, &path, &so_far), async || {
            ctx.info(&format!("{file}: {} MiB are here", so_far.get() >> 20));
            Ok(())
        })
        .await?;
        // The first that is another ends it: the rest need not be read.
        if let Some(difference) = wanted.as_ref().and_then(|wanted| disk_differs(&disk, wanted)) {
            return Ok(against(ctx, difference));
        }
        disks.push(disk);
    }
    let read = Read { image, disks };
    let manifest = match wanted {
        Some(wanted) => wanted,
        None => {
            let name = plain(&read.image);
            let family = family.unwrap_or_else(|| name.clone());
            manifest(&read, architecture, &name, &family)
                .with_context(|| format!("{id} in {} makes no image here", place.region))?
        }
    };
    let path = folder.keep(fetch, &manifest)?;
    let text = path.to_str().with_context(|| format!("the path {} is not UTF-8", path.display()))?;
    ctx.output("image", text)?;
    ctx.output("content-digest", manifest.content_digest().to_string())?;
    tell(ctx, &read, &manifest);
    Ok(Outcome::Done)
}

/// It is another image: that is an answer, and not a failure of this step.
fn against(ctx: &mut Context, difference: Difference) -> Outcome {
    let Difference { code, what } = difference;
    ctx.error(
        Annotation::new(format!(
            "{what}. Use the image that image.json is of; nothing of this one was kept."
        ))
        .title(code),
    );
    ctx.summary().heading(2, &format!("Not the image that was asked for: {code}")).paragraph(&what);
    Outcome::Against
}

/// The image's name with what is in no name here replaced.
fn plain(image: &MachineImage) -> String {
    let replaced: String = image
        .name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' })
        .collect();
    let name = replaced.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    if name.is_empty() { image.id.clone() } else { name.to_owned() }
}

fn tell(ctx: &mut Context, read: &Read, manifest: &ImageManifest) {
    let rows: Vec<Vec<String>> = read
        .disks
        .iter()
        .map(|disk| {
            let digested = &disk.digested;
            // A block is half a MiB.
            let data = digested.data_blocks.div_ceil(2);
            vec![
                disk.device.clone(),
                disk.snapshot.clone(),
                format!("{} GiB", digested.gib),
                format!("{data} MiB"),
                digested.content_digest.to_string(),
            ]
        })
        .collect();
    let headline = format!("{} is here: {}", read.image.id, manifest.content_digest());
    if ctx.github().on_runner {
        ctx.info(&headline);
    }
    ctx.summary().heading(2, &headline).table(&["Disk", "Snapshot", "Size", "Data", "Content digest"], &rows);
}
