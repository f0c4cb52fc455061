//! Reading the store. Nothing here waits for a publisher or changes a file: what is visible is complete.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use model::{ContentDigest, ImageManifest, Sha256};
use serde::de::DeserializeOwned;

use super::records::{MANIFEST, ReleaseRecord, SCHEMA, TAGS, Tags};
use super::{Digester, Local};
use crate::{Channel, ChannelName, Error, Image, ImageId, Published, Release, ReleaseId};

/// The longest record that is read.
const LONGEST: u64 = 64 << 20;

impl Local {
    /// Reads an image; with `verify`, its disks too.
    pub(super) fn image(&self, id: &ImageId, verify: bool) -> Result<Image, Error> {
        let folder = self.folder(id)?;
        let damaged = |why: String| Error::Damaged { image: id.clone(), why };
        let bytes = read(&folder.join(MANIFEST))?.ok_or_else(|| damaged(format!("it has no {MANIFEST}")))?;
        let manifest = ImageManifest::parse(&bytes).map_err(|error| damaged(error.to_string()))?;
        let content_digest = manifest.content_digest();
        if image_id(&content_digest) != *id {
            return Err(damaged(format!("its manifest is of {content_digest}")));
        }
        if verify {
            self.verify(id, &folder, &manifest)?;
        }
        let tags: Tags = record(&folder.join(TAGS))?.ok_or_else(|| damaged(format!("it has no {TAGS}")))?;
        Ok(Image {
            id: id.clone(),
            content_digest,
            manifest,
            state: tags.state,
            created_on: tags.created_on,
            releases: self.releases_of(id)?,
            location: folder.display().to_string(),
            regions: BTreeMap::new(),
        })
    }

    /// Hashes every disk of a stored image.
    fn verify(&self, id: &ImageId, folder: &Path, manifest: &ImageManifest) -> Result<(), Error> {
        for disk in &manifest.disks {
            let path = folder.join(&disk.file);
            // What a link shows can be changed by somebody who cannot write here.
            if fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
                let why = format!("its disk {} is not a plain file", disk.device);
                return Err(Error::Damaged { image: id.clone(), why });
            }
            let found = digest(&*self.digester, &path)?;
            if found != disk.content_digest {
                let why = format!("its disk {} holds {found} and not {}", disk.device, disk.content_digest);
                return Err(Error::Damaged { image: id.clone(), why });
            }
        }
        Ok(())
    }

    /// The folder of an image that is there.
    pub(super) fn folder(&self, id: &ImageId) -> Result<PathBuf, Error> {
        // An id is a digest's digits and nothing else: no id leads out of the store.
        let digest: Sha256 = id.as_str().parse().map_err(|_| Error::NoImage(id.clone()))?;
        let folder = self.layout.image(&digest);
        match fs::symlink_metadata(&folder) {
            Ok(metadata) if metadata.is_dir() => Ok(folder),
            Ok(_) => Err(Error::Damaged { image: id.clone(), why: "it is not a folder".into() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::NoImage(id.clone())),
            Err(source) => Err(Error::Io { what: "look at", path: folder, source }),
        }
    }

    /// A release, if it was published.
    pub(super) fn release(&self, id: &ReleaseId) -> Result<Option<ReleaseRecord>, Error> {
        let path = self.layout.release(id);
        let release: Option<ReleaseRecord> = record(&path)?;
        match release {
            Some(release) if !is_whole(&release, id) => {
                Err(Error::Malformed { path, why: "it is the record of another release".into() })
            }
            other => Ok(other),
        }
    }

    /// Every release of an image, oldest first.
    pub(super) fn releases_of(&self, image: &ImageId) -> Result<Vec<Published>, Error> {
        let mut releases = Vec::new();
        for path in entries(&self.layout.releases())? {
            let Some(release) = record::<ReleaseRecord>(&path)? else { continue };
            if release.image_id == *image {
                releases.push(Published {
                    id: release.release_id,
                    name: release.name,
                    published_on: release.published_on,
                });
            }
        }
        releases.sort_by_key(|release| (release.published_on, release.id));
        Ok(releases)
    }

    /// What a channel shows.
    pub(super) fn shown_by(&self, channel: &ChannelName) -> Result<Option<Channel>, Error> {
        let path = self.layout.channel(channel);
        let shown: Option<Channel> = record(&path)?;
        match shown {
            Some(shown) if shown.channel != *channel => {
                Err(Error::Malformed { path, why: format!("it is the record of {}", shown.channel) })
            }
            other => Ok(other),
        }
    }

    /// Every channel of the store.
    pub(super) fn all_channels(&self) -> Result<Vec<Channel>, Error> {
        let mut channels = Vec::new();
        let mut folders = vec![self.layout.channels()];
        while let Some(folder) = folders.pop() {
            for path in entries(&folder)? {
                if path.is_dir() {
                    folders.push(path);
                } else if let Some(channel) = record(&path)? {
                    channels.push(channel);
                }
            }
        }
        Ok(channels)
    }
}

/// Whether a record is the one with this id, and its image the one with its content: both follow from what
/// the record says, so neither is believed.
fn is_whole(record: &ReleaseRecord, id: &ReleaseId) -> bool {
    let release = Release {
        content_digest: record.content_digest,
        name: record.name.clone(),
        architecture: record.architecture,
        distribution: record.distribution.clone(),
    };
    record.schema == SCHEMA
        && record.release_id == *id
        && release.id().is_ok_and(|computed| computed == *id)
        && record.image_id == image_id(&record.content_digest)
}

/// The id of an image with this content.
pub(super) fn image_id(content: &ContentDigest) -> ImageId {
    ImageId::new(content.sha256().to_string())
}

/// Hashes a disk.
pub(super) fn digest(digester: &dyn Digester, path: &Path) -> Result<ContentDigest, Error> {
    digester.digest(path).map_err(|source| Error::Digest { path: path.to_owned(), source })
}

/// Reads a JSON record, if there is one.
pub(super) fn record<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| Error::Malformed { path: path.to_owned(), why: error.to_string() })
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let io = |source| Error::Io { what: "read", path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() || metadata.len() > LONGEST => Err(Error::Malformed {
            path: path.to_owned(),
            why: "it is not a plain file of a record's size".into(),
        }),
        Ok(_) => fs::read(path).map(Some).map_err(io),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io(error)),
    }
}

/// What lies in a folder, sorted; nothing if there is no folder.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let io = |source| Error::Io { what: "list", path: folder.to_owned(), source };
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io(error)),
    };
    let mut paths =
        listed.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(io)?;
    paths.sort();
    Ok(paths)
}
