//! Images: created or adopted, tagged, removed.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use model::{ImageManifest, Sha256};

use super::read::{digest, image_id};
use super::records::{
    Change, MANIFEST, MANIFESTS, RESERVED, ReleaseRecord, SCHEMA, TAGS, Tags, manifest_file,
};
use super::write::{Held, json};
use crate::{Created, Error, Image, ImageId, Name, NewImage, RawDisk, Release, ReleaseId, Source, State};

impl Held<'_> {
    /// Creates an image and its release, or what of the two is missing.
    pub(super) fn create(&self, new: &NewImage) -> Result<Created, Error> {
        check(new)?;
        let id = image_id(&new.release.content_digest);
        let adopted = match self.store.image(&id, true) {
            Ok(image) => {
                same_machine(&image, &new.manifest)?;
                if image.state == State::Disabled {
                    return Err(Error::Disabled(id));
                }
                true
            }
            Err(Error::NoImage(_)) => false,
            Err(error) => return Err(error),
        };
        let release_id = release_id(&new.release)?;
        let released_before = self.store.release(&release_id)?.is_some();
        let bytes = manifest_bytes(&new.manifest)?;
        let digest = Sha256::of(&bytes);
        let kept = manifest_file(&self.store.layout.images().join(id.as_str()), &digest);
        if !(adopted && released_before && kept.is_file()) {
            self.about_to(&Change::Create { image: id.clone() })?;
            if !adopted {
                self.copy_in(&id, new)?;
            }
            if !kept.is_file() {
                let staged = self.store.layout.staging("manifest.json");
                self.stage(&staged, &bytes)?;
                self.rename(&staged, &kept)?;
            }
            if !released_before {
                self.publish(&id, release_id, digest, new)?;
            }
            self.done()?;
        }
        Ok(Created { image: self.store.image(&id, false)?, adopted, released_before })
    }

    /// Builds the image in the staging folder, hashes what was really stored, and moves it into place.
    fn copy_in(&self, id: &ImageId, new: &NewImage) -> Result<(), Error> {
        let Source::Raw(disks) = &new.source else { return Err(Error::NoImage(id.clone())) };
        let staged = self.store.layout.staging("image");
        self.store.make(&staged)?;
        let stored = self.fill(&staged, disks, new);
        if let Err(error) = stored {
            // Half an image helps nobody; if this fails too, whoever holds the store next removes it.
            self.remove(&staged)?;
            self.done()?;
            return Err(error);
        }
        self.rename(&staged, &self.store.layout.images().join(id.as_str()))
    }

    fn fill(&self, folder: &Path, disks: &[RawDisk], new: &NewImage) -> Result<(), Error> {
        for disk in &new.manifest.disks {
            let given = disks
                .iter()
                .find(|given| given.device == disk.device)
                .ok_or_else(|| Error::NoDisk(disk.device.clone()))?;
            let stored = folder.join(&disk.file);
            self.store.effects.copy_disk(&given.path, &stored).map_err(|source| Error::Io {
                what: "copy the disk",
                path: given.path.clone(),
                source,
            })?;
            let found = digest(&*self.store.digester, &stored)?;
            if found != disk.content_digest {
                let expected = disk.content_digest;
                return Err(Error::ContentDiffers { device: disk.device.clone(), expected, found });
            }
        }
        let tags = Tags { schema: SCHEMA, state: State::Available, state_since: new.at, created_on: new.at };
        self.stage(&folder.join(TAGS), &json(folder, &tags)?)?;
        self.stage(&folder.join(MANIFEST), &manifest_bytes(&new.manifest)?)?;
        self.store.make(&folder.join(MANIFESTS))
    }

    /// Writes the release that points to the image and to the manifest it is published with.
    fn publish(
        &self,
        id: &ImageId,
        release_id: ReleaseId,
        manifest: Sha256,
        new: &NewImage,
    ) -> Result<(), Error> {
        let record = ReleaseRecord {
            schema: SCHEMA,
            release_id,
            image_id: id.clone(),
            name: new.release.name.clone(),
            architecture: new.release.architecture,
            content_digest: new.release.content_digest,
            distribution: new.release.distribution.clone(),
            manifest,
            published_on: new.at,
        };
        self.put(&self.store.layout.release(&release_id), &record)
    }

    /// Gives an image another state. A disabled image stays disabled.
    pub(super) fn tag(&self, id: &ImageId, state: State, at: Timestamp) -> Result<Image, Error> {
        let image = self.store.image(id, false)?;
        if image.state == state {
            return Ok(image);
        }
        if image.state == State::Disabled {
            return Err(Error::Disabled(id.clone()));
        }
        self.about_to(&Change::Tag { image: id.clone() })?;
        let tags = Tags { schema: SCHEMA, state, state_since: at, created_on: image.created_on };
        self.put(&self.store.folder(id)?.join(TAGS), &tags)?;
        self.done()?;
        Ok(Image { state, ..image })
    }

    /// Removes an image that no channel needs.
    pub(super) fn delete(&self, id: &ImageId) -> Result<bool, Error> {
        match self.store.folder(id) {
            // A damaged image can be removed: that is how one gets rid of it.
            Ok(_) | Err(Error::Damaged { .. }) => {}
            Err(Error::NoImage(_)) => return Ok(false),
            Err(error) => return Err(error),
        }
        for shown in self.store.all_channels()? {
            let needed = [Some(&shown.current), shown.prior.first()];
            if needed.into_iter().flatten().any(|entry| entry.image_id == *id) {
                return Err(Error::InUse { image: id.clone(), channel: shown.channel });
            }
        }
        self.about_to(&Change::Delete { image: id.clone() })?;
        self.complete_delete(id)?;
        self.done()?;
        Ok(true)
    }

    /// Removes the releases, then the image: a release never points at nothing.
    pub(super) fn complete_delete(&self, id: &ImageId) -> Result<(), Error> {
        for release in self.store.releases_of(id)? {
            self.remove(&self.store.layout.release(&release.id))?;
        }
        let Ok(digest) = id.as_str().parse::<Sha256>() else { return Ok(()) };
        let folder = self.store.layout.image(&digest);
        if folder.symlink_metadata().is_ok() {
            let doomed = self.store.layout.staging("removed");
            self.remove(&doomed)?;
            self.rename(&folder, &doomed)?;
            self.remove(&doomed)?;
        }
        Ok(())
    }
}

/// Refuses what cannot be stored, before anything is written down.
fn check(new: &NewImage) -> Result<(), Error> {
    let damaged = |why: String| Error::Malformed { path: PathBuf::from(MANIFEST), why };
    new.manifest.check().map_err(|error| damaged(error.to_string()))?;
    if new.manifest.content_digest() != new.release.content_digest {
        return Err(damaged(format!("it is the manifest of {}", new.manifest.content_digest())));
    }
    if new.manifest.architecture != new.release.architecture {
        return Err(damaged("it is of another architecture than the release".into()));
    }
    let mut files = Vec::new();
    for disk in &new.manifest.disks {
        let file: Name = disk.file.parse()?;
        if RESERVED.contains(&file.as_str()) || files.contains(&file) {
            return Err(damaged(format!("the disk {} cannot be stored as {file}", disk.device)));
        }
        files.push(file);
    }
    Ok(())
}

/// The same content must be the same machine: boot mode, devices and architecture lie outside the disk.
fn same_machine(stored: &Image, new: &ImageManifest) -> Result<(), Error> {
    let old = &stored.manifest;
    let conflict = |what| Err(Error::Conflict { image: stored.id.clone(), what });
    if old.architecture != new.architecture {
        return conflict("architecture");
    }
    if old.boot_mode != new.boot_mode {
        return conflict("boot mode");
    }
    if old.root_device != new.root_device {
        return conflict("root device");
    }
    let disks = |manifest: &ImageManifest| -> Vec<_> {
        let mut disks: Vec<_> =
            manifest.disks.iter().map(|disk| (disk.device.clone(), disk.content_digest)).collect();
        disks.sort();
        disks
    };
    if disks(old) != disks(new) { conflict("set of disks") } else { Ok(()) }
}

fn release_id(release: &Release) -> Result<ReleaseId, Error> {
    release
        .id()
        .map_err(|error| Error::Malformed { path: PathBuf::from("the release"), why: error.to_string() })
}

fn manifest_bytes(manifest: &ImageManifest) -> Result<Vec<u8>, Error> {
    manifest
        .to_bytes()
        .map_err(|error| Error::Malformed { path: PathBuf::from(MANIFEST), why: error.to_string() })
}
