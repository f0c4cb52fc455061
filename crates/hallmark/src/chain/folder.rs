//! The folder of evidence: a run makes its own, and what the run before left is kept, out of the way.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use attest::{EvidenceDir, StrayReason};
use jiff::Timestamp;

/// More than anybody runs in a second.
const MOST: u32 = 1000;

/// Whether this can be the folder of evidence of a run, beside that of the base image.
pub(super) fn check(folder: &Path, base: Option<&Path>) -> Result<()> {
    let listing = EvidenceDir::new(folder).list().context("input `evidence`")?;
    if let Some(stray) = listing.strays.iter().find(|stray| stray.reason != StrayReason::Partial) {
        bail!(
            "input `evidence`: {} is no evidence ({}), and a folder of evidence holds nothing else: remove it, or give \
             another folder",
            stray.path.display(),
            stray.reason
        );
    }
    let Some(base) = base else { return Ok(()) };
    let found = base.canonicalize().ok().filter(|base| base.is_dir());
    let found = found.with_context(|| format!("input `base-evidence`: {} is no folder", base.display()))?;
    ensure!(
        folder.canonicalize().ok().as_ref() != Some(&found),
        "inputs `evidence` and `base-evidence` are one folder, {}: each image has a folder of its own",
        found.display()
    );
    Ok(())
}

/// Gives what lies in the folder another name, and says which. An empty folder stays.
pub(super) fn set_aside(folder: &Path, now: Timestamp) -> Result<Option<PathBuf>> {
    let is_empty = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(error).with_context(|| format!("cannot list {}", folder.display())),
    };
    if is_empty {
        return Ok(None);
    }
    let name = folder.file_name().with_context(|| format!("{} has no name", folder.display()))?;
    let stem = format!("{}.{}", name.to_string_lossy(), now.strftime("%Y%m%dT%H%M%SZ"));
    let names = (1..MOST).map(|n| if n == 1 { stem.clone() } else { format!("{stem}-{n}") });
    let aside =
        names.map(|name| folder.with_file_name(name)).find(|path| fs::symlink_metadata(path).is_err());
    let aside = aside.with_context(|| format!("there are {MOST} folders beside {}", folder.display()))?;
    fs::rename(folder, &aside)
        .with_context(|| format!("cannot set {} aside as {}", folder.display(), aside.display()))?;
    Ok(Some(aside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_is_kept_under_another_name() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("evidence");
        let now = "2026-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(set_aside(&folder, now).unwrap(), None, "not there");
        fs::create_dir(&folder).unwrap();
        assert_eq!(set_aside(&folder, now).unwrap(), None, "empty");
        for wanted in ["evidence.20260102T030405Z", "evidence.20260102T030405Z-2"] {
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("x"), wanted).unwrap();
            let aside = home.path().join(wanted);
            assert_eq!(set_aside(&folder, now).unwrap(), Some(aside.clone()));
            assert_eq!(fs::read_to_string(aside.join("x")).unwrap(), wanted);
            assert!(!folder.exists());
        }
    }

    #[test]
    fn a_folder_of_evidence_holds_nothing_else_and_is_no_other_images() {
        let home = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let folder = home.path().join(name);
            fs::create_dir_all(&folder).unwrap();
            folder
        };
        let (own, base) = (folder("own"), folder("base"));
        let statement = "provenance.0123456789ab.sigstore.json";
        for (file, base, refused) in [
            (None, None, None),
            (Some(statement), None, None),
            (Some(statement), Some(&base), None),
            (Some(".gitkeep"), None, Some(".gitkeep is no evidence")),
            (None, Some(&own), Some("are one folder")),
            (None, Some(&home.path().join("none")), Some("is no folder")),
        ] {
            let file = file.map(|name| own.join(name));
            if let Some(file) = &file {
                fs::write(file, "x").unwrap();
            }
            let found = check(&own, base.map(PathBuf::as_path)).map_err(|error| error.to_string());
            match refused {
                None => assert_eq!(found, Ok(())),
                Some(refused) => assert!(found.as_ref().is_err_and(|e| e.contains(refused)), "{found:?}"),
            }
            if let Some(file) = file {
                fs::remove_file(file).unwrap();
            }
        }
    }
}
