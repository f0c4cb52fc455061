//! Whether a directory can be read as a whole: scanners pass over what they may not open, and say nothing.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What scanners leave alone at the root, because it is no part of the files on a disk.
const NOT_FILES: [&str; 3] = ["proc", "sys", "dev"];

/// The first folder or file below `root` that cannot be opened. Links are not followed.
#[must_use]
pub fn first_unreadable(root: &Path) -> Option<PathBuf> {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound && folder != root => continue,
            Err(_) => return Some(folder),
        };
        for entry in entries {
            let Ok(entry) = entry else { return Some(folder) };
            let path = entry.path();
            let Ok(kind) = entry.file_type() else { return Some(path) };
            if kind.is_dir() {
                if folder != root || !NOT_FILES.iter().any(|name| entry.file_name() == *name) {
                    folders.push(path);
                }
            } else if kind.is_file()
                && File::open(&path).is_err_and(|error| error.kind() != ErrorKind::NotFound)
            {
                return Some(path);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_tree_is_readable_and_a_root_that_is_none_is_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        let file = folder.path().join("a/b/c");
        fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink("/nowhere", folder.path().join("a/link")).unwrap();
        assert_eq!(first_unreadable(folder.path()), None);
        assert_eq!(first_unreadable(&file), Some(file.clone()));
        let missing = folder.path().join("missing");
        assert_eq!(first_unreadable(&missing), Some(missing.clone()));
    }
}
