//! Sources as a scanner sees them: a copy of the files, made for this run.
//!
//! A scanner that runs in somebody's checkout takes its orders from it: ignore files, configurations, baselines. So it
//! gets the files alone. Whether they are what a commit has is known before and after, and only then is there evidence.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, bail};
use git::{Checkout, Commit};
use model::Subject;
use process::Processes;
use runner::{Context, Result};

use crate::inputs::Common;
use crate::program::folder_of;

/// What the scanners would take their orders from, in the first folder.
const ORDERS: [&str; 5] =
    [".gitleaks.toml", ".gitleaksignore", ".semgrepignore", ".checkov.yaml", ".checkov.yml"];
/// Where Hallmark itself leaves files.
const OWN: &str = ".hallmark";

/// Which files are to be scanned.
#[derive(Debug, Clone)]
pub struct Asked {
    /// A folder of a checkout, or any other.
    pub path: PathBuf,
    /// What is left out: files and folders, relative to the repository's root.
    pub exclude: Vec<String>,
    /// Only these files, relative to `path`; all of them, if none is named.
    pub only: Vec<String>,
}

/// Files that were copied for a scan.
#[derive(Debug)]
pub struct Source {
    /// The copy: the folder that the scanner runs in.
    pub folder: PathBuf,
    /// How many files there are.
    pub files: usize,
    /// The repository that they are of.
    pub checkout: Option<Checkout>,
    commit: Option<Commit>,
    /// Why the copy is not what the commit has.
    differs: Option<String>,
    wanted: Asked,
}

impl Source {
    /// Copies the files into the folder that a program with this scratch folder runs in.
    ///
    /// # Errors
    /// There is no such folder, something named is not there, or a file cannot be read.
    pub async fn copy(
        ctx: &mut Context,
        processes: &dyn Processes,
        wanted: &Asked,
        common: &Common,
        scratch: &Path,
    ) -> Result<Self> {
        let path = &wanted.path;
        if !path.is_dir() {
            bail!("input `path`: there is no folder {}", path.display());
        }
        let path = path.canonicalize()?;
        let folder = folder_of(scratch);
        fs::create_dir_all(&folder)?;
        let checkout = Checkout::of(ctx, processes, &path).await;
        let root = checkout.as_ref().map_or(path.as_path(), |checkout| checkout.root.as_path());
        let own = own_folders(ctx, common, root);
        let mut source = Self {
            folder,
            files: 0,
            commit: None,
            differs: Some("the files are of no git repository".into()),
            wanted: Asked { path: path.clone(), ..wanted.clone() },
            checkout: checkout.clone(),
        };
        let listed = match &checkout {
            Some(checkout) => {
                let files = checkout.files(ctx, processes, &path).await;
                let mut files =
                    files.with_context(|| format!("git does not list the files of {}", path.display()))?;
                files.untracked.retain(|file| !own.iter().any(|own| file.starts_with(own)));
                source.commit = git::of(ctx, processes, &path).await;
                source.differs = source.difference(&files, &path, root);
                files.tracked.into_iter().chain(files.untracked).collect()
            }
            None => walk(root, &own)?,
        };
        for file in source.chosen(listed, root)? {
            source.take(root, &file)?;
        }
        ctx.info(&format!("{} files of {}", source.files, path.display()));
        Ok(source)
    }

    fn difference(&self, files: &git::Files, path: &Path, root: &Path) -> Option<String> {
        let named = |what: &str, all: &[PathBuf]| {
            let first: Vec<_> = all.iter().take(3).map(|path| path.display().to_string()).collect();
            (!all.is_empty()).then(|| format!("{} files are {what}, such as {}", all.len(), first.join(", ")))
        };
        if self.commit.is_none() {
            return Some("there is no commit yet".into());
        }
        if root.canonicalize().ok().as_deref() != Some(path) {
            return Some("`path` is a part of the repository".into());
        }
        if !self.wanted.only.is_empty() || !self.wanted.exclude.is_empty() {
            return Some("`files` or `exclude` leave some of them out".into());
        }
        named("changed", &files.changed).or_else(|| named("in no commit", &files.untracked))
    }

    /// The files that are asked for.
    fn chosen(&self, listed: Vec<PathBuf>, root: &Path) -> Result<BTreeSet<PathBuf>> {
        let mut chosen: BTreeSet<PathBuf> = listed.into_iter().collect();
        for exclude in &self.wanted.exclude {
            let exclude = plain(exclude).with_context(|| format!("input `exclude` has `{exclude}`"))?;
            let before = chosen.len();
            chosen.retain(|file| !file.starts_with(&exclude));
            if chosen.len() == before {
                bail!("input `exclude` has `{}`, and no file is there", exclude.display());
            }
        }
        if self.wanted.only.is_empty() {
            return Ok(chosen);
        }
        let below = self.wanted.path.strip_prefix(root.canonicalize()?).unwrap_or(Path::new(""));
        let mut only = BTreeSet::new();
        for name in &self.wanted.only {
            let file = below.join(plain(name).with_context(|| format!("input `files` has `{name}`"))?);
            if !root.join(&file).symlink_metadata().is_ok_and(|metadata| !metadata.is_dir()) {
                bail!("input `files` has `{name}`: there is no such file");
            }
            only.insert(file);
        }
        Ok(only)
    }

    /// Copies one file. What is no plain file has no content of its own: links, submodules, what was deleted.
    fn take(&mut self, root: &Path, file: &Path) -> Result<()> {
        if ORDERS.iter().any(|orders| file == Path::new(orders)) {
            return Ok(());
        }
        let from = root.join(file);
        if !from.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
            return Ok(());
        }
        let to = self.folder.join(file);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(&from, &to).with_context(|| format!("{} cannot be copied", from.display()))?;
        self.files += 1;
        Ok(())
    }

    /// What evidence may be about: the commit, if the files are what it has, and were all the time. A warning says why
    /// there is none.
    ///
    /// # Errors
    /// The commit changed meanwhile.
    pub async fn subjects(&self, ctx: &mut Context, processes: &dyn Processes) -> Result<Vec<Subject>> {
        let commit = match (&self.commit, &self.differs) {
            (Some(commit), None) => commit,
            (_, why) => {
                let why = why.as_deref().unwrap_or("there is no commit");
                ctx.warning(format!("There will be no evidence, because it would be about a commit: {why}"));
                return Ok(Vec::new());
            }
        };
        let now = git::of(ctx, processes, &self.wanted.path).await;
        if now.as_ref().map(|now| &now.id) != Some(&commit.id) {
            bail!("the commit was {}, and is another now: scan again", commit.id);
        }
        Ok(vec![Subject {
            name: Some(commit.repository.clone().unwrap_or_else(|| "workspace".into())),
            digest: [(git::GIT_COMMIT.to_owned(), commit.id.clone())].into(),
            ..Subject::default()
        }])
    }
}

/// Where this run's own files go, relative to the root.
fn own_folders(ctx: &Context, common: &Common, root: &Path) -> Vec<PathBuf> {
    let evidence = ctx.cwd().join(&common.evidence);
    let relative = |path: &Path| path.strip_prefix(root).ok().map(Path::to_owned);
    [Some(PathBuf::from(OWN)), relative(&evidence)]
        .into_iter()
        .flatten()
        .filter(|own| own != Path::new(""))
        .collect()
}

/// A relative path that leads nowhere else.
fn plain(name: &str) -> Result<PathBuf> {
    let mut path = PathBuf::new();
    for component in Path::new(name).components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            _ => bail!("a path below the repository is wanted"),
        }
    }
    if path.as_os_str().is_empty() {
        bail!("a path below the repository is wanted");
    }
    Ok(path)
}

/// Every file of a folder that is no checkout, relative to it.
fn walk(root: &Path, own: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(folder) = folders.pop() {
        let place = root.join(&folder);
        for entry in fs::read_dir(&place).with_context(|| format!("{} cannot be read", place.display()))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if own.contains(&path) || path == Path::new(".git") {
                continue;
            }
            if entry.file_type()?.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        for (name, wanted) in [
            ("a/b", Some("a/b")),
            ("./a", Some("a")),
            ("a/../b", None),
            ("/a", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(plain(name).ok().as_deref(), wanted.map(Path::new), "{name}");
        }
    }

    #[test]
    fn a_folder_is_walked_without_git_and_what_is_our_own() {
        let root = tempfile::tempdir().unwrap();
        for file in [".git/config", ".hallmark/evidence/a", "b/.hallmark/c", "d"] {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let mut found = walk(root.path(), &[PathBuf::from(OWN)]).unwrap();
        found.sort();
        assert_eq!(found, ["b/.hallmark/c", "d"].map(PathBuf::from));
    }
}
