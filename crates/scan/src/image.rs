//! An image, opened and hashed by this action itself.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use blocks::Digested;
use model::{ContentDigest, ImageManifest, Subject};
use runner::{Context, Result};

use crate::files::read_at_most;
use crate::stamp::Stamp;

/// More than any manifest has.
const MAX_MANIFEST: u64 = 1 << 20;

/// An image whose disks were hashed.
#[derive(Debug)]
pub struct Image {
    /// The disk that is looked at. It is the only one with anything on it.
    pub disk: PathBuf,
    disks: Vec<Disk>,
    digest: ContentDigest,
    manifest: Option<ImageManifest>,
}

/// A disk as it was when it was hashed.
#[derive(Debug)]
struct Disk {
    path: PathBuf,
    digest: ContentDigest,
    stamp: Stamp,
}

impl Image {
    /// Opens `image.json` or a raw disk, and hashes the disks. Besides the root disk there may be others, if they are blank.
    ///
    /// # Errors
    /// A disk cannot be read or is not the one that the manifest lists, or something is on another than the root disk.
    pub fn open(ctx: &mut Context, path: &Path) -> Result<Self> {
        if path.extension().is_none_or(|extension| extension != "json") {
            let (disk, _) = Disk::hash(ctx, path)?;
            return Ok(Self {
                disk: path.to_owned(),
                digest: disk.digest,
                disks: vec![disk],
                manifest: None,
            });
        }
        let bytes = read_at_most(path, MAX_MANIFEST).context("the image manifest")?;
        let manifest = ImageManifest::parse(&bytes).with_context(|| format!("{}", path.display()))?;
        let (mut root, mut disks) = (None, Vec::new());
        for listed in &manifest.disks {
            let (disk, found) = Disk::hash(ctx, &path.with_file_name(&listed.file))?;
            if disk.digest != listed.content_digest {
                bail!(
                    "the disk {} is {}, but {} lists {}: it was changed or exchanged after it was baked",
                    disk.path.display(),
                    disk.digest,
                    path.display(),
                    listed.content_digest
                );
            }
            if listed.device == manifest.root_device {
                root = Some(disk.path.clone());
            } else if found.data_blocks > 0 {
                bail!(
                    "{} lists {} disks, and something is on {} (`{}`): this action looks at the root disk, `{}`, and a scan \
                     of some of them would look like a scan of all. Leave the others blank, and let first boot format them",
                    path.display(),
                    manifest.disks.len(),
                    disk.path.display(),
                    listed.device,
                    manifest.root_device
                );
            }
            disks.push(disk);
        }
        let disk = root.with_context(|| format!("{} lists no root disk", path.display()))?;
        Ok(Self { disk, disks, digest: manifest.content_digest(), manifest: Some(manifest) })
    }

    /// Whether the disks are, in content and on the file system, what they were when they were opened.
    ///
    /// # Errors
    /// They are not.
    pub fn still_the_same(&self) -> Result<()> {
        self.disks.iter().try_for_each(Disk::still_the_same)
    }

    /// What is on the disks.
    #[must_use]
    pub const fn digest(&self) -> ContentDigest {
        self.digest
    }

    /// Its manifest; none of a raw disk.
    #[must_use]
    pub const fn manifest(&self) -> Option<&ImageManifest> {
        self.manifest.as_ref()
    }

    pub(crate) fn subjects(&self) -> Result<Vec<Subject>> {
        match &self.manifest {
            Some(manifest) => Ok(manifest.subjects()?),
            None => {
                let name = self.disk.file_name().unwrap_or_default().to_string_lossy();
                Ok(vec![Subject::image(name, self.digest)])
            }
        }
    }
}

impl Disk {
    fn hash(ctx: &mut Context, path: &Path) -> Result<(Self, Digested)> {
        let stamp = Stamp::of(path)?;
        let found = blocks::digest_file(path, &blocks::Options::default())
            .with_context(|| format!("cannot hash the disk {}", path.display()))?;
        let digest = found.content_digest;
        ctx.info(&format!("{} is {digest}", path.display()));
        Ok((Self { path: path.to_owned(), digest, stamp }, found))
    }

    fn still_the_same(&self) -> Result<()> {
        self.stamp.still(&self.path)?;
        let now = blocks::digest_file(&self.path, &blocks::Options::default())?.content_digest;
        if now != self.digest {
            bail!("{} was {} and is {now}", self.path.display(), self.digest);
        }
        // Once more: the file that was just hashed is the one that was scanned.
        self.stamp.still(&self.path)
    }
}
