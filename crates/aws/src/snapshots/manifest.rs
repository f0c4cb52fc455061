//! An image in AWS and an `image.json`: the one made of the other, and held against it.

use model::{Architecture, BootMode, Disk, ImageManifest, ManifestError, SCHEMA_VERSION};

use super::{Read, ReadDisk};
use crate::machine_image::MachineImage;

/// In what an image in AWS is another than its `image.json` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `content-differs`, or `starts-differently` where the disks are the same and their use is not.
    pub code: &'static str,
    /// What differs, for people.
    pub what: String,
}

/// The file of the first, second … disk of an image, where no manifest names one.
#[must_use]
pub fn disk_file(index: usize) -> String {
    if index == 0 { "disk.raw".to_owned() } else { format!("disk{}.raw", index + 1) }
}

/// What lies outside of the blocks: the processor, how it is booted, which disks there are. An image that says no boot
/// mode has the one that AWS starts it by.
#[must_use]
pub fn image_differs(image: &MachineImage, manifest: &ImageManifest) -> Option<Difference> {
    let starts = |what: String| Some(Difference { code: "starts-differently", what });
    if image.architecture != Some(manifest.architecture) {
        let is = image.architecture.map_or("another processor", Architecture::as_str);
        return starts(format!("{} is for {is}, not for {}", image.id, manifest.architecture.as_str()));
    }
    let mode = image.boots_by(manifest.architecture);
    if mode != manifest.boot_mode {
        return starts(format!("{} boots by {}, not by {}", image.id, word(mode), word(manifest.boot_mode)));
    }
    let devices = |all: &mut Vec<&str>| {
        all.sort_unstable();
        all.join(", ")
    };
    let is = devices(&mut image.volumes.iter().map(|volume| volume.device.as_str()).collect());
    let wanted = devices(&mut manifest.disks.iter().map(|disk| disk.device.as_str()).collect());
    if is != wanted {
        let what = format!("{} has the disks {is}, not {wanted}", image.id);
        return Some(Difference { code: "content-differs", what });
    }
    if image.root_device != manifest.root_device {
        return starts(format!(
            "{} has its root file system on {}, not on {}",
            image.id, image.root_device, manifest.root_device
        ));
    }
    None
}

fn word(mode: BootMode) -> &'static str {
    match mode {
        BootMode::Uefi => "uefi",
        BootMode::LegacyBios => "legacy-bios",
        BootMode::UefiPreferred => "uefi-preferred",
    }
}

/// Whether a disk that was read is the manifest's of that device.
#[must_use]
pub fn disk_differs(read: &ReadDisk, manifest: &ImageManifest) -> Option<Difference> {
    let differs = |what: String| Some(Difference { code: "content-differs", what });
    let Some(wanted) = manifest.disks.iter().find(|disk| disk.device == read.device) else {
        return differs(format!("there is a disk {} that the manifest does not list", read.device));
    };
    let ReadDisk { device, snapshot, digested, .. } = read;
    if digested.content_digest != wanted.content_digest {
        return differs(format!(
            "the disk {device} ({snapshot}) holds {}, not {}",
            digested.content_digest, wanted.content_digest
        ));
    }
    if digested.size_bytes != wanted.size_bytes {
        return differs(format!(
            "the disk {device} ({snapshot}) has {} bytes, not {}",
            digested.size_bytes, wanted.size_bytes
        ));
    }
    None
}

impl Read {
    /// The disks as a manifest lists them, each in the file that `file` names for its place among them.
    pub fn disks(&self, file: impl Fn(usize) -> String) -> Vec<Disk> {
        let disks = self.disks.iter().enumerate();
        disks
            .map(|(index, disk)| Disk {
                device: disk.device.clone(),
                file: file(index),
                size_bytes: disk.digested.size_bytes,
                content_digest: disk.digested.content_digest,
            })
            .collect()
    }
}

/// The manifest of an image of which nothing is known but what AWS says and what was read. Its layers are not known; where
/// the image says no boot mode, it is the one that AWS starts it by.
///
/// # Errors
/// What AWS says makes no image here: a root device that is none of its disks.
pub fn manifest(
    read: &Read,
    architecture: Architecture,
    name: &str,
    family: &str,
) -> Result<ImageManifest, ManifestError> {
    let manifest = ImageManifest {
        schema: SCHEMA_VERSION,
        name: name.to_owned(),
        family: family.to_owned(),
        architecture,
        boot_mode: read.image.boots_by(architecture),
        root_device: read.image.root_device.clone(),
        disks: read.disks(disk_file),
        os: None,
        base: None,
        layers: Vec::new(),
    };
    manifest.check()?;
    Ok(manifest)
}
