//! What the evidence is about: the image, opened and hashed by this action itself.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use model::{ContentDigest, ImageManifest, Sha256, Subject};
use runner::{Context, Result};

use crate::Taken;
use crate::inputs::Inputs;

/// More than any manifest has.
const MAX_MANIFEST: u64 = 1 << 20;

/// An image whose disk was hashed.
pub(crate) struct Image {
    /// The disk.
    pub(crate) disk: PathBuf,
    digest: ContentDigest,
    stamp: Stamp,
    manifest: Option<ImageManifest>,
}

/// Opens `image.json` or a raw disk, and hashes the disk.
pub(crate) fn open(ctx: &mut Context, path: &Path) -> Result<Image> {
    let (disk, manifest) = if path.extension().is_some_and(|extension| extension == "json") {
        let bytes = read_manifest(path)?;
        let manifest = ImageManifest::parse(&bytes).with_context(|| format!("{}", path.display()))?;
        let [disk] = manifest.disks.as_slice() else {
            bail!(
                "{} lists {} disks, and this action scans images of one disk: a scan of some of them would look \
                 like a scan of all",
                path.display(),
                manifest.disks.len()
            );
        };
        (path.with_file_name(&disk.file), Some(manifest))
    } else {
        (path.to_owned(), None)
    };
    let stamp = Stamp::of(&disk)?;
    let digested = blocks::digest_file(&disk, &blocks::Options::default())
        .with_context(|| format!("cannot hash the disk {}", disk.display()))?;
    let digest = digested.content_digest;
    ctx.info(&format!("{} is {digest}", disk.display()));
    if let Some(listed) =
        manifest.as_ref().map(ImageManifest::content_digest).filter(|listed| *listed != digest)
    {
        bail!(
            "the disk {} is {digest}, but {} lists {listed}: it was changed or exchanged after it was baked",
            disk.display(),
            path.display()
        );
    }
    Ok(Image { disk, digest, stamp, manifest })
}

fn read_manifest(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file =
        File::open(path).with_context(|| format!("cannot open the image manifest {}", path.display()))?;
    file.take(MAX_MANIFEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_MANIFEST {
        bail!("{} is no image manifest: it is longer than {MAX_MANIFEST} bytes", path.display());
    }
    Ok(bytes)
}

impl Image {
    /// Fails unless the disk is, in content and on the file system, what it was when it was opened.
    pub(crate) fn still_the_same(&self) -> Result<()> {
        self.stamp.still(&self.disk)?;
        let now = blocks::digest_file(&self.disk, &blocks::Options::default())?.content_digest;
        if now != self.digest {
            bail!("{} was {} and is {now}", self.disk.display(), self.digest);
        }
        // Once more: the file that was just hashed is the one that was scanned.
        self.stamp.still(&self.disk)
    }

    fn subjects(&self) -> Result<Vec<Subject>> {
        match &self.manifest {
            Some(manifest) => Ok(manifest.subjects()?),
            None => {
                let name = self.disk.file_name().unwrap_or_default().to_string_lossy();
                Ok(vec![Subject::image(name, self.digest)])
            }
        }
    }
}

/// The subjects of the evidence: the image where one was given; else the file that was scanned.
/// None for what has no digest of its own, a directory or a reference.
pub(crate) fn of(image: Option<&Image>, inputs: &Inputs, taken: &Taken) -> Result<Vec<Subject>> {
    if let Some(image) = image {
        return image.subjects();
    }
    let file = |path: &Path, digest: Sha256| {
        vec![Subject::file(path.file_name().unwrap_or_default().to_string_lossy(), digest)]
    };
    if let Some(path) = &inputs.report {
        return Ok(file(path, Sha256::of(&taken.bytes)));
    }
    match inputs.sbom.as_ref().or(inputs.container_archive.as_ref()) {
        Some(path) => Ok(file(path, hash(path)?)),
        None => Ok(Vec::new()),
    }
}

/// Family and architecture: the manifest's own, else what the inputs say.
pub(crate) fn family(image: Option<&Image>, inputs: &Inputs) -> (String, String) {
    match image.and_then(|image| image.manifest.as_ref()) {
        Some(manifest) => (manifest.family.clone(), manifest.architecture.as_str().to_owned()),
        None => (inputs.family.clone().unwrap_or_else(|| "image".into()), inputs.architecture.clone()),
    }
}

/// SHA-256 of a file of any size.
pub(crate) fn hash(path: &Path) -> Result<Sha256> {
    let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut hasher = model::Sha256Hasher::new();
    std::io::copy(&mut file, &mut hasher).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(hasher.finish())
}

/// What the file system says of a file: the change time moves with every write, rename and link,
/// and cannot be set back. So a file that was exchanged, and exchanged back, is noticed too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(crate) fn of(path: &Path) -> Result<Self> {
        let metadata = std::fs::metadata(path).with_context(|| format!("cannot open {}", path.display()))?;
        if !metadata.is_file() {
            bail!("{} is not a plain file", path.display());
        }
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    pub(crate) fn still(&self, path: &Path) -> Result<()> {
        if Self::of(path)? == *self {
            return Ok(());
        }
        bail!("{} was written to or exchanged meanwhile", path.display())
    }
}
