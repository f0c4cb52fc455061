//! The rules: copied before they are used, so that what is recorded is what was gone by.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use model::Sha256;
use runner::{Context, Result};
use scan::read_at_most;

/// More than any file of rules has.
const MAX: u64 = 16 << 20;

/// Rules in the scratch folder.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The files.
    pub(crate) files: Vec<PathBuf>,
    /// Each by its name and digest.
    pub(crate) given: Vec<(String, Sha256)>,
}

/// Copies the files that input `rules` names.
pub(crate) fn copy(ctx: &Context, scratch: &Path) -> Result<Rules> {
    let folder = scratch.join("rules");
    fs::create_dir_all(&folder)?;
    let mut rules = Rules { files: Vec::new(), given: Vec::new() };
    for name in ctx.list("rules")? {
        let path = ctx.cwd().join(&name);
        let Ok(metadata) = fs::metadata(&path) else {
            bail!(
                "input `rules` has `{name}`, and there is no such file or folder. Rules of Semgrep's registry are not \
                 fetched: bring the files along"
            );
        };
        let found = if metadata.is_dir() { below(&path)? } else { vec![path] };
        if found.is_empty() {
            bail!("input `rules` has `{name}`, and no .yml or .yaml is in it");
        }
        for file in found {
            let bytes = read_at_most(&file, MAX).context("input `rules`")?;
            let shown = file.strip_prefix(ctx.cwd()).unwrap_or(&file).to_string_lossy().into_owned();
            rules.given.push((shown, Sha256::of(&bytes)));
            // Numbered, because two folders may have a file of one name.
            let copy = folder.join(format!("{}.yml", rules.files.len()));
            fs::write(&copy, bytes)?;
            rules.files.push(copy);
        }
    }
    if rules.files.is_empty() {
        bail!("input `rules` names none: there is nothing to go by");
    }
    Ok(rules)
}

/// The files of rules below a folder, in order. Links are followed to files only.
fn below(root: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "yml" || end == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
