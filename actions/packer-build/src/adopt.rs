//! Whether what lies in the output folder is what a bake would make now, whole and unchanged: then it
//! is adopted. Anything else is a reason to bake, never an error.

use crate::{
    amazon::{
        Amazon,
        image::{self, Ami},
    },
    artifacts::CloudImage,
    bake_id::Ingredients,
    record::{MANIFEST, PROVENANCE, Record, RecordedImage, SIGNED},
};
use anyhow::{Context as _, Result, ensure};
use attest::{Kind, Statement, Trust, predicate::provenance};
use blocks::digest_file;
use model::{ImageManifest, Sha256};
use runner::Context;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// An image that is whole.
pub(crate) struct Image {
    /// The source that made it.
    pub(crate) source: String,
    /// Where its manifest is.
    pub(crate) manifest_path: PathBuf,
    pub(crate) manifest: ImageManifest,
    /// What it was made of.
    pub(crate) provenance: Statement,
    /// Where it is, if it is in AWS.
    pub(crate) ami: Option<Ami>,
}

impl Image {
    /// Where it and its copies are in AWS.
    pub(crate) fn places(&self) -> Vec<CloudImage> {
        let Some(ami) = &self.ami else { return Vec::new() };
        let home = CloudImage {
            source: self.source.clone(),
            builder: String::new(),
            region: Some(ami.region.clone()),
            id: ami.id.clone(),
        };
        std::iter::once(home).chain(ami.copies.iter().cloned()).collect()
    }
}

/// What was found.
pub(crate) enum Found {
    /// The images that a bake would make.
    Adopted(Vec<Image>),
    /// Why a bake is needed.
    Stale(String),
}

/// Looks at the output folder. Where this job signs, only what it has signed for is adopted: an adopted
/// image's provenance is signed again, and a record in a folder proves nothing.
pub(crate) async fn look(
    ctx: &mut Context,
    output: &Path,
    ingredients: &Ingredients,
    own: Option<&Trust>,
    amazon: &Amazon,
) -> Result<Found> {
    let record = match Record::read(output) {
        Ok(Some(record)) => record,
        Ok(None) => return Ok(Found::Stale(format!("nothing was baked into {} before", output.display()))),
        Err(error) => return Ok(Found::Stale(format!("{error:#}"))),
    };
    if record.bake_id != ingredients.id()? {
        return Ok(Found::Stale(changed(&ingredients.changed_since(&record.ingredients))));
    }
    if !record.clouds.is_empty() {
        return Ok(Found::Stale("some images are in a cloud, where nothing here can check them".to_owned()));
    }
    if record.images.is_empty() {
        return Ok(Found::Stale("the record lists no image".to_owned()));
    }
    let images: Result<Vec<Image>> =
        record.images.iter().map(|image| open(output, image, record.bake_id, own)).collect();
    let images = match images {
        Ok(images) => images,
        Err(error) => return Ok(Found::Stale(format!("{error:#}"))),
    };
    // Only here is anybody else asked: that nobody answers is no reason to bake.
    for image in &images {
        let Some(ami) = &image.ami else { continue };
        if let image::Found::Stale(why) =
            image::look(ctx, amazon, ami, &image.manifest, record.bake_id).await?
        {
            return Ok(Found::Stale(why));
        }
    }
    Ok(Found::Adopted(images))
}

/// `changed: variable/suite, template/bake.sh and 3 more`
fn changed(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let more = names.len().saturating_sub(SHOWN);
    let names = names.iter().copied().take(SHOWN).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("changed: {names} and {more} more") } else { format!("changed: {names}") }
}

fn open(output: &Path, recorded: &RecordedImage, bake_id: Sha256, own: Option<&Trust>) -> Result<Image> {
    let folder = output.join(&recorded.folder);
    let manifest_path = folder.join(MANIFEST);
    let manifest = ImageManifest::parse(&read(&manifest_path, recorded.manifest)?)?;
    // The disks of an image in AWS are there.
    let here = if recorded.ami.is_none() { manifest.disks.as_slice() } else { &[] };
    for disk in here {
        let path = folder.join(&disk.file);
        let metadata =
            fs::symlink_metadata(&path).with_context(|| format!("{} is not there", path.display()))?;
        ensure!(metadata.is_file(), "{} is not a plain file any more", path.display());
        let found = digest_file(&path, &blocks::Options::default())
            .with_context(|| format!("cannot hash {}", path.display()))?;
        ensure!(
            found.content_digest == disk.content_digest && found.size_bytes == disk.size_bytes,
            "{} was changed after it was baked",
            path.display()
        );
    }
    let provenance_path = folder.join(PROVENANCE);
    let provenance = Statement::from_bytes(&read(&provenance_path, recorded.provenance)?)?;
    ensure!(
        provenance.subject == manifest.subjects()?,
        "{} is about another image",
        provenance_path.display()
    );
    let place = provenance_path.display();
    ensure!(provenance.kind()? == Kind::Provenance, "{place} is no provenance");
    let predicate: provenance::Predicate = provenance.predicate()?;
    let said = &predicate.build_definition.internal_parameters;
    let says = |name: &str, value: &str| said.get(name).and_then(|found| found.as_str()) == Some(value);
    ensure!(
        says("bakeId", &bake_id.to_string()) && says("source", &recorded.source),
        "{place} is about another bake"
    );
    if let Some(own) = own {
        signed_by(own, &folder.join(SIGNED), recorded.provenance)?;
    }
    let ami = recorded.ami.clone();
    Ok(Image { source: recorded.source.clone(), manifest_path, manifest, provenance, ami })
}

/// That this job's signer signed exactly this provenance when the image was baked.
fn signed_by(own: &Trust, path: &Path, provenance: Sha256) -> Result<()> {
    let said = || format!("{} does not say that this job's `signing-key` baked it", path.display());
    let bytes = fs::read(path).with_context(said)?;
    let verified = attest::verify(&bytes, own).with_context(said)?;
    ensure!(verified.payload_digest == provenance, "{} is about another provenance", path.display());
    Ok(())
}

fn read(path: &Path, expected: Sha256) -> Result<Vec<u8>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(Sha256::of(&bytes) == expected, "{} was changed after it was baked", path.display());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_shortly() {
        for (names, says) in [
            (vec!["a"], "changed: a"),
            (vec!["a", "b", "c", "d", "e"], "changed: a, b, c, d, e"),
            (vec!["a", "b", "c", "d", "e", "f", "g"], "changed: a, b, c, d, e and 2 more"),
        ] {
            assert_eq!(changed(&names), says);
        }
    }
}
