//! `bake.json`: what was baked into an output folder. Written last and atomically, so that an image
//! whose record is there is whole.

use crate::{amazon::image::Ami, artifacts::CloudImage, bake_id::Ingredients};
use anyhow::{Context as _, Result, ensure};
use model::{Sha256, canonical_json};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

const SCHEMA: u32 = 1;

/// The record's file.
pub(crate) const FILE: &str = "bake.json";

/// An image's manifest.
pub(crate) const MANIFEST: &str = "image.json";

/// The statement that was made when the image was baked, kept for when it is adopted.
pub(crate) const PROVENANCE: &str = "provenance.json";

/// The same, signed: whoever can write into the output folder can write a record and a statement, but
/// not this. Without it nothing is adopted that would be signed.
pub(crate) const SIGNED: &str = "provenance.sigstore.json";

/// What was baked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Record {
    schema: u32,
    /// The digest of `ingredients`.
    pub(crate) bake_id: Sha256,
    /// Everything that it depended on.
    pub(crate) ingredients: Ingredients,
    /// The images that are here.
    pub(crate) images: Vec<RecordedImage>,
    /// The images that are elsewhere.
    pub(crate) clouds: Vec<CloudImage>,
}

/// One image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RecordedImage {
    /// The source that made it.
    pub(crate) source: String,
    /// Its folder in the output folder; empty if it is the only one.
    pub(crate) folder: String,
    /// The SHA-256 of its manifest.
    pub(crate) manifest: Sha256,
    /// The SHA-256 of its provenance.
    pub(crate) provenance: Sha256,
    /// Where its disks are, if they are not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ami: Option<Ami>,
}

impl Record {
    pub(crate) fn new(
        ingredients: Ingredients,
        images: Vec<RecordedImage>,
        clouds: Vec<CloudImage>,
    ) -> Result<Self> {
        Ok(Self { schema: SCHEMA, bake_id: ingredients.id()?, ingredients, images, clouds })
    }

    /// The record in an output folder, if there is one that reads.
    pub(crate) fn read(output: &Path) -> Result<Option<Self>> {
        let path = output.join(FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let record: Self =
            serde_json::from_slice(&bytes).with_context(|| format!("{} does not read", path.display()))?;
        ensure!(record.schema == SCHEMA, "{} has schema {}", path.display(), record.schema);
        let plain = |folder: &str| !folder.contains(['/', '\0']) && folder != "." && folder != "..";
        ensure!(
            record.images.iter().all(|image| plain(&image.folder)),
            "{} names a folder outside of its own",
            path.display()
        );
        ensure!(record.bake_id == record.ingredients.id()?, "{} contradicts itself", path.display());
        Ok(Some(record))
    }

    /// Writes the record: from here on, the image is whole.
    pub(crate) fn write(&self, output: &Path) -> Result<()> {
        write_whole(&output.join(FILE), &canonical_json(self)?)
    }
}

/// From here on, nothing in this folder counts as an image: the record goes first.
pub(crate) fn forget(output: &Path) -> Result<()> {
    // What does not read any more was no image either way.
    let images = Record::read(output).ok().flatten().map(|record| record.images).unwrap_or_default();
    remove(&output.join(FILE))?;
    for image in images {
        remove(&output.join(&image.folder).join(MANIFEST))?;
    }
    remove(&output.join(MANIFEST))
}

/// Whether an image that is recorded here is in AWS.
pub(crate) fn makes_ami(output: &Path) -> bool {
    matches!(Record::read(output), Ok(Some(record)) if record.images.iter().any(|image| image.ami.is_some()))
}

/// Removes a file that may be gone already.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Where a file is until it is whole.
pub(crate) fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("json.tmp")
}

/// Writes beside the place and renames: a reader sees the whole file or none. A link that somebody left there
/// is replaced, not followed.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let fresh = unfinished(path);
    remove(&fresh)?;
    let write = || -> io::Result<()> {
        let mut file = File::create_new(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let mut ingredients = Ingredients::default();
        ingredients.add("a", "1").unwrap();
        let image = RecordedImage {
            source: "null.x".to_owned(),
            folder: String::new(),
            manifest: Sha256::of(b"m"),
            provenance: Sha256::of(b"p"),
            ami: None,
        };
        Record::new(ingredients, vec![image], vec![]).unwrap()
    }

    #[test]
    fn what_is_written_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Record::read(folder.path()).unwrap(), None);
        record().write(folder.path()).unwrap();
        assert_eq!(Record::read(folder.path()).unwrap(), Some(record()));
        forget(folder.path()).unwrap();
        forget(folder.path()).unwrap();
        assert_eq!(Record::read(folder.path()).unwrap(), None);
    }

    #[test]
    fn what_does_not_hold_together_does_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let good = String::from_utf8(canonical_json(&record()).unwrap()).unwrap();
        for bad in [
            String::new(),
            "{}".to_owned(),
            good[..good.len() - 1].to_owned(),
            good.replace("\"schema\":1", "\"schema\":2"),
            good.replace("\"a\":\"1\"", "\"a\":\"2\""),
            good.replace("\"schema\":1", "\"schema\":1,\"more\":1"),
            good.replace("\"folder\":\"\"", "\"folder\":\"..\""),
            good.replace("\"folder\":\"\"", "\"folder\":\"/etc\""),
        ] {
            assert_ne!(bad, good);
            fs::write(folder.path().join(FILE), &bad).unwrap();
            assert!(Record::read(folder.path()).is_err(), "{bad}");
        }
    }
}
