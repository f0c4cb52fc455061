//! Which partition is the root file system, and whether it is all there is.

use std::path::Path;

use anyhow::{Result, bail};
use ext4_view::Ext4;

use crate::partitions::{self, Partition};

/// The partition's file system, if it is an ext4 with a `/etc`.
#[must_use]
pub fn file_system(partition: &Partition) -> Option<Ext4> {
    let root = Ext4::load(Box::new(partition.again().ok()?)).ok()?;
    root.exists("/etc").ok()?.then_some(root)
}

/// The disk's root file system, where that is all that can hold packages.
///
/// # Errors
/// There is none, there are two, or another partition may hold packages too: a `/var` or `/usr` of its own would be
/// left out, and nobody would see it.
pub fn only(disk: &Path) -> Result<Ext4> {
    let mut roots = Vec::new();
    let mut others = Vec::new();
    for (index, partition) in partitions::open(disk)?.into_iter().enumerate() {
        if !partition.may_hold_packages() {
            continue;
        }
        match file_system(&partition) {
            Some(root) => roots.push(root),
            None => others.push((index + 1).to_string()),
        }
    }
    let shown = disk.display();
    if roots.len() > 1 {
        bail!("{shown} has {} root file systems: it cannot be told which one runs", roots.len());
    }
    let Some(root) = roots.pop() else {
        bail!(
            "{shown} has no ext4 file system with a /etc: other file systems, LVM and encryption are not read"
        );
    };
    if !others.is_empty() {
        bail!(
            "{shown} has more than its root file system: partition {} would be left out, and may hold packages",
            others.join(", ")
        );
    }
    Ok(root)
}
