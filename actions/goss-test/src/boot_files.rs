//! The kernel, the initrd and the command line, taken out of the image.
//!
//! The image is not trusted: its file systems are read in memory-safe code, and nothing larger than
//! it may be is read.

use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use disk::{Ext4, Partition};
use model::Architecture;

use crate::grub::{self, Entry};

const MAX_KERNEL: u64 = 256 << 20;
const MAX_INITRD: u64 = 1 << 30;
const MAX_CONFIG: u64 = 1 << 20;

/// Where a root file system keeps GRUB's configuration.
const ROOT_CONFIGS: [&str; 2] = ["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"];

/// What starts the image.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BootFiles {
    pub(crate) kernel: Vec<u8>,
    pub(crate) initrd: Vec<u8>,
    /// The image's own kernel command line.
    pub(crate) arguments: Vec<String>,
    /// Where it was found, for the log.
    pub(crate) found: String,
}

impl BootFiles {
    /// The processor that the kernel is for, by its header.
    pub(crate) fn architecture(&self) -> Option<Architecture> {
        let has = |at: usize, magic: &[u8]| self.kernel.get(at..at + magic.len()) == Some(magic);
        if has(0x202, b"HdrS") {
            Some(Architecture::Amd64)
        } else if has(0x38, b"ARM\x64") {
            Some(Architecture::Arm64)
        } else {
            None
        }
    }
}

/// Finds what starts the image on its root disk.
pub(crate) fn find(disk: &Path) -> Result<BootFiles> {
    let partitions = ::disk::open(disk)?;
    let mut from_loader = Vec::new();
    let mut root = None;
    for partition in &partitions {
        from_loader.extend(esp_entry(partition));
        if root.is_none() {
            root = ::disk::file_system(partition);
        }
    }
    let root = root.with_context(|| {
        format!(
            "{} has no ext4 file system with a /etc: booting it without its firmware needs one",
            disk.display()
        )
    })?;
    let mut tried = Vec::new();
    for (place, entry) in from_loader.into_iter().chain(root_entries(&root)) {
        match read_entry(&root, &entry) {
            Ok((kernel, initrd)) => {
                let found = format!("{} and {} as {place} says", entry.kernel, entry.initrd);
                return Ok(BootFiles { kernel, initrd, arguments: with_root(&root, entry.arguments), found });
            }
            Err(error) => tried.push(format!("{place}: {error:#}")),
        }
    }
    bail!("{} has no kernel and initrd that can be started ({})", disk.display(), tried.join("; "))
}

/// What the boot loader on an EFI system partition starts.
fn esp_entry(partition: &Partition) -> Option<(String, Entry)> {
    let files = fatfs::FileSystem::new(partition.again().ok()?, fatfs::FsOptions::new()).ok()?;
    let vendors = files.root_dir().open_dir("EFI").ok()?;
    // A vendor's folder; a table of files that runs in circles must not hold us.
    for vendor in vendors.iter().take(64).filter_map(Result::ok).filter(fatfs::DirEntry::is_dir) {
        let Ok(config) = vendor.to_dir().open_file("grub.cfg") else { continue };
        let mut text = Vec::new();
        config.take(MAX_CONFIG).read_to_end(&mut text).ok()?;
        if let Some(entry) = grub::first_entry(&String::from_utf8_lossy(&text)) {
            return Some((format!("EFI/{}/grub.cfg", vendor.file_name()), entry));
        }
    }
    None
}

/// What the root file system itself says: GRUB's configuration, else Debian's links, else the
/// newest kernel by name.
fn root_entries(root: &Ext4) -> Vec<(String, Entry)> {
    let mut entries = Vec::new();
    for path in ROOT_CONFIGS {
        let text = read(root, path, MAX_CONFIG).map(|text| String::from_utf8_lossy(&text).into_owned());
        entries.extend(
            text.ok().and_then(|text| grub::first_entry(&text)).map(|entry| (path.to_owned(), entry)),
        );
    }
    let entry = |kernel: &str, initrd: &str| Entry {
        kernel: kernel.to_owned(),
        initrd: initrd.to_owned(),
        arguments: vec!["ro".to_owned()],
    };
    entries.push(("the root folder".to_owned(), entry("/vmlinuz", "/initrd.img")));
    for version in versions(root) {
        let kernel = format!("/boot/vmlinuz-{version}");
        for initrd in [format!("/boot/initrd.img-{version}"), format!("/boot/initramfs-{version}.img")] {
            entries.push(("/boot".to_owned(), entry(&kernel, &initrd)));
        }
    }
    entries
}

/// The versions of the kernels in /boot, newest first as far as their names tell.
fn versions(root: &Ext4) -> Vec<String> {
    let Ok(names) = root.read_dir("/boot") else { return Vec::new() };
    let mut versions: Vec<String> = names
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().as_str().ok()?.strip_prefix("vmlinuz-").map(str::to_owned))
        .take(64)
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    versions
}

/// A boot loader's paths begin at its own root, which is `/boot` if that is a partition of its own.
fn read_entry(root: &Ext4, entry: &Entry) -> Result<(Vec<u8>, Vec<u8>)> {
    let read_any = |path: &str, most: u64| {
        let path = format!("/{}", path.trim_start_matches('/'));
        read(root, &path, most).or_else(|error| read(root, &format!("/boot{path}"), most).map_err(|_| error))
    };
    Ok((read_any(&entry.kernel, MAX_KERNEL)?, read_any(&entry.initrd, MAX_INITRD)?))
}

fn read(root: &Ext4, path: &str, most: u64) -> Result<Vec<u8>> {
    let length = root.metadata(path).with_context(|| path.to_owned())?.len();
    if length > most {
        bail!("{path} is {length} bytes; at most {most} are read");
    }
    root.read(path).with_context(|| path.to_owned())
}

/// The command line with a root file system named, by the id of the one we read.
fn with_root(root: &Ext4, mut arguments: Vec<String>) -> Vec<String> {
    if !arguments.iter().any(|argument| argument.starts_with("root=")) {
        arguments.insert(0, format!("root=UUID={}", root.uuid()));
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_tells_its_processor() {
        let kernel = |at: usize, magic: &[u8]| {
            let mut kernel = vec![0; 0x300];
            kernel[at..at + magic.len()].copy_from_slice(magic);
            BootFiles { kernel, initrd: vec![], arguments: vec![], found: String::new() }
        };
        assert_eq!(kernel(0x202, b"HdrS").architecture(), Some(Architecture::Amd64));
        assert_eq!(kernel(0x38, b"ARM\x64").architecture(), Some(Architecture::Arm64));
        assert_eq!(kernel(0, b"MZ").architecture(), None);
        let empty = BootFiles { kernel: vec![], initrd: vec![], arguments: vec![], found: String::new() };
        assert_eq!(empty.architecture(), None);
    }

    #[test]
    fn a_disk_of_nothing_has_no_kernel() {
        let disk = tempfile::NamedTempFile::new().unwrap();
        disk.as_file().set_len(1 << 20).unwrap();
        let error = find(disk.path()).err().unwrap().to_string();
        assert!(error.contains("no ext4 file system"), "{error}");
    }
}
