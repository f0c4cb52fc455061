//! The repository as it lies here: its workflows, and the files that they name.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::finding::{Finding, Place, named};
use super::workflow::{Job, Step, Workflow};
use crate::words::is_expression;

/// More than any workflow, policy or template file has.
const LONGEST: u64 = 1 << 20;

/// More workflows than anybody keeps.
const MOST: usize = 300;

/// The repository.
pub(super) struct Project {
    pub(super) root: PathBuf,
    pub(super) workflows: Vec<Workflow>,
    /// What is wrong with workflow files as such.
    pub(super) broken: Vec<Finding>,
}

impl Project {
    /// Reads every workflow and composite action.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let root = root
            .canonicalize()
            .with_context(|| format!("input `directory`: {} cannot be opened", root.display()))?;
        if !root.is_dir() {
            bail!("input `directory`: {} is no folder", root.display());
        }
        let mut project = Self { root, workflows: Vec::new(), broken: Vec::new() };
        for (path, composite) in project.files()? {
            let shown = path.strip_prefix(&project.root).unwrap_or(&path).to_string_lossy().into_owned();
            match read(&path)
                .map_err(|why| unreadable(&shown, &why))
                .and_then(|text| Workflow::read(&shown, &text, composite))
            {
                Ok((workflow, findings)) => {
                    project.workflows.push(workflow);
                    project.broken.extend(findings);
                }
                Err(finding) => project.broken.push(finding),
            }
        }
        Ok(project)
    }

    fn files(&mut self) -> Result<Vec<(PathBuf, bool)>> {
        let is_yaml =
            |path: &PathBuf| path.extension().is_some_and(|ending| ending == "yml" || ending == "yaml");
        let mut files: Vec<(PathBuf, bool)> = list(&self.root.join(".github/workflows"))?
            .into_iter()
            .filter(is_yaml)
            .map(|path| (path, false))
            .collect();
        for folder in list(&self.root.join(".github/actions"))? {
            let action = ["action.yml", "action.yaml"].map(|name| folder.join(name));
            files.extend(action.into_iter().filter(|path| path.is_file()).map(|path| (path, true)));
        }
        if files.len() > MOST {
            let what = format!("there are {} workflows; the first {MOST} were looked at", files.len());
            self.broken.push(Finding::unknown(what, "").at(&Place::file(".github/workflows")));
            files.truncate(MOST);
        }
        Ok(files)
    }

    /// A file of the repository. The error is a sentence's end: "is not there".
    pub(super) fn text(&self, path: &str) -> Result<String, String> {
        read(&self.root.join(path))
    }

    /// Every path that a step of Hallmark's names and that has to be in the repository before the workflow runs.
    pub(super) fn named(&self) -> Vec<Named<'_>> {
        let mut found = Vec::new();
        for workflow in &self.workflows {
            for (job, step) in workflow.steps() {
                let Some(action) = step.action() else { continue };
                for source in SOURCES
                    .iter()
                    .filter(|source| action.inputs.iter().any(|input| input.name == source.input))
                {
                    found.extend(source.of(workflow, job, step));
                }
            }
        }
        found
    }

    /// The same, of one input, each file once.
    pub(super) fn named_by(&self, input: &str) -> Vec<Named<'_>> {
        let mut seen = BTreeSet::new();
        self.named()
            .into_iter()
            .filter(|named| named.input == input && seen.insert(named.path.clone()))
            .collect()
    }
}

/// A path that a step names.
#[derive(Debug)]
pub(super) struct Named<'a> {
    pub(super) job: &'a Job,
    pub(super) step: &'a Step,
    pub(super) input: &'static str,
    /// Of `name=path`, the name.
    pub(super) name: Option<String>,
    /// Relative to the repository.
    pub(super) path: String,
    pub(super) at: Place,
    /// Whether nobody wrote it: it is the input's default.
    pub(super) is_default: bool,
}

/// An input that names files of the repository.
struct Source {
    input: &'static str,
    form: Form,
}

enum Form {
    One,
    /// By line or comma.
    Several,
    /// `name=path`, by line.
    Pairs,
}

const SOURCES: &[Source] = &[
    Source { input: "template", form: Form::One },
    Source { input: "var-file", form: Form::Several },
    Source { input: "sources", form: Form::Several },
    Source { input: "manifest", form: Form::One },
    Source { input: "specs", form: Form::Several },
    Source { input: "vars", form: Form::One },
    Source { input: "policy", form: Form::One },
    Source { input: "exceptions", form: Form::One },
    Source { input: "signers", form: Form::Pairs },
    Source { input: "verdict-signer", form: Form::One },
    Source { input: "approval-signer", form: Form::One },
    Source { input: "release-signer", form: Form::One },
];

impl Source {
    fn of<'a>(&self, workflow: &'a Workflow, job: &'a Job, step: &'a Step) -> Vec<Named<'a>> {
        let default = || {
            let input = step.action()?.inputs.iter().find(|input| input.name == self.input)?;
            input.default.filter(|_| step.given(self.input).is_none())
        };
        let given = step.value(self.input);
        let Some(value) = given.or_else(default) else { return Vec::new() };
        let at = step.given(self.input).map_or(&step.at, |given| &given.at);
        let separators: &[char] = match self.form {
            Form::One => &[],
            Form::Several => &['\n', ','],
            Form::Pairs => &['\n'],
        };
        let items =
            value.split(separators).map(str::trim).filter(|item| !item.is_empty() && !is_expression(item));
        items
            .filter_map(|item| {
                let (name, path) = match self.form {
                    Form::Pairs => item
                        .split_once('=')
                        .map(|(name, path)| (Some(name.trim().to_owned()), path.trim()))?,
                    Form::One | Form::Several => (None, item),
                };
                let path = normal(path)?;
                let at = workflow.find(at, item);
                Some(Named { job, step, input: self.input, name, path, at, is_default: given.is_none() })
            })
            .collect()
    }
}

/// A path of the repository, spelled in one way; none of what lies elsewhere, or is made while the
/// workflow runs.
pub(super) fn normal(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => parts.push(name.to_str()?),
            Component::CurDir => {}
            Component::ParentDir => parts.pop().map(drop)?,
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    let made_later = parts.first().is_some_and(|first| *first == ".hallmark" || first.starts_with('~'));
    (!made_later).then(|| if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

/// The entries of a folder, by name; none where there is no such folder.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error)
            if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error).with_context(|| format!("{} cannot be listed", folder.display())),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>();
    let mut paths = paths.with_context(|| format!("{} cannot be listed", folder.display()))?;
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String, String> {
    let found = fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => "is not there".to_owned(),
        _ => format!("cannot be read: {error}"),
    })?;
    if found.is_dir() {
        return Err("is a folder".to_owned());
    }
    // A pipe or a device would be waited for.
    if !found.is_file() {
        return Err("is no ordinary file".to_owned());
    }
    let mut bytes = Vec::new();
    let taken = fs::File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    taken.map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > LONGEST {
        return Err(format!("is longer than the {} KiB that are read", LONGEST >> 10));
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())
}

fn unreadable(file: &str, why: &str) -> Finding {
    Finding::problem(format!("{} {why}", named(file)), "GitHub reads workflows of a moderate size, in UTF-8")
        .at(&Place::file(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_repository() {
        for (path, expected) in [
            ("packer/web", Some("packer/web")),
            ("./packer/../goss/", Some("goss")),
            (".", Some(".")),
            ("../x", None),
            ("a/../../x", None),
            ("/etc/x", None),
            ("~/x", None),
            (".hallmark/images/x/image.json", None),
            (".hallmark-keys/x", Some(".hallmark-keys/x")),
        ] {
            assert_eq!(normal(path).as_deref(), expected, "{path}");
        }
    }
}
