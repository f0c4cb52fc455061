//! The specifications: which files, by what digest, and how they lie on the machine's test disk.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use attest::predicate::ResourceDescriptor;
use model::Sha256;

use crate::includes;

const MAX_FILES: usize = 1000;
const MAX_FILE: u64 = 16 << 20;

/// One file that Goss gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spec {
    /// Where it is, for annotations.
    pub(crate) path: PathBuf,
    /// Its path on the test disk.
    staged: String,
    /// Whether Goss is told to read it; the others are read because one of these includes them.
    entry: bool,
    /// Which of the given paths it came with, from 0.
    given: usize,
    bytes: Vec<u8>,
}

/// All files that Goss gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Specs(Vec<Spec>);

impl Specs {
    /// Reads what is given, and what it includes. Of a folder, Goss is told to read `goss.yaml`, or else
    /// the file that is named as the mode.
    pub(crate) fn read(given: &[PathBuf], mode: &str) -> Result<Self> {
        let mut specs = Vec::new();
        for (number, path) in given.iter().enumerate() {
            let first = first_file(path, mode)?;
            let mut files = vec![(first.clone(), read_file(&first)?)];
            let mut next = 0;
            while let Some((path, bytes)) = files.get(next) {
                for included in includes::of(path, &String::from_utf8_lossy(bytes))? {
                    let included = normal(&included);
                    if !files.iter().any(|(known, _)| *known == included) {
                        let bytes = read_file(&included)?;
                        files.push((included, bytes));
                    }
                    if files.len() + specs.len() > MAX_FILES {
                        bail!("{} includes more than {MAX_FILES} files", first.display());
                    }
                }
                next += 1;
            }
            specs.extend(staged(number, files)?);
        }
        Ok(Self(specs))
    }

    /// The files in which a test of Goss's nth run may stand: the one it was told to read, then those
    /// that came with it. Without such a run, all.
    pub(crate) fn files_of(&self, run: usize) -> Vec<(&Path, Cow<'_, str>)> {
        let entry = self.0.iter().filter(|spec| spec.entry).nth(run);
        let belongs = |spec: &&Spec| entry.is_none_or(|entry| entry.given == spec.given);
        let files = self.0.iter().filter(belongs);
        files.map(|spec| (spec.path.as_path(), String::from_utf8_lossy(&spec.bytes))).collect()
    }

    /// That Goss was run for each of those that it is told to read, and for no other.
    pub(crate) fn check_runs(&self, runs: usize) -> Result<()> {
        let wanted = self.0.iter().filter(|spec| spec.entry).count();
        if runs != wanted {
            bail!("goss was run {runs} times in the machine, for {wanted} specifications");
        }
        Ok(())
    }

    /// What the evidence says was tested.
    pub(crate) fn descriptors(&self, workspace: &Path) -> Vec<ResourceDescriptor> {
        let name = |spec: &Spec| {
            spec.path.strip_prefix(workspace).unwrap_or(&spec.path).to_string_lossy().into_owned()
        };
        self.0.iter().map(|spec| ResourceDescriptor::file(name(spec), Sha256::of(&spec.bytes))).collect()
    }

    /// Writes them into a folder, with a list of those that Goss is told to read: `entries`.
    pub(crate) fn stage(&self, folder: &Path) -> Result<()> {
        let mut entries = String::new();
        for spec in &self.0 {
            let path = folder.join(&spec.staged);
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            fs::write(&path, &spec.bytes)?;
            if spec.entry {
                entries += &format!("{}\n", spec.staged);
            }
        }
        fs::write(folder.join("entries"), entries)?;
        Ok(())
    }
}

/// The file that Goss is told to read.
fn first_file(path: &Path, mode: &str) -> Result<PathBuf> {
    let found =
        fs::metadata(path).with_context(|| format!("there is no specification at {}", path.display()))?;
    if !found.is_dir() {
        return Ok(normal(path));
    }
    let names = ["goss.yaml".to_owned(), format!("{mode}.yaml")];
    let files = names.iter().map(|name| normal(&path.join(name)));
    files.into_iter().find(|file| file.is_file()).with_context(|| {
        format!("{} holds no specification: neither {}", path.display(), names.join(" nor "))
    })
}

/// The path without `.` and `..`, as Goss reads them: by name only.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(normal.pop()),
            part => normal.push(part),
        }
    }
    normal
}

/// The files at places where their includes find each other: below the folder they all lie in.
fn staged(number: usize, files: Vec<(PathBuf, Vec<u8>)>) -> Result<Vec<Spec>> {
    let mut root = files.first().and_then(|(path, _)| path.parent()).unwrap_or(Path::new("")).to_owned();
    while !files.iter().all(|(path, _)| path.starts_with(&root)) && root.pop() {}
    let mut specs = Vec::new();
    for (place, (path, bytes)) in files.into_iter().enumerate() {
        let mut staged = format!("specs/{number}");
        for part in path.strip_prefix(&root).unwrap_or(&path).components() {
            staged += &format!("/{}", safe_name(part.as_os_str(), &path)?);
        }
        specs.push(Spec { path, staged, entry: place == 0, given: number, bytes });
    }
    Ok(specs)
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    let found = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !found.is_file() || found.len() > MAX_FILE {
        bail!("{} is no specification: a file of at most {MAX_FILE} bytes", path.display());
    }
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// A name that means the same to us, to Goss (which takes names for patterns and templates), and to YAML.
fn safe_name<'a>(name: &'a OsStr, path: &Path) -> Result<&'a str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+@".contains(&byte);
    match name.to_str() {
        Some(name) if !name.starts_with(['-', '@']) && name.bytes().all(plain) => Ok(name),
        _ => bail!("{}: a specification's name has only letters, digits and . _ - + @", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (file, includes) in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let includes: String =
                includes.split_terminator(' ').map(|name| format!("  {name}: {{}}\n")).collect();
            fs::write(path, format!("gossfile:\n{includes}file: {{}}\n")).unwrap();
        }
        folder
    }

    fn places(specs: &Specs) -> Vec<&str> {
        specs.0.iter().map(|spec| spec.staged.as_str()).collect()
    }

    #[test]
    fn each_specification_has_its_run() {
        let folder = folder(&[("a.yaml", "b.yaml"), ("b.yaml", ""), ("c.yaml", "")]);
        let given: Vec<PathBuf> = ["a.yaml", "c.yaml"].iter().map(|file| folder.path().join(file)).collect();
        let specs = Specs::read(&given, "booted").unwrap();
        for (runs, fits) in [(0, false), (1, false), (2, true), (3, false)] {
            assert_eq!(specs.check_runs(runs).is_ok(), fits, "{runs}");
        }
    }

    #[test]
    fn a_file_comes_with_what_it_includes() {
        for (files, given, expected) in [
            (&[("a.yaml", ""), ("b.yaml", "")][..], "a.yaml", vec!["specs/0/a.yaml"]),
            (
                &[("a.yaml", "b.yaml"), ("b.yaml", "a.yaml")],
                "a.yaml",
                vec!["specs/0/a.yaml", "specs/0/b.yaml"],
            ),
            (
                &[
                    ("app/x.yaml", "../base/x.yaml y.yaml"),
                    ("app/y.yaml", ""),
                    ("base/x.yaml", "y.yaml"),
                    ("base/y.yaml", ""),
                ],
                "app/x.yaml",
                vec![
                    "specs/0/app/x.yaml",
                    "specs/0/base/x.yaml",
                    "specs/0/app/y.yaml",
                    "specs/0/base/y.yaml",
                ],
            ),
            (&[("goss.yaml", ""), ("booted.yaml", "")], ".", vec!["specs/0/goss.yaml"]),
            (
                &[("disk.yaml", ""), ("booted.yaml", "files.yaml"), ("files.yaml", "")],
                "",
                vec!["specs/0/booted.yaml", "specs/0/files.yaml"],
            ),
        ] {
            let folder = folder(files);
            let specs = Specs::read(&[folder.path().join(given)], "booted").unwrap();
            assert_eq!(places(&specs), expected, "{files:?} {given:?}");
            assert_eq!(specs.0.iter().filter(|spec| spec.entry).count(), 1);
        }
    }

    #[test]
    fn what_is_no_specification_is_refused() {
        for (files, given, part) in [
            (&[][..], "", "no specification"),
            (&[("disk.yaml", "")], "", "neither goss.yaml nor booted.yaml"),
            (&[("a.yaml", "")], "b.yaml", "there is no specification at"),
            (&[("a.yaml", "b.yaml")], "a.yaml", "includes b.yaml, which is not there"),
            (&[("a b.yaml", "")], "a b.yaml", "only letters"),
            (&[("{{.Env}}.yaml", "")], "{{.Env}}.yaml", "only letters"),
        ] {
            let folder = folder(files);
            let error = format!("{:#}", Specs::read(&[folder.path().join(given)], "booted").unwrap_err());
            assert!(error.contains(part), "{files:?} {given:?}: {error}");
        }
    }

    #[test]
    fn staged_specifications_are_listed_and_found_again() {
        let one = folder(&[("goss.yaml", "part/x.yaml"), ("part/x.yaml", ""), ("b.yaml", "")]);
        let root = one.path().to_owned();
        let specs = Specs::read(&[root.clone(), root.join("b.yaml")], "booted").unwrap();
        let stage = tempfile::tempdir().unwrap();
        specs.stage(stage.path()).unwrap();
        let entries = fs::read_to_string(stage.path().join("entries")).unwrap();
        assert_eq!(entries, "specs/0/goss.yaml\nspecs/1/b.yaml\n");
        assert!(stage.path().join("specs/0/part/x.yaml").is_file());
        let names: Vec<_> = specs.descriptors(&root).into_iter().map(|found| found.name.unwrap()).collect();
        assert_eq!(names, ["goss.yaml", "part/x.yaml", "b.yaml"]);
        for (run, expected) in [
            (0, vec!["goss.yaml", "x.yaml"]),
            (1, vec!["b.yaml"]),
            (2, vec!["goss.yaml", "x.yaml", "b.yaml"]),
        ] {
            let files = specs.files_of(run);
            let names: Vec<_> =
                files.iter().map(|(path, _)| path.file_name().unwrap().to_str().unwrap()).collect();
            assert_eq!(names, expected, "{run}");
        }
    }
}
