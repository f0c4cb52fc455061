//! Written to files: byte for byte what is in the snapshots, sparse, under its name only when it is whole.

use std::fs;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use aws::snapshots::{Fetch, ReadDisk, ReadError, SoFar, content_digest};
use aws::{MachineImage, Place, describe};
use blocks::BLOCK;
use serde_json::{Value, json};

use crate::common::{ACCOUNT, Proxy};
use crate::{PACE, as_file, as_made, between, digested, place, place_of, register, written};

const OTHER: &str = "222222222222";

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn file(folder: &Path, device: &str) -> PathBuf {
    folder.join(device.replace('/', "_"))
}

/// Every disk into a folder.
async fn fetch(place: &Place, image: &MachineImage, folder: &Path) -> Result<Vec<ReadDisk>, ReadError> {
    let mut fetch = Fetch::begin(place, image, PACE)?;
    let mut disks = Vec::new();
    let before = names(folder);
    for volume in &image.volumes {
        disks.push(fetch.disk(volume, &file(folder, &volume.device), &SoFar::default()).await?);
        let mut now = names(folder);
        now.retain(|name| !name.ends_with(".part"));
        assert_eq!(now, before, "none has its name before all are there");
    }
    fetch.keep()?;
    Ok(disks)
}

/// Some blocks, by index.
type Blocks = Vec<(usize, Vec<u8>)>;

/// Odd layouts, by size in GiB and blocks.
fn layouts() -> Vec<(&'static str, u64, Blocks)> {
    let block = |byte: u8| vec![byte; BLOCK];
    let mut last_byte = vec![0; BLOCK];
    last_byte[BLOCK - 1] = 7;
    vec![
        ("empty", 1, Vec::new()),
        ("many", 1, written()),
        ("the first only", 2, vec![(0, block(1))]),
        ("the last only", 2, vec![(4095, block(2))]),
        ("a last byte", 1, vec![(2047, last_byte)]),
        ("zeros that are listed", 1, vec![(0, block(0)), (5, block(0)), (2047, block(0))]),
        ("all zero but one", 1, vec![(3, block(0)), (4, block(9)), (5, block(0))]),
        ("side by side", 1, (100..140).map(|index| (index, block(3))).collect()),
    ]
}

#[tokio::test]
async fn the_file_is_what_is_in_the_snapshot_to_the_byte() {
    let proxy = Proxy::start();
    let place = place(&proxy, None).await;
    for (name, gib, blocks) in layouts() {
        let image = proxy.make_image(&json!({"name": name, "size_gib": gib, "blocks": as_made(&blocks)}));
        let image = describe(&place, &image).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let disks = fetch(&place, &image, folder.path()).await.unwrap();
        let path = file(folder.path(), "/dev/xvda");
        assert_eq!(names(folder.path()), ["_dev_xvda"], "{name}");
        let (found, expected) = (digested(&path), as_file(&blocks, gib));
        assert_eq!(disks[0].digested.content_digest, expected.content_digest, "{name}");
        assert_eq!(found.content_digest, expected.content_digest, "{name}");
        assert_eq!((found.size_bytes, disks[0].digested.size_bytes), (gib << 30, gib << 30), "{name}");
        // Holes are holes: no more room is taken than what has something in it.
        let filled = blocks.iter().filter(|(_, bytes)| bytes.iter().any(|byte| *byte != 0)).count() as u64;
        let room = fs::metadata(&path).unwrap().blocks() * 512;
        assert!(room <= filled * BLOCK as u64 + (1 << 20), "{name}: {room} bytes for {filled} blocks");
        assert_eq!(found.zero_blocks, 0, "{name}: a block of zeros was written");
        let opened = fs::File::open(&path).unwrap();
        for (index, bytes) in &blocks {
            let mut there = vec![0; BLOCK];
            opened.read_exact_at(&mut there, (index * BLOCK) as u64).unwrap();
            assert!(there == *bytes, "{name}: block {index}");
        }
    }
}

#[tokio::test]
async fn every_disk_of_several_or_none() {
    let proxy = Proxy::start();
    let place = place(&proxy, None).await;
    let layouts = layouts();
    let mut made = Vec::new();
    for (_, gib, blocks) in &layouts[1..4] {
        let snapshot = proxy.make("snapshot", &json!({"size_gib": gib, "blocks": as_made(blocks)}));
        made.push(snapshot["snapshot"].as_str().unwrap().to_owned());
    }
    let id = register(
        &place,
        "several",
        &[("/dev/sda1", &made[0]), ("/dev/sdb", &made[1]), ("/dev/sdf", &made[2])],
    )
    .await;
    let image = describe(&place, &id).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let disks = fetch(&place, &image, folder.path()).await.unwrap();
    assert_eq!(names(folder.path()), ["_dev_sda1", "_dev_sdb", "_dev_sdf"]);
    assert_eq!(content_digest(&place, &id, |_| {}).await.unwrap().disks, disks);
    for (disk, (name, gib, blocks)) in disks.iter().zip(&layouts[1..4]) {
        let expected = as_file(blocks, *gib).content_digest;
        assert_eq!(disk.digested.content_digest, expected, "{name}");
        assert_eq!(digested(&file(folder.path(), &disk.device)).content_digest, expected, "{name}");
    }

    // The last one breaks: nothing is left of the first two, and what was there before is as it was.
    let refused = json!([{"kind": "error", "operation": "ListSnapshotBlocks", "nth": 3, "code": "ValidationException", "status": 400}]);
    proxy.faults(&refused);
    let before: Vec<u64> =
        ["_dev_sda1", "_dev_sdb"].map(|name| fs::metadata(folder.path().join(name)).unwrap().ino()).into();
    assert!(fetch(&place, &image, folder.path()).await.is_err());
    assert_eq!(names(folder.path()), ["_dev_sda1", "_dev_sdb", "_dev_sdf"]);
    let after: Vec<u64> =
        ["_dev_sda1", "_dev_sdb"].map(|name| fs::metadata(folder.path().join(name)).unwrap().ino()).into();
    assert_eq!(before, after);
    let empty = tempfile::tempdir().unwrap();
    proxy.faults(&refused);
    assert!(fetch(&place, &image, empty.path()).await.is_err());
    assert_eq!(names(empty.path()), Vec::<String>::new());
}

#[tokio::test]
async fn trouble_on_the_way_changes_no_byte() {
    let proxy = Proxy::start();
    let place = place(&proxy, None).await;
    let blocks = written();
    let expected = as_file(&blocks, 1).content_digest;
    let id = proxy.make_image(&json!({"name": "golden", "size_gib": 1, "blocks": as_made(&blocks)}));
    let image = describe(&place, &id).await.unwrap();
    let cases: [Value; 5] = [
        json!([{"kind": "throttle", "operation": "GetSnapshotBlock", "every": 3}]),
        json!([{"kind": "throttle", "operation": "GetSnapshotBlock", "nth": 20, "count": 30}]),
        json!([{"kind": "cut-before", "operation": "GetSnapshotBlock", "every": 6}, {"kind": "cut-after", "operation": "GetSnapshotBlock", "every": 7}]),
        json!([{"kind": "http-500", "operation": "GetSnapshotBlock", "every": 4}]),
        json!([{"kind": "cut-after", "operation": "ListSnapshotBlocks", "nth": 1, "count": 3}]),
    ];
    for faults in cases {
        proxy.faults(&faults);
        let folder = tempfile::tempdir().unwrap();
        let disks =
            fetch(&place, &image, folder.path()).await.unwrap_or_else(|error| panic!("{faults}: {error}"));
        assert_eq!(disks[0].digested.content_digest, expected, "{faults}");
        assert_eq!(digested(&file(folder.path(), "/dev/xvda")).content_digest, expected, "{faults}");
    }
    // Cut each time, it ends; and nothing is left.
    proxy.faults(&json!([{"kind": "cut-before", "operation": "GetSnapshotBlock", "every": 1}]));
    let folder = tempfile::tempdir().unwrap();
    assert!(fetch(&place, &image, folder.path()).await.is_err());
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

/// A body that breaks off in its middle, each block once.
#[tokio::test]
async fn what_was_begun_and_broke_off_is_not_in_the_file() {
    let proxy = Proxy::start();
    let blocks = written();
    let id = proxy.make_image(&json!({"name": "golden", "size_gib": 1, "blocks": as_made(&blocks)}));
    let endpoint = between(
        &proxy,
        |line, mut answer| {
            use std::collections::BTreeSet;
            use std::sync::Mutex;
            static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
            let mut seen = SEEN.lock().unwrap();
            // Not each third answer: by chance these may be one block's, until it is given up.
            if line.contains("/blocks/") && seen.insert(line.to_owned()) {
                let middle = answer.len() / 2;
                match seen.len().is_multiple_of(2) {
                    true => answer.truncate(middle),
                    false => answer[middle] ^= 1,
                }
            }
            answer
        },
        str::to_owned,
    );
    let place = place(&proxy, Some(&endpoint)).await;
    let image = describe(&place, &id).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let disks = fetch(&place, &image, folder.path()).await.unwrap();
    let expected = as_file(&blocks, 1).content_digest;
    assert_eq!(disks[0].digested.content_digest, expected);
    assert_eq!(digested(&file(folder.path(), "/dev/xvda")).content_digest, expected);
}

#[tokio::test]
async fn given_up_half_way_nothing_is_left() {
    let proxy = Proxy::start();
    let place = place(&proxy, None).await;
    let id = proxy.make_image(&json!({"name": "golden", "size_gib": 1, "blocks": as_made(&written())}));
    let image = describe(&place, &id).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    proxy
        .faults(&json!([{"kind": "hang-before", "operation": "GetSnapshotBlock", "nth": 30, "count": null}]));
    let fetching = fetch(&place, &image, folder.path());
    let given_up = tokio::time::timeout(std::time::Duration::from_millis(1500), fetching).await;
    assert!(given_up.is_err());
    assert_eq!(names(folder.path()), Vec::<String>::new());
    proxy.faults(&json!([]));
}

#[tokio::test]
async fn two_at_once_do_not_write_one_file() {
    let proxy = Proxy::start();
    let place = place(&proxy, None).await;
    let id = proxy.make_image(&json!({"name": "golden", "size_gib": 1, "blocks": {"0": 1}}));
    let image = describe(&place, &id).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "/dev/xvda");
    let mut first = Fetch::begin(&place, &image, PACE).unwrap();
    first.disk(&image.volumes[0], &path, &SoFar::default()).await.unwrap();
    let mut second = Fetch::begin(&place, &image, PACE).unwrap();
    let error = second.disk(&image.volumes[0], &path, &SoFar::default()).await.unwrap_err();
    assert!(matches!(error, ReadError::InUse { .. }), "{error}");
    first.keep().unwrap();
    second.disk(&image.volumes[0], &path, &SoFar::default()).await.unwrap();
    drop(second);
    assert_eq!(names(folder.path()), ["_dev_xvda"]);
}

#[tokio::test]
async fn what_may_not_be_read_says_what_is_needed() {
    let proxy = Proxy::start();
    let blocks = as_made(&[(0, vec![5; BLOCK])]);
    let launch = json!([{"UserId": OTHER}]);
    let key = proxy.make_key(&json!({"alias": "alias/golden"}));
    let made = |more: Value| {
        let mut image =
            json!({"name": more["name"], "size_gib": 1, "blocks": blocks, "launch_permissions": launch});
        image.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        proxy.make_image(&image)
    };
    let other = place_of(&proxy, OTHER, None).await;
    let folder = tempfile::tempdir().unwrap();
    let unshared = [
        made(json!({"name": "launch only"})),
        made(json!({"name": "encrypted", "kms_key": key, "snapshot_users": [OTHER]})),
    ];
    for id in unshared {
        let image = describe(&other, &id).await.unwrap();
        assert_eq!(image.owner, ACCOUNT);
        let error = fetch(&other, &image, folder.path()).await.unwrap_err();
        assert!(matches!(&error, ReadError::MayNot { account, .. } if account == OTHER), "{error}");
        let said = error.to_string();
        for needed in [
            "snapshots: true",
            "ebs:ListSnapshotBlocks",
            "ebs:GetSnapshotBlock",
            "kms:Decrypt",
            "docs/iam/verify.json",
        ] {
            assert!(said.contains(needed), "{needed}: {said}");
        }
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }
    let shared = made(json!({"name": "shared", "snapshot_users": [OTHER]}));
    let image = describe(&other, &shared).await.unwrap();
    fetch(&other, &image, folder.path()).await.unwrap();
    assert_eq!(names(folder.path()), ["_dev_xvda"]);
}
