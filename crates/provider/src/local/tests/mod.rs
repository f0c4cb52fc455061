//! The store under test: what it does, what it refuses, and what is left when it is killed at any change.

mod behaviour;
mod killed;
mod racing;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use model::{Architecture, BootMode, ContentDigest, Disk, ImageManifest, SCHEMA_VERSION, Sha256};

use super::effects::{Effects, RealEffects};
use super::{Digester, Local, Settings};
use crate::{Answer, BoxError, Error, NewImage, Provider as _, RawDisk, Release, ReleaseId, Source};

/// Stands in for the block digest, which is another crate's: the store only compares what it is given.
fn digester(disk: &Path) -> Result<ContentDigest, BoxError> {
    Ok(ContentDigest::new(Sha256::of(&fs::read(disk)?)))
}

fn settings() -> Settings {
    Settings { lock_timeout: Duration::from_secs(60) }
}

fn store(root: &Path) -> Local {
    Local::new(root, settings(), digester)
}

fn store_with(root: &Path, effects: impl Effects + 'static) -> Local {
    Local::with_effects(root.to_owned(), settings(), Rc::new(digester) as Rc<dyn Digester>, Rc::new(effects))
}

fn wait<T>(answer: Answer<'_, T>) -> Result<T, Error> {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(answer)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// An image to be published, with its disk on this machine.
fn image(folder: &Path, content: &str) -> NewImage {
    let path = folder.join(format!("{content}.raw"));
    if !path.exists() {
        fs::write(&path, content.repeat(1000)).unwrap();
    }
    let content_digest = digester(&path).unwrap();
    let manifest = ImageManifest {
        schema: SCHEMA_VERSION,
        name: "debian-app".into(),
        family: "debian-app".into(),
        architecture: Architecture::Amd64,
        boot_mode: BootMode::Uefi,
        root_device: "/dev/xvda".into(),
        disks: vec![Disk {
            device: "/dev/xvda".into(),
            file: "disk.raw".into(),
            size_bytes: fs::metadata(&path).unwrap().len(),
            content_digest,
        }],
        os: None,
        base: None,
        layers: vec![],
    };
    let distribution = crate::Distribution { provider: "local".into(), locations: vec![] };
    NewImage {
        release: Release {
            content_digest,
            name: "debian-app".parse().unwrap(),
            architecture: Architecture::Amd64,
            distribution,
        },
        manifest,
        source: Source::Raw(vec![RawDisk { device: "/dev/xvda".into(), path }]),
        at: at(0),
    }
}

fn id(new: &NewImage) -> ReleaseId {
    new.release.id().unwrap()
}

/// Publishes an image and points `stable` at it.
fn publish(store: &Local, new: &NewImage, second: i64) {
    wait(store.create(new)).unwrap();
    wait(store.set_channel(&stable(), &id(new), at(second))).unwrap();
}

fn stable() -> crate::ChannelName {
    "debian-app/stable".parse().unwrap()
}

/// Every file under a folder with its mode and content; folders have none. The lock is nobody's state.
fn tree(root: &Path) -> BTreeMap<PathBuf, Option<(u32, Vec<u8>)>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
                found.insert(name, None);
            } else if name != Path::new("lock") {
                let mode = fs::metadata(&path).unwrap().mode();
                found.insert(name, Some((mode, fs::read(&path).unwrap())));
            }
        }
    }
    found
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy_tree(&path, &target) } else { fs::copy(&path, &target).map(|_| ()).unwrap() }
    }
}
