//! What a bake is about to put into the output folder, written down before the first of it is there: of a
//! bake that is killed before its record stands, none of it stays.

use crate::record::{self, MANIFEST, PROVENANCE, Record, SIGNED};
use anyhow::{Context as _, Result};
use std::{
    fs, io,
    path::{Component, Path},
};

/// The list: one file a line, relative to the output folder.
const FILE: &str = ".keeping";

/// Longer lists were not written by us.
const LONGEST: u64 = 1 << 20;

/// Writes down the files of the images: how many disks go into which folder (empty for the output folder).
pub(crate) fn begin<'a>(output: &Path, images: impl Iterator<Item = (&'a str, usize)>) -> Result<()> {
    let mut lines = vec![record::unfinished(Path::new(record::FILE)).display().to_string()];
    for (folder, disks) in images {
        let mut add = |name: &str| lines.push(Path::new(folder).join(name).display().to_string());
        (0..disks).for_each(|index| add(&disk(index)));
        for name in [MANIFEST, PROVENANCE, SIGNED] {
            add(name);
            add(&record::unfinished(Path::new(name)).display().to_string());
        }
    }
    record::write_whole(&output.join(FILE), lines.join("\n").as_bytes())
}

/// The file of the first, second … disk of an image.
pub(crate) fn disk(index: usize) -> String {
    if index == 0 { "disk.raw".to_owned() } else { format!("disk{}.raw", index + 1) }
}

/// The record stands: what was put there stays.
pub(crate) fn end(output: &Path) -> Result<()> {
    record::remove(&output.join(FILE))
}

/// After a bake that was killed: removes what it put there, unless its record stands.
pub(crate) fn undo(output: &Path) -> Result<()> {
    let list = output.join(FILE);
    record::remove(&record::unfinished(&list))?;
    let lines = match fs::symlink_metadata(&list) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Ok(found) if found.is_file() && found.len() <= LONGEST => fs::read_to_string(&list),
        other => other.and(Ok(String::new())),
    };
    let lines = lines.with_context(|| format!("cannot read {}", list.display()))?;
    if !matches!(Record::read(output), Ok(Some(_))) {
        for line in lines.lines() {
            remove(output, Path::new(line))?;
        }
    }
    record::remove(&list)
}

/// Removes a file of the output folder, or of a folder in it, and that folder when it is empty.
fn remove(output: &Path, file: &Path) -> Result<()> {
    // A template can write here too: no name leads elsewhere.
    if !file.components().all(|part| matches!(part, Component::Normal(_))) {
        return Ok(());
    }
    let path = output.join(file);
    let folder = path.parent().unwrap_or(output);
    let is_ours = folder == output || folder.parent() == Some(output);
    if !is_ours || !fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir()) || path.is_dir() {
        return Ok(());
    }
    record::remove(&path)?;
    if folder != output {
        // Whatever else is in it was not ours.
        fs::remove_dir(folder).ok();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn without_a_record_all_of_it_goes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path();
        undo(output).unwrap();
        begin(output, [("", 2), ("two", 1)].into_iter()).unwrap();
        fs::create_dir(output.join("two")).unwrap();
        let ours = [
            "disk.raw",
            "disk2.raw",
            "image.json",
            "image.json.tmp",
            "provenance.json",
            "bake.json.tmp",
            "provenance.json.tmp",
            "provenance.sigstore.json",
            "provenance.sigstore.json.tmp",
            "two/disk.raw",
            "two/image.json",
            ".keeping.json.tmp",
        ];
        for name in ours.into_iter().chain(["disk3.raw", "notes.txt", ".lock"]) {
            fs::write(output.join(name), "").unwrap();
        }
        undo(output).unwrap();
        assert_eq!(names(output), [".lock", "disk3.raw", "notes.txt"]);
    }

    #[test]
    fn with_a_record_it_stays() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path();
        begin(output, [("", 1)].into_iter()).unwrap();
        fs::write(output.join("disk.raw"), "").unwrap();
        Record::new(crate::bake_id::Ingredients::default(), vec![], vec![]).unwrap().write(output).unwrap();
        undo(output).unwrap();
        assert_eq!(names(output), ["bake.json", "disk.raw"]);
        begin(output, [("", 1)].into_iter()).unwrap();
        end(output).unwrap();
        assert_eq!(names(output), ["bake.json", "disk.raw"]);
    }

    #[test]
    fn a_list_that_leads_elsewhere_removes_nothing_there() {
        let folder = tempfile::tempdir().unwrap();
        let (output, elsewhere) = (folder.path().join("output"), folder.path().join("elsewhere"));
        for path in [&output, &elsewhere, &output.join("a"), &output.join("a/b")] {
            fs::create_dir(path).unwrap();
        }
        let kept = [elsewhere.join("file"), output.join("a/b/file")];
        for path in &kept {
            fs::write(path, "").unwrap();
        }
        std::os::unix::fs::symlink(&elsewhere, output.join("link")).unwrap();
        let absolute = kept[0].display().to_string();
        let lines = [
            "../elsewhere/file",
            "a/../../elsewhere/file",
            "link/file",
            "a/b/file",
            &absolute,
            "",
            "a",
            "link",
        ];
        fs::write(output.join(FILE), lines.join("\n")).unwrap();
        undo(&output).unwrap();
        assert!(kept.iter().all(|path| path.is_file()) && !output.join(FILE).exists());
        // A link in the list's place is removed, not read.
        std::os::unix::fs::symlink(&kept[0], output.join(FILE)).unwrap();
        undo(&output).unwrap();
        assert!(kept[0].is_file() && fs::symlink_metadata(output.join(FILE)).is_err());
    }
}
