//! Unpacking a wheel: a zip archive, whose `*.data` folders belong elsewhere.
//! <https://packaging.python.org/en/latest/specifications/binary-distribution-format/>

use std::fs::{self, File};
use std::io::{self, Seek as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use model::Sha256;

use crate::cache::read_all;

/// More than any wheel has.
const MAX_FILES: usize = 50_000;
const MAX_BYTES: u64 = 2 << 30;

/// Unpacks a wheel that has this digest. Nothing that is there already is written over.
pub(super) fn unpack(wheel: &Path, sha256: &Sha256, site: &Path) -> Result<(), String> {
    let mut file = File::open(wheel).map_err(|error| error.to_string())?;
    let found = read_all(&mut file).map_err(|error| error.to_string())?;
    if found != *sha256 {
        return Err(format!("its SHA-256 is {found}, and the lock wants {sha256}"));
    }
    file.rewind().map_err(|error| error.to_string())?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| format!("no wheel: {error}"))?;
    if archive.len() > MAX_FILES {
        return Err(format!("it has {} files", archive.len()));
    }
    let mut bytes = 0;
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(|error| error.to_string())?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name().map_err(|error| error.to_string())?.into_owned();
        if entry.is_symlink() {
            return Err(format!("`{}` is a link", name.escape_debug()));
        }
        let Some(place) = place(&name)? else { continue };
        let path = site.join(place);
        let executable = entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
        }
        let mut out = File::create_new(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        bytes += io::copy(&mut io::Read::take(&mut entry, MAX_BYTES), &mut out)
            .map_err(|error| error.to_string())?;
        if bytes >= MAX_BYTES {
            return Err("it is larger than any wheel".to_owned());
        }
        if executable {
            out.set_permissions(fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// Where a file belongs below the folder; none for what is not imported.
fn place(name: &str) -> Result<Option<PathBuf>, String> {
    let path = Path::new(name);
    if name.contains(['\\', '\0']) || !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(format!("`{}` is no place in a folder", name.escape_debug()));
    }
    let mut parts = path.components();
    let first = parts.next().map(|part| part.as_os_str().to_string_lossy().into_owned()).unwrap_or_default();
    if !first.ends_with(".data") {
        return Ok(Some(path.to_owned()));
    }
    let kind = parts.next().map(|part| part.as_os_str().to_string_lossy().into_owned()).unwrap_or_default();
    Ok(matches!(kind.as_str(), "purelib" | "platlib").then(|| parts.as_path().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_wheel_has_goes_to_its_place_and_nowhere_else() {
        for (name, wanted) in [
            ("a/b.py", Some("a/b.py")),
            ("a-1.data/purelib/a/c", Some("a/c")),
            ("a-1.data/platlib/a.so", Some("a.so")),
            ("a-1.data/scripts/a", None),
            ("a-1.data/data/share/x", None),
        ] {
            assert_eq!(place(name).unwrap(), wanted.map(PathBuf::from), "{name}");
        }
        for name in ["/etc/passwd", "../x", "a/../../x", "a\\b", "a\0", "./a"] {
            assert!(place(name).is_err(), "{name}");
        }
    }

    fn zip_of(members: &[(&str, u32)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, mode) in members {
            let options = zip::write::SimpleFileOptions::default().unix_permissions(*mode);
            zip.start_file(*name, options).unwrap();
            io::Write::write_all(&mut zip, name.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn unpacked(bytes: &[u8], sha256: Sha256) -> (tempfile::TempDir, Result<(), String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.whl");
        fs::write(&path, bytes).unwrap();
        let site = folder.path().join("site");
        fs::create_dir(&site).unwrap();
        let result = unpack(&path, &sha256, &site);
        (folder, result)
    }

    #[test]
    fn executables_stay_executable_and_nothing_else_becomes_one() {
        let zip = zip_of(&[("a/tool", 0o755), ("a-1.data/purelib/a/m.py", 0o664), ("a/setuid", 0o4755)]);
        let (folder, result) = unpacked(&zip, Sha256::of(&zip));
        result.unwrap();
        let mode = |name: &str| {
            fs::metadata(folder.path().join("site").join(name)).unwrap().permissions().mode() & 0o7777
        };
        assert_eq!((mode("a/tool"), mode("a/setuid")), (0o755, 0o755));
        assert_eq!(mode("a/m.py") & 0o111, 0);
    }

    #[test]
    fn what_is_no_whole_wheel_or_leaves_its_folder_is_refused() {
        let good = zip_of(&[("a/b.py", 0o644)]);
        let (_, result) = unpacked(&good, Sha256::of(b"another"));
        assert!(result.unwrap_err().contains("the lock wants"));
        let mut link = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        link.add_symlink("a", "/etc/passwd", zip::write::SimpleFileOptions::default()).unwrap();
        let link = link.finish().unwrap().into_inner();
        for (bytes, wanted) in [
            (zip_of(&[("../a.py", 0o644)]), "no place in a folder"),
            (zip_of(&[("/tmp/a.py", 0o644)]), "no place in a folder"),
            (zip_of(&[("a.py", 0o644), ("a-1.data/purelib/a.py", 0o644)]), "exists"),
            (link, "is a link"),
            (good[..good.len() / 2].to_vec(), "no wheel"),
            (Vec::new(), "no wheel"),
        ] {
            let (folder, result) = unpacked(&bytes, Sha256::of(&bytes));
            let why = result.unwrap_err();
            assert!(why.contains(wanted), "{why}");
            assert!(!folder.path().join("a.py").exists());
        }
    }
}
