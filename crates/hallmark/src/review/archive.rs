//! A run's artifact as a folder: the archive is somebody else's, and is taken apart within bounds.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

/// What an assay hands over; whatever else lies there is left there.
const FOLDERS: [&str; 3] = ["evidence", "report", "replay"];

/// Bounds on an archive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Members.
    pub(super) members: usize,
    /// Bytes of one, unpacked.
    pub(super) one: u64,
    /// Bytes of all, unpacked.
    pub(super) all: u64,
    /// Folders in each other.
    pub(super) depth: usize,
}

/// A report of every scanner for a large image, ten times over.
pub(super) const USUAL: Bounds = Bounds { members: 4096, one: 256 << 20, all: 1 << 30, depth: 6 };

/// Takes the three folders out of an archive. Nothing is written over, and nothing beside `to`.
///
/// # Errors
/// It is no archive, or goes over a bound, or names something that is no plain file below it.
pub(super) fn unpack(archive: File, to: &Path, bounds: Bounds) -> Result<()> {
    let mut zip = zip::ZipArchive::new(archive).context("the artifact is no zip archive")?;
    ensure!(
        zip.len() <= bounds.members,
        "the artifact has {} members; at most {} are taken",
        zip.len(),
        bounds.members
    );
    let (mut seen, mut left, mut found) = (BTreeSet::new(), bounds.all, BTreeSet::new());
    for at in 0..zip.len() {
        let mut member = zip.by_index(at).context("the artifact is no whole zip archive")?;
        let name = member.name().context("the artifact has a member whose name is no text")?.into_owned();
        let shown = runner::escape::shortened(&runner::screen::inert(&name), 200);
        let path = path(&name, bounds).with_context(|| format!("the artifact's member `{shown}`"))?;
        ensure!(!member.is_symlink(), "the artifact's member `{shown}` is a link");
        ensure!(!member.encrypted(), "the artifact's member `{shown}` is encrypted");
        let Some(folder) = FOLDERS.iter().find(|folder| path.starts_with(folder)) else { continue };
        found.insert(*folder);
        if member.is_dir() {
            continue;
        }
        ensure!(seen.insert(path.clone()), "the artifact has two members `{shown}`");
        let most = bounds.one.min(left);
        let file = to.join(&path);
        fs::create_dir_all(file.parent().unwrap_or(to))?;
        let mut out = File::create_new(&file).with_context(|| format!("the artifact's member `{shown}`"))?;
        // What a member says of its length is its own word.
        let copied = io::copy(&mut member.by_ref().take(most + 1), &mut out)
            .with_context(|| format!("the artifact's member `{shown}` cannot be read"))?;
        if copied > most {
            bail!("the artifact's member `{shown}` is larger than the {most} bytes that there is room for");
        }
        left -= copied;
    }
    for folder in FOLDERS {
        ensure!(
            found.contains(folder),
            "the artifact has no folder `{folder}`: it is not what an assay hands over"
        );
    }
    Ok(())
}

/// A member's place, which is below the folder whatever it is called.
fn path(name: &str, bounds: Bounds) -> Result<PathBuf> {
    ensure!(!name.contains(['\\', '\0', ':']), "its name is none of a plain file");
    let path = Path::new(name);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    ensure!(plain && !name.starts_with('/'), "its name leads out of the artifact");
    ensure!(path.components().count() <= bounds.depth, "it lies in more than {} folders", bounds.depth);
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::SimpleFileOptions;

    use super::*;

    const SMALL: Bounds = Bounds { members: 8, one: 1000, all: 1500, depth: 3 };

    fn archive(members: &[(&str, usize)], link: Option<&str>) -> File {
        let mut zip = zip::ZipWriter::new(tempfile::tempfile().unwrap());
        for (name, size) in members {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(&vec![b'x'; *size]).unwrap();
        }
        if let Some(name) = link {
            zip.add_symlink(name, "/etc/passwd", SimpleFileOptions::default()).unwrap();
        }
        zip.finish().unwrap()
    }

    #[test]
    fn only_plain_files_within_bounds_are_taken() {
        let whole = [("evidence/a", 1), ("report/a", 1), ("replay/sha256/a", 1)];
        let with = |more: &[(&'static str, usize)]| [&whole[..], more].concat();
        for (members, link, part) in [
            (with(&[]), None, ""),
            (with(&[("notes.txt", 1), ("else/where", 999_999)]), None, ""),
            (with(&[("evidence/b", 1000)]), None, ""),
            (with(&[("evidence/b", 1001)]), None, "`evidence/b` is larger than the 1000 bytes"),
            (
                with(&[("evidence/b", 900), ("evidence/c", 900)]),
                None,
                "`evidence/c` is larger than the 597 bytes",
            ),
            (with(&[("../x", 1)]), None, "leads out"),
            (with(&[("evidence/../../x", 1)]), None, "leads out"),
            (with(&[("/etc/x", 1)]), None, "leads out"),
            (with(&[("evidence\\x", 1)]), None, "none of a plain file"),
            (with(&[("evidence/a/b/c", 1)]), None, "more than 3 folders"),
            (with(&[]), Some("evidence/l"), "is a link"),
            (with(&[("1", 1), ("2", 1), ("3", 1), ("4", 1), ("5", 1), ("6", 1)]), None, "9 members"),
            (vec![("evidence/a", 1), ("report/a", 1)], None, "no folder `replay`"),
            (vec![], None, "no folder `evidence`"),
        ] {
            let to = tempfile::tempdir().unwrap();
            let done = unpack(archive(&members, link), to.path(), SMALL);
            match done {
                Ok(()) => {
                    assert_eq!(part, "", "{members:?}");
                    assert!(to.path().join("replay/sha256/a").is_file() && !to.path().join("else").exists());
                }
                Err(error) => {
                    let why = format!("{error:#}");
                    assert!(!part.is_empty() && why.contains(part), "{members:?}: {why}");
                }
            }
        }
        let none = tempfile::tempfile().unwrap();
        let why = unpack(none, tempfile::tempdir().unwrap().path(), SMALL).unwrap_err();
        assert!(format!("{why:#}").contains("no zip archive"), "{why:#}");
    }
}
