//! The files that the workflows name: whether they are there, and what they have to be.

use std::collections::BTreeSet;

use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Place, count, named};
use crate::doctor::policies;
use crate::doctor::project::{Named, Project};
use policy::yaml::{self, Node};

/// Whether they are there.
pub(super) fn exist(facts: &Facts) -> Vec<Finding> {
    let project = &facts.project;
    let mut found = Vec::new();
    let mut good = BTreeSet::new();
    for file in project.named() {
        if file.input == "policy" && policies::ships(&file.path) {
            continue;
        }
        match lacking(project, &file) {
            None => {
                good.insert(file.path);
            }
            Some(_) if is_made_before(&file) => {
                let what = format!(
                    "{} is not in the repository: a step before this one has to make it",
                    named(&file.path)
                );
                found.push(Finding::note(what, "").at(&file.at));
            }
            Some(what) => {
                let mend = match (file.input, file.is_default) {
                    (input, true) => format!("write it, or set `{input}:` under `with:`"),
                    (_, false) => {
                        "write it, or name another; `hallmark init` writes files to begin with".to_owned()
                    }
                };
                found.push(Finding::problem(what, mend).at(&file.at));
            }
        }
    }
    if found.is_empty() && !good.is_empty() {
        found.push(Finding::ok(format!("{} there", count(good.len(), "file"))));
    }
    found
}

/// What is wrong with a file by name and kind alone.
fn lacking(project: &Project, file: &Named<'_>) -> Option<String> {
    let path = project.root.join(&file.path);
    let shown = named(&file.path);
    if !path.exists() {
        return Some(format!("input `{}` names {shown}, which is not there", file.input));
    }
    let holds = |wanted: &dyn Fn(&str) -> bool| {
        let entries =
            std::fs::read_dir(&path).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
        entries.iter().any(|entry| wanted(&entry.file_name().to_string_lossy()))
    };
    match file.input {
        "template" if path.is_dir() => {
            let template = |name: &str| name.ends_with(".pkr.hcl") || name.ends_with(".pkr.json");
            (!holds(&template)).then(|| format!("{shown} holds no .pkr.hcl or .pkr.json file"))
        }
        "specs" if path.is_dir() => {
            let mode = file.step.literal("mode").unwrap_or("booted");
            let spec = |name: &str| name == "goss.yaml" || name == format!("{mode}.yaml");
            (!holds(&spec))
                .then(|| format!("{shown} holds no specification: neither goss.yaml nor {mode}.yaml"))
        }
        "template" | "specs" | "sources" => None,
        "policy" | "exceptions" | "manifest" => {
            let why = project.text(&file.path).err()?;
            Some(format!("input `{}` names {shown}, which {why}", file.input))
        }
        input => path.is_dir().then(|| format!("input `{input}` names {shown}, which is a folder")),
    }
}

/// Whether a step of the job, before this one, could bring the file: a script that names it, an artifact
/// or another repository that is put there.
fn is_made_before(file: &Named<'_>) -> bool {
    let before = file.job.steps.iter().take_while(|step| !std::ptr::eq(*step, file.step));
    let mut before = before.peekable();
    before.any(|step| {
        let scripted = step.run.as_ref().is_some_and(|(run, _)| run.contains(&file.path));
        let folder = step.value("path").unwrap_or("").trim_start_matches("./").trim_end_matches('/');
        let below = folder.is_empty()
            || folder == "."
            || file.path == folder
            || file.path.starts_with(&format!("{folder}/"));
        // A tag, say: what lies here is not what will lie there.
        let other_ref = step.value("ref").is_some_and(|reference| !reference.contains("default_branch"));
        let brought = step.is_others("actions/download-artifact")
            || step.is_others("actions/cache")
            || (step.is_others("actions/checkout")
                && (other_ref || step.value("repository").is_some() || !folder.is_empty()));
        scripted || (brought && below)
    })
}

/// Whether each `signatures.yml` can be read, and its keys are there. What it lists may come later: from
/// a download, say.
pub(super) fn signatures(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut good = 0;
    for file in facts.project.named_by("manifest") {
        let Ok(text) = facts.project.text(&file.path) else { continue };
        let before = found.len();
        manifest(&file.path, &text, &mut found);
        good += usize::from(found.len() == before);
    }
    if found.is_empty() && good > 0 {
        found.push(Finding::ok(format!("{} read", count(good, "manifest"))));
    }
    found
}

fn manifest(file: &str, text: &str, found: &mut Vec<Finding>) {
    let place = |node: &Node| Place::new(file, node.at);
    let root = match yaml::parse(text) {
        Ok(root) => root,
        Err(broken) => {
            let at = Place::new(file, broken.at);
            found.push(Finding::problem(format!("it is no YAML: {}", broken.what), "mend it here").at(&at));
            return;
        }
    };
    if root.get("version").and_then(Node::text).as_deref() != Some("1") {
        found.push(Finding::problem("its `version` is not 1", "write `version: 1`").at(&place(&root)));
    }
    let files = root.get("files").map_or(&[][..], Node::items);
    if files.is_empty() {
        let mend = "list the files that have to be signed, or take the step out";
        found.push(
            Finding::problem("it lists no files, and a step that verifies nothing is refused", mend)
                .at(&place(&root)),
        );
    }
    let keys: BTreeSet<String> =
        root.get("keys").map_or(&[][..], Node::entries).iter().filter_map(|(name, _)| name.text()).collect();
    for entry in files {
        let names = entry.get("key").or_else(|| entry.get("keys"));
        for key in names.map_or(&[][..], Node::items) {
            let Some(name) = key.text().filter(|name| !keys.contains(name)) else { continue };
            let what = format!("there is no key {}", named(&name));
            found.push(Finding::problem(what, "name one of `keys`, or add it there").at(&place(key)));
        }
    }
}
