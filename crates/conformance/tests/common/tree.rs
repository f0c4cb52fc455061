//! What is in a folder: to see that nothing was changed, or that two came out the same.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

/// Larger files are disks, whose content digest says it faster.
const DISK: u64 = 64 << 20;

/// Every file as the file system knows it: the slightest write, rename or link shows, without reading anything.
pub(crate) fn stamps(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut |name, path| {
        let data = path.symlink_metadata().unwrap();
        let (inode, size, mode) = (data.ino(), data.size(), data.mode());
        found.insert(name, format!("{inode} {size} {mode:o} {}.{}", data.ctime(), data.ctime_nsec()));
    });
    found
}

/// Every file by what is in it, whenever it was written or signed: moments and signatures are left out of JSON.
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut |name, path| {
        let data = path.symlink_metadata().unwrap();
        let content = if data.is_dir() {
            "a folder".to_owned()
        } else if data.len() > DISK {
            blocks::digest_file(path, &blocks::Options::default()).unwrap().content_digest.to_string()
                + &format!(" {}", data.len())
        } else {
            let bytes = fs::read(path).unwrap();
            match serde_json::from_slice::<Value>(&bytes) {
                Ok(mut json) => {
                    without_moments(&mut json);
                    json.to_string()
                }
                Err(_) => String::from_utf8_lossy(&bytes).into_owned(),
            }
        };
        found.insert(name, format!("{:o} {content}", data.mode()));
    });
    found
}

/// Fails with the names of what is not the same, and not with all that is in a store.
#[track_caller]
pub(crate) fn assert_same(found: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>, when: &str) {
    let mut names: Vec<_> =
        found.keys().chain(wanted.keys()).filter(|n| found.get(*n) != wanted.get(*n)).collect();
    names.sort();
    names.dedup();
    let show = |tree: &BTreeMap<String, String>, name: &String| {
        tree.get(name).map_or("nothing".into(), |content| content.chars().take(2000).collect::<String>())
    };
    let lines =
        names.iter().map(|n| format!("\n{n}:\n  found  {}\n  wanted {}", show(found, n), show(wanted, n)));
    let lines: String = lines.collect();
    assert!(names.is_empty(), "{when}: not the same:{lines}");
}

fn without_moments(json: &mut Value) {
    match json {
        Value::String(text) if text.parse::<Timestamp>().is_ok() => *text = "a moment".to_owned(),
        Value::Array(items) => items.iter_mut().for_each(without_moments),
        Value::Object(members) => {
            // Two signatures of one key under one statement differ.
            members.remove("signatures");
            members.values_mut().for_each(without_moments);
        }
        _ => {}
    }
}

/// Another folder with the same files: links serve where nothing is ever changed in place.
pub(crate) fn link(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { link(&path, &target) } else { fs::hard_link(&path, &target).unwrap() }
    }
}

fn walk(root: &Path, folder: &Path, seen: &mut dyn FnMut(String, &Path)) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        seen(path.strip_prefix(root).unwrap().display().to_string(), &path);
        if path.symlink_metadata().unwrap().is_dir() {
            walk(root, &path, seen);
        }
    }
}
