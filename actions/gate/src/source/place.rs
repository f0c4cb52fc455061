//! Whether a path leads into the checkout.
//!
//! A link that lies in the checkout is the checkout's word, wherever it points: so the path is walked
//! part by part, and from the workspace on nothing is followed any more.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

/// As many links as Linux follows.
const MAX_LINKS: u32 = 40;

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// To this file, and on the way there through nothing that is in the checkout.
    Outside(PathBuf),
    /// Into the checkout: the path from its root, with `/` between the parts.
    Checkout(String),
}

/// Walks an absolute path.
pub(crate) fn of(path: &Path, workspace: &Path) -> Result<Place> {
    let workspace = workspace
        .canonicalize()
        .with_context(|| format!("cannot look at GITHUB_WORKSPACE, {}", workspace.display()))?;
    let mut ahead = parts(path);
    let mut at = PathBuf::from("/");
    let mut links = 0;
    let mut entered = false;
    while let Some(part) = ahead.pop_front() {
        if part == ".." {
            at.pop();
            ensure!(
                !entered || at.starts_with(&workspace),
                "{} goes into the checkout and out again: write the path that it leads to",
                path.display()
            );
            continue;
        }
        at.push(&part);
        if at != workspace && at.starts_with(&workspace) {
            entered = true;
        } else if let Ok(target) = fs::read_link(&at) {
            links += 1;
            ensure!(links <= MAX_LINKS, "{} leads through more than {MAX_LINKS} links", path.display());
            at.pop();
            if target.is_absolute() {
                at = PathBuf::from("/");
            }
            let mut through = parts(&target);
            through.append(&mut ahead);
            ahead = through;
        }
    }
    let Ok(inside) = at.strip_prefix(&workspace) else { return Ok(Place::Outside(at)) };
    let inside = inside.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?;
    Ok(Place::Checkout(inside.to_owned()))
}

/// The parts of a path that mean something; the root is where a walk begins.
fn parts(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| part.as_os_str().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn where_a_path_leads() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let at = |name: &str| root.join(name);
        for name in ["ws/hallmark/deep", "actions", "elsewhere"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        symlink(at("ws"), at("to-ws")).unwrap();
        symlink("ws/hallmark", at("to-hallmark")).unwrap();
        symlink(at("actions"), at("to-actions")).unwrap();
        symlink(at("actions"), at("ws/out")).unwrap();
        symlink(at("actions/p.yml"), at("ws/p.yml")).unwrap();
        symlink(at("ws/out"), at("via")).unwrap();
        symlink(at("loop"), at("loop")).unwrap();

        let checkout = |path: &str| Ok(Place::Checkout(path.to_owned()));
        let outside = |path: &str| Ok(Place::Outside(at(path)));
        for (path, expected) in [
            ("ws/hallmark/policy.yml", checkout("hallmark/policy.yml")),
            ("ws/./hallmark//policy.yml", checkout("hallmark/policy.yml")),
            ("ws/hallmark/deep/../policy.yml", checkout("hallmark/policy.yml")),
            ("ws/not/there.yml", checkout("not/there.yml")),
            ("actions/policy.yml", outside("actions/policy.yml")),
            ("ws/../actions/policy.yml", outside("actions/policy.yml")),
            ("actions/../ws/policy.yml", checkout("policy.yml")),
            ("wsx/policy.yml", outside("wsx/policy.yml")),
            // Links of the machine are followed, into the checkout and elsewhere.
            ("to-ws/policy.yml", checkout("policy.yml")),
            ("to-hallmark/policy.yml", checkout("hallmark/policy.yml")),
            ("to-actions/policy.yml", outside("actions/policy.yml")),
            // Links of the checkout are not: they stay what they are called.
            ("ws/out/policy.yml", checkout("out/policy.yml")),
            ("ws/p.yml", checkout("p.yml")),
            ("via/policy.yml", checkout("out/policy.yml")),
            ("ws/hallmark/../../actions/policy.yml", Err("into the checkout and out again")),
            ("ws/out/../../elsewhere/x", Err("into the checkout and out again")),
            ("loop/policy.yml", Err("more than 40 links")),
        ] {
            for workspace in ["ws", "to-ws"] {
                match (of(&at(path), &at(workspace)), &expected) {
                    (Ok(found), Ok(expected)) => assert_eq!(&found, expected, "{path}"),
                    (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{path}: {error}"),
                    (found, _) => panic!("{path}: {found:?} instead of {expected:?}"),
                }
            }
        }
        assert!(of(&at("actions/policy.yml"), &at("no-ws")).is_err());
    }
}
