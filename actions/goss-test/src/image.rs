//! The image under test: which disks, what they are, and that they stay what they were.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use model::{Architecture, ContentDigest, ImageManifest, Subject};

const MAX_MANIFEST: u64 = 16 << 20;

/// An image whose disks have been hashed.
#[derive(Debug)]
pub(crate) struct Image {
    /// For people.
    pub(crate) name: String,
    /// The disks, the root disk first.
    pub(crate) disks: Vec<Disk>,
    /// Where the manifest says it.
    pub(crate) architecture: Option<Architecture>,
    /// What the evidence is about.
    pub(crate) subjects: Vec<Subject>,
    pub(crate) content_digest: ContentDigest,
}

/// A disk as it was when it was hashed.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) path: PathBuf,
    stamp: Stamp,
}

/// What changes when somebody writes to a file or puts another in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    place: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(found: &Metadata) -> Self {
        Self {
            place: (found.dev(), found.ino()),
            size: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }
}

impl Image {
    /// Opens an image by its manifest, or a raw disk, and hashes its disks.
    ///
    /// `on_disk` hears of each disk before it is hashed.
    pub(crate) fn open(path: &Path, mut on_disk: impl FnMut(&Path)) -> Result<Self> {
        let is_manifest = path.extension().is_some_and(|extension| extension == "json");
        if is_manifest {
            Self::from_manifest(path, &mut on_disk)
        } else {
            Self::from_disk(path, &mut on_disk)
        }
    }

    fn from_manifest(path: &Path, on_disk: &mut dyn FnMut(&Path)) -> Result<Self> {
        let length =
            std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
        if length > MAX_MANIFEST {
            bail!("{} is {length} bytes, which is no image manifest", path.display());
        }
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let manifest = ImageManifest::parse(&bytes)
            .with_context(|| format!("{} is no image manifest", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut disks = Vec::new();
        for disk in &manifest.disks {
            let file = folder.join(&disk.file);
            on_disk(&file);
            let (found, digest) = Disk::hash(&file)?;
            if digest != disk.content_digest {
                bail!(
                    "{} is {digest}, but {} says {}: the disk was changed or is another image's",
                    file.display(),
                    path.display(),
                    disk.content_digest
                );
            }
            disks.push((disk.device != manifest.root_device, found));
        }
        // The root disk first; the others keep their order.
        disks.sort_by_key(|(other, _)| *other);
        Ok(Self {
            name: manifest.name.clone(),
            disks: disks.into_iter().map(|(_, disk)| disk).collect(),
            architecture: Some(manifest.architecture),
            subjects: manifest.subjects()?,
            content_digest: manifest.content_digest(),
        })
    }

    fn from_disk(path: &Path, on_disk: &mut dyn FnMut(&Path)) -> Result<Self> {
        on_disk(path);
        let (disk, digest) = Disk::hash(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self {
            subjects: vec![Subject::image(name.clone(), digest)],
            name,
            disks: vec![disk],
            architecture: None,
            content_digest: digest,
        })
    }

    /// That nobody wrote to a disk since it was hashed.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        for disk in &self.disks {
            if Stamp::of(&look_at(&disk.path)?) != disk.stamp {
                bail!(
                    "{} was changed while it was tested: what was tested is not what was hashed",
                    disk.path.display()
                );
            }
        }
        Ok(())
    }
}

impl Disk {
    fn hash(path: &Path) -> Result<(Self, ContentDigest)> {
        let stamp = Stamp::of(&look_at(path)?);
        let digested = blocks::digest_file(path, &blocks::Options::default())
            .with_context(|| format!("cannot hash {}", path.display()))?;
        Ok((Self { path: path.to_owned(), stamp }, digested.content_digest))
    }
}

fn look_at(path: &Path) -> Result<Metadata> {
    let found = std::fs::metadata(path).with_context(|| {
        format!("there is no image at {}: give its image.json or its raw disk", path.display())
    })?;
    if !found.is_file() {
        bail!("{} is not a file: give an image.json or a raw disk", path.display());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write as _;

    fn disk(folder: &Path, bytes: &[u8]) -> PathBuf {
        let path = folder.join("disk.raw");
        fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn a_raw_disk_is_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let image = Image::open(&disk(folder.path(), &[1; 512]), |_| ()).unwrap();
        assert_eq!((image.name.as_str(), image.architecture), ("disk.raw", None));
        assert_eq!(image.subjects, [Subject::image("disk.raw", image.content_digest)]);
        image.check_unchanged().unwrap();
    }

    #[test]
    fn a_disk_that_is_written_or_replaced_is_noticed() {
        for change in ["written", "replaced"] {
            let folder = tempfile::tempdir().unwrap();
            let path = disk(folder.path(), &[1; 512]);
            let image = Image::open(&path, |_| ()).unwrap();
            if change == "written" {
                fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"x").unwrap();
            } else {
                fs::rename(&path, folder.path().join("old")).unwrap();
                disk(folder.path(), &[1; 512]);
            }
            let error = image.check_unchanged().unwrap_err().to_string();
            assert!(error.contains("was changed"), "{change}: {error}");
        }
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("image.json"), "{}").unwrap();
        for (name, part) in
            [("nope.raw", "there is no image"), ("", "not a file"), ("image.json", "no image manifest")]
        {
            let error = format!("{:#}", Image::open(&folder.path().join(name), |_| ()).unwrap_err());
            assert!(error.contains(part), "{name}: {error}");
        }
    }
}
