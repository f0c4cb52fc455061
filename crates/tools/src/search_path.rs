//! Programs on PATH.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Every executable of this name on PATH, in its order. Relative folders are left out: what they name
/// depends on where one stands.
pub(crate) fn find(path: Option<&OsStr>, name: &str) -> Vec<PathBuf> {
    let Some(path) = path else { return Vec::new() };
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .filter(|file| file.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_executable_files_in_absolute_folders() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, mode: u32| {
            let path = folder.path().join(name).join("tool");
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "x").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        };
        let (first, second) = (make("first", 0o755), make("second", 0o755));
        make("plain", 0o644);
        fs::create_dir_all(folder.path().join("folder/tool")).unwrap();
        let path = ["", "first", "plain", "folder", "absent", "second"].map(|part| match part {
            "" => String::from("relative"),
            part => folder.path().join(part).display().to_string(),
        });
        assert_eq!(find(Some(OsStr::new(&path.join(":"))), "tool"), [first, second]);
        assert!(find(Some(OsStr::new("")), "tool").is_empty());
        assert!(find(None, "tool").is_empty());
    }
}
