//! Real ext4 file systems, some of them changed by hand into what no kernel would write.

use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::process::Command;

use super::*;

/// Runs a tool of e2fsprogs, which every Debian and Ubuntu has.
#[expect(clippy::disallowed_methods, reason = "the test makes its file systems with the real tools")]
fn tool(name: &str, arguments: &[&OsStr]) {
    let path = "/usr/sbin:/sbin:/usr/bin:/bin";
    let ran = Command::new(name).args(arguments).env("PATH", path).output();
    let ran = ran.unwrap_or_else(|error| panic!("{name} (e2fsprogs) is needed, see `make test`: {error}"));
    assert!(ran.status.success(), "{name}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// A file system with these files, as a file; without checksums, so that it can be changed by hand.
fn made(folder: &Path, tree: &Path) -> PathBuf {
    let image = folder.join("disk.raw");
    File::create(&image).unwrap().set_len(8 << 20).unwrap();
    let options = ["-q", "-t", "ext4", "-O", "^metadata_csum,^dir_index,^has_journal", "-d"].map(OsStr::new);
    let paths = [tree.as_os_str(), image.as_os_str()];
    tool("mke2fs", &[&options[..], &paths[..]].concat());
    image
}

/// Gives every directory entry of that name another one, as long.
fn rename(image: &Path, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let mut bytes = fs::read(image).unwrap();
    let mut changed = 0;
    let length = [u8::try_from(from.len()).unwrap()];
    for at in 8..bytes.len() - from.len() {
        // The name's length and its kind stand before it.
        if bytes[at - 2] == length[0] && bytes[at - 1] < 8 && &bytes[at..at + from.len()] == from.as_bytes() {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            changed += 1;
        }
    }
    assert_eq!(changed, 1, "{from} is there once");
    fs::write(image, bytes).unwrap();
}

fn taken(image: &Path, into: &Path, limits: Limits) -> Result<Extracted> {
    let root = crate::only(image)?;
    extract(&root, into, limits)
}

/// A tree with a `/etc`.
fn tree(folder: &Path) -> PathBuf {
    let tree = folder.join("tree");
    fs::create_dir_all(tree.join("etc")).unwrap();
    tree
}

#[test]
fn what_is_there_comes_out_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree(folder.path());
    fs::write(folder.path().join("host"), "the host's").unwrap();
    fs::create_dir_all(tree.join("usr/bin")).unwrap();
    symlink("usr/bin", tree.join("bin")).unwrap();
    symlink(folder.path().join("host"), tree.join("etc/out")).unwrap();
    fs::write(tree.join("usr/bin/run"), vec![7; 200_000]).unwrap();
    fs::set_permissions(tree.join("usr/bin/run"), fs::Permissions::from_mode(0o4755)).unwrap();
    let odd = OsStr::from_bytes(b"n\xffot\nutf8");
    fs::write(tree.join(odd), "x").unwrap();
    File::create(tree.join("hole")).unwrap().set_len(4 << 20).unwrap();
    let image = made(folder.path(), &tree);
    tool("debugfs", &["-w", "-R", "mknod pipe p", image.to_str().unwrap()].map(OsStr::new));

    let into = folder.path().join("root");
    let done = taken(&image, &into, Limits::default()).unwrap();
    assert_eq!((done.left_out, done.bytes), (1, 200_000 + 1 + (4 << 20)));
    assert_eq!(fs::read(into.join("bin/run")).unwrap(), vec![7; 200_000]);
    assert_eq!(fs::read_link(into.join("etc/out")).unwrap(), folder.path().join("host"));
    assert_eq!(fs::read(into.join(odd)).unwrap(), b"x");
    let mode = |name: &str| fs::symlink_metadata(into.join(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("usr/bin/run"), mode("hole"), mode("usr")), (0o700, 0o600, 0o700));
    let hole = fs::metadata(into.join("hole")).unwrap();
    assert_eq!(hole.len(), 4 << 20);
    assert!(hole.blocks() * 512 < 1 << 20, "a hole stays one");
    assert!(!into.join("pipe").exists());
    assert_eq!(fs::read(folder.path().join("host")).unwrap(), b"the host's");
}

#[test]
fn a_link_and_a_folder_of_one_name_write_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    for kind in ["folder", "file"] {
        let case = folder.path().join(kind);
        let tree = tree(&case);
        symlink(&outside, tree.join("alink")).unwrap();
        if kind == "folder" {
            fs::create_dir(tree.join("bfold")).unwrap();
            fs::write(tree.join("bfold/file"), "x").unwrap();
        } else {
            fs::write(tree.join("bfold"), "x").unwrap();
        }
        let image = made(&case, &tree);
        rename(&image, "bfold", "alink");
        let error = taken(&image, &case.join("root"), Limits::default()).unwrap_err();
        assert!(format!("{error:#}").contains("/alink of the image"), "{error:#}");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "{kind}");
    }
}

#[test]
fn a_name_that_is_a_path_is_refused() {
    for name in ["a/../etcx", "../../xxx", "nul\0nul\0n"] {
        let folder = tempfile::tempdir().unwrap();
        let tree = tree(folder.path());
        fs::write(tree.join("plainname"), "x").unwrap();
        let image = made(folder.path(), &tree);
        rename(&image, "plainname", name);
        taken(&image, &folder.path().join("in/root"), Limits::default()).unwrap_err();
        assert!(!folder.path().join("etcx").exists() && !folder.path().join("xxx").exists());
    }
}

#[test]
fn folders_in_a_circle_and_too_much_of_anything_end() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree(folder.path());
    fs::write(tree.join("file"), vec![1; 5000]).unwrap();
    let image = made(folder.path(), &tree);
    let limits = Limits::default();
    for (limits, says) in [
        (Limits { entries: 1, ..limits }, "more than the 1 files"),
        (Limits { bytes: 4999, ..limits }, "more than the 4999 bytes"),
        (Limits { depth: 0, ..limits }, "more than 0 folders"),
    ] {
        let into = tempfile::tempdir().unwrap();
        let error = taken(&image, &into.path().join("root"), limits).unwrap_err();
        assert!(format!("{error:#}").contains(says), "{error:#}");
    }
    tool("debugfs", &["-w", "-R", "ln <2> /etc/circle", image.to_str().unwrap()].map(OsStr::new));
    let error = taken(&image, &folder.path().join("root"), limits).unwrap_err();
    assert!(format!("{error:#}").contains("more than 128 folders within folders"), "{error:#}");
}

#[test]
fn a_folder_that_is_there_already_is_not_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let tree = tree(folder.path());
    let image = made(folder.path(), &tree);
    let into = folder.path().join("root");
    fs::create_dir(&into).unwrap();
    assert!(taken(&image, &into, Limits::default()).is_err());
    assert_eq!(fs::read_dir(&into).unwrap().count(), 0);
}

#[test]
fn a_disk_of_nothing_has_no_root() {
    let disk = tempfile::NamedTempFile::new().unwrap();
    disk.as_file().set_len(1 << 20).unwrap();
    let error = crate::only(disk.path()).unwrap_err().to_string();
    assert!(error.contains("no ext4 file system"), "{error}");
    assert!(!fs::metadata(disk.path()).unwrap().file_type().is_fifo());
}
