//! `image.json`: the canonical manifest of an image.
//!
//! It holds what lies outside the disk's blocks and is the same wherever the image is copied. Ids
//! of providers (`ami-…`) name a place and are not in it.

use serde::{Deserialize, Serialize};

use crate::{CONTENT_DIGEST, ContentDigest, Sha256, Subject, canonical_json};

/// The manifest's schema that this program writes and reads.
pub const SCHEMA_VERSION: u32 = 1;

/// The processor architecture, in Debian's and Go's spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// x86-64.
    Amd64,
    /// AArch64.
    Arm64,
}

impl Architecture {
    /// As it is written in manifests and inputs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}

/// How firmware starts the image, in EC2's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BootMode {
    /// UEFI only.
    Uefi,
    /// BIOS only.
    LegacyBios,
    /// Either, UEFI first.
    UefiPreferred,
}

/// One disk of the image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Disk {
    /// The device it appears as, `/dev/xvda`.
    pub device: String,
    /// The file that holds it, relative to the manifest.
    pub file: String,
    /// The disk's size in bytes.
    pub size_bytes: u64,
    /// What is on it.
    pub content_digest: ContentDigest,
}

/// The operating system, as the image's `os-release` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Os {
    /// `ID=`: `debian`.
    pub id: String,
    /// `VERSION_ID=`: `13`.
    pub version: String,
}

/// The image that this one was built on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaseImage {
    /// Its name.
    pub name: String,
    /// Its content.
    pub content_digest: ContentDigest,
}

/// One layer, lowest first; the last one is the image itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Layer {
    /// The name of the image that the layer made.
    pub name: String,
    /// The digest over everything that the bake depended on.
    pub bake_id: Sha256,
}

/// The image's canonical manifest, `image.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageManifest {
    /// [`SCHEMA_VERSION`].
    pub schema: u32,
    /// The image's name.
    pub name: String,
    /// What stays the same over rebuilds: findings and channels are kept by family.
    pub family: String,
    /// The processor architecture.
    pub architecture: Architecture,
    /// How firmware starts it.
    pub boot_mode: BootMode,
    /// The device that holds the root file system.
    pub root_device: String,
    /// The disks, in order of device.
    pub disks: Vec<Disk>,
    /// The operating system, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<Os>,
    /// The image that this one was built on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseImage>,
    /// Every layer, lowest first.
    pub layers: Vec<Layer>,
}

/// A manifest that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, or not of this shape.
    #[error("the image manifest does not read: {0}")]
    Json(#[from] serde_json::Error),
    /// Another schema.
    #[error("the image manifest has schema {0}, and this program reads {SCHEMA_VERSION}")]
    Schema(u32),
    /// An image without a disk.
    #[error("the image manifest lists no disk")]
    NoDisk,
    /// A device twice.
    #[error("the image manifest lists the device `{0}` twice")]
    DuplicateDevice(String),
    /// A root device that is none of the disks.
    #[error("the image manifest's root device `{0}` is none of its disks")]
    NoRootDevice(String),
    /// A file that would lie outside the manifest's folder.
    #[error("the image manifest names the file `{0}`: a plain file name beside the manifest is wanted")]
    FileOutside(String),
}

impl ImageManifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// Anything that is not exactly a manifest of this schema.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let manifest: Self = serde_json::from_slice(bytes)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Checks what the types alone cannot say.
    ///
    /// # Errors
    /// As [`ManifestError`] tells.
    pub fn check(&self) -> Result<(), ManifestError> {
        if self.schema != SCHEMA_VERSION {
            return Err(ManifestError::Schema(self.schema));
        }
        if self.disks.is_empty() {
            return Err(ManifestError::NoDisk);
        }
        for (index, disk) in self.disks.iter().enumerate() {
            if self.disks[..index].iter().any(|other| other.device == disk.device) {
                return Err(ManifestError::DuplicateDevice(disk.device.clone()));
            }
            let plain = !disk.file.is_empty()
                && disk.file != ".."
                && disk.file != "."
                && !disk.file.contains(['/', '\\', '\0']);
            if !plain {
                return Err(ManifestError::FileOutside(disk.file.clone()));
            }
        }
        if !self.disks.iter().any(|disk| disk.device == self.root_device) {
            return Err(ManifestError::NoRootDevice(self.root_device.clone()));
        }
        Ok(())
    }

    /// The bytes that are hashed, written and attested (RFC 8785).
    ///
    /// # Errors
    /// Never in practice: every member has a JSON form.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        canonical_json(self)
    }

    /// What the image is. With one disk that is the disk's own digest; with several, SHA-256 over
    /// `hallmarkBlocks1-disks\n` and then, by device name, each name's length (u64, little-endian),
    /// the name and the 32 bytes of its disk's digest.
    #[must_use]
    pub fn content_digest(&self) -> ContentDigest {
        if let [disk] = self.disks.as_slice() {
            return disk.content_digest;
        }
        let mut disks: Vec<_> = self.disks.iter().collect();
        disks.sort_by(|a, b| a.device.cmp(&b.device));
        let mut bytes = format!("{CONTENT_DIGEST}-disks\n").into_bytes();
        for disk in disks {
            bytes.extend_from_slice(&(disk.device.len() as u64).to_le_bytes());
            bytes.extend_from_slice(disk.device.as_bytes());
            bytes.extend_from_slice(disk.content_digest.sha256().as_bytes());
        }
        ContentDigest::new(Sha256::of(&bytes))
    }

    /// The two subjects of every statement about this image: its content, and this manifest as a
    /// file, so that tools which know only files can attest it too.
    ///
    /// # Errors
    /// As [`ImageManifest::to_bytes`].
    pub fn subjects(&self) -> Result<Vec<Subject>, serde_json::Error> {
        Ok(vec![
            Subject::image(self.name.clone(), self.content_digest()),
            Subject::file("image.json", Sha256::of(&self.to_bytes()?)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(device: &str, content: &[u8]) -> Disk {
        Disk {
            device: device.into(),
            file: "disk.raw".into(),
            size_bytes: 1 << 30,
            content_digest: ContentDigest::new(Sha256::of(content)),
        }
    }

    fn manifest(disks: Vec<Disk>) -> ImageManifest {
        ImageManifest {
            schema: SCHEMA_VERSION,
            name: "n".into(),
            family: "f".into(),
            architecture: Architecture::Amd64,
            boot_mode: BootMode::Uefi,
            root_device: "/dev/xvda".into(),
            disks,
            os: None,
            base: None,
            layers: vec![],
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let written = manifest(vec![disk("/dev/xvda", b"a")]);
        assert_eq!(ImageManifest::parse(&written.to_bytes().unwrap()).unwrap(), written);
    }

    #[test]
    fn one_disk_is_its_own_digest_and_several_do_not_depend_on_order() {
        let (a, b) = (disk("/dev/xvda", b"a"), disk("/dev/xvdb", b"b"));
        assert_eq!(manifest(vec![a.clone()]).content_digest(), a.content_digest);
        let both = manifest(vec![a.clone(), b.clone()]).content_digest();
        assert_eq!(both, manifest(vec![b.clone(), a.clone()]).content_digest());
        assert_ne!(both, a.content_digest);
        let (mut x, mut y) = (a, b);
        std::mem::swap(&mut x.content_digest, &mut y.content_digest);
        assert_ne!(both, manifest(vec![x, y]).content_digest());
    }

    #[test]
    fn mistakes_are_refused() {
        let good = || manifest(vec![disk("/dev/xvda", b"a")]);
        let mut cases = vec![];
        let mut add = |name: &str, change: &dyn Fn(&mut ImageManifest)| {
            let mut manifest = good();
            change(&mut manifest);
            cases.push((name.to_owned(), manifest));
        };
        add("another schema", &|m| m.schema = 2);
        add("no disk", &|m| m.disks.clear());
        add("a device twice", &|m| m.disks.push(disk("/dev/xvda", b"b")));
        add("no root", &|m| m.root_device = "/dev/sda".into());
        for file in ["", ".", "..", "../disk.raw", "/etc/passwd", "a/b", "a\0"] {
            add(file, &|m| m.disks[0].file = file.into());
        }
        assert!(good().check().is_ok());
        for (name, manifest) in cases {
            assert!(manifest.check().is_err(), "{name}");
        }
        assert!(ImageManifest::parse(br#"{"schema":1,"surprise":1}"#).is_err());
    }
}
