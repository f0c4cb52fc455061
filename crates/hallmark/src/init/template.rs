//! The repository's Packer template: where it is, and what a machine needs to run it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::programs::NAME_SPACES;
use crate::words::has_word;

/// How deep, and through how many folders and files, a template is looked for.
const DEEPEST: usize = 8;
const MOST: usize = 50_000;

/// What is read of a template's files, to see what it calls.
const MOST_FILES: usize = 500;
const LONGEST: u64 = 1 << 20;

/// Folders full of other people's files.
const NOT_HERE: &[&str] = &["node_modules", "target", "vendor", "third_party", "packer_cache"];

/// Programs that templates call, and the Debian packages that have them and what they need themselves.
/// What every Ubuntu runner has is left out.
const PROGRAMS: &[(&str, &[&str])] = &[
    ("ansible-playbook", &["ansible-core"]),
    ("debootstrap", &["debootstrap", "debian-archive-keyring"]),
    ("genisoimage", &["genisoimage"]),
    ("mcopy", &["mtools"]),
    ("mkfs.vfat", &["dosfstools"]),
    ("mmdebstrap", &["mmdebstrap", "debian-archive-keyring", "uidmap"]),
    ("qemu-img", &["qemu-utils"]),
    ("sfdisk", &["fdisk"]),
    ("setfattr", &["attr"]),
    ("virt-customize", &["libguestfs-tools"]),
    ("xorriso", &["xorriso"]),
];

/// Builders whose images are in a cloud, by the beginning of their names.
const CLOUDS: &[&str] = &["amazon-", "azure-", "googlecompute", "digitalocean", "openstack"];

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    /// Relative to the repository; `.` for its root.
    pub(super) path: String,
    /// Its name, without a template's ending.
    pub(super) name: String,
    pub(super) needs: Needs,
}

/// What a machine needs to run it, as far as its text shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Debian packages.
    pub(super) packages: BTreeSet<&'static str>,
    pub(super) name_spaces: bool,
    /// A machine of QEMU is booted.
    pub(super) qemu: bool,
    pub(super) plugins: bool,
    pub(super) base_image: bool,
    pub(super) cloud: bool,
}

impl Template {
    /// The one that is named, or the only one there is. `root` has no symbolic link in it.
    pub(super) fn find(root: &Path, named: Option<&str>) -> Result<Self> {
        let path = match named {
            Some(named) => this_one(root, named)?,
            None => the_only_one(root)?,
        };
        let whole = root.join(&path);
        let shown = match path.to_str() {
            Some("") => ".".to_owned(),
            Some(path) => path.to_owned(),
            None => bail!("the template's path {} is not UTF-8: rename it", path.display()),
        };
        let file = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = file.strip_suffix(".pkr.hcl").or_else(|| file.strip_suffix(".pkr.json")).unwrap_or(&file);
        Ok(Self { path: shown, name: name.to_owned(), needs: needs(root, &whole)? })
    }
}

fn is_template(name: &str) -> bool {
    name.ends_with(".pkr.hcl") || name.ends_with(".pkr.json")
}

fn this_one(root: &Path, named: &str) -> Result<PathBuf> {
    let whole = root.join(named);
    let whole = whole
        .canonicalize()
        .with_context(|| format!("input `template`: {} is not there", whole.display()))?;
    let Ok(path) = whole.strip_prefix(root) else {
        bail!("input `template`: {} is outside the repository {}", whole.display(), root.display());
    };
    if whole.is_dir() {
        ensure!(
            names(&whole)?.iter().any(|name| is_template(name)),
            "input `template`: {} holds no .pkr.hcl or .pkr.json file",
            whole.display()
        );
    } else {
        ensure!(
            is_template(&whole.to_string_lossy()),
            "input `template`: {} is neither a folder nor a .pkr.hcl or .pkr.json file",
            whole.display()
        );
    }
    Ok(path.to_owned())
}

fn the_only_one(root: &Path) -> Result<PathBuf> {
    let found = all(root)?;
    let mut templates: Vec<PathBuf> = Vec::new();
    for (folder, files) in found {
        // Packer takes all files of a folder together. At the root, a single file has the better name.
        match files.as_slice() {
            [file] if folder.as_os_str().is_empty() => templates.push(PathBuf::from(file)),
            _ => templates.push(folder),
        }
    }
    match templates.as_slice() {
        [only] => Ok(only.clone()),
        [] => bail!(
            "there is no Packer template (*.pkr.hcl, *.pkr.json) in {}. Hallmark's own repository has two to copy, in \
             packer/: debian-base, a hardened Debian, with the folder lib that it uses, and debian-app, a layer on it. \
             Or name one that is elsewhere in the repository by `template`",
            root.display()
        ),
        several => bail!(
            "there are {} Packer templates; say by `template` which one:\n{}",
            several.len(),
            several.iter().map(|path| format!("  {}", shown(path))).collect::<Vec<_>>().join("\n")
        ),
    }
}

fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() { ".".to_owned() } else { path.display().to_string() }
}

/// Every folder with template files, and their names. Symbolic links and hidden folders are passed over.
fn all(root: &Path) -> Result<BTreeMap<PathBuf, Vec<String>>> {
    let mut found: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    let mut waiting = vec![(PathBuf::new(), 0)];
    let mut seen = 0;
    while let Some((folder, depth)) = waiting.pop() {
        let whole = root.join(&folder);
        let list = fs::read_dir(&whole).with_context(|| format!("cannot list {}", whole.display()))?;
        for entry in list {
            let entry = entry.with_context(|| format!("cannot list {}", whole.display()))?;
            let kind =
                entry.file_type().with_context(|| format!("cannot look at {}", entry.path().display()))?;
            seen += 1;
            ensure!(
                seen <= MOST && depth <= DEEPEST,
                "{} is too large to look for the template in: name it by `template`",
                root.display()
            );
            let name = entry.file_name().to_string_lossy().into_owned();
            if kind.is_dir() {
                if !name.starts_with('.') && !NOT_HERE.contains(&name.as_str()) {
                    waiting.push((folder.join(entry.file_name()), depth + 1));
                }
            } else if kind.is_file() && is_template(&name) {
                found.entry(folder.clone()).or_default().push(name);
            }
        }
    }
    Ok(found)
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let list = || -> std::io::Result<Vec<String>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    };
    list().with_context(|| format!("cannot list {}", folder.display()))
}

/// Reads the template's files for what they name. It is a guess that saves a person some work: what it
/// misses, the bake says.
fn needs(root: &Path, template: &Path) -> Result<Needs> {
    let mut needs = Needs::default();
    // The root's folders are not the template's.
    let alone = !template.is_dir() || template == root;
    let folder = if template.is_dir() { template } else { template.parent().unwrap_or(root) };
    for file in text_files(folder, !alone)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let is_template_file = is_template(&name);
        if alone && !is_template_file && !name.ends_with(".sh") {
            continue;
        }
        let mut bytes = Vec::new();
        let read = fs::File::open(&file).and_then(|opened| opened.take(LONGEST).read_to_end(&mut bytes));
        read.with_context(|| format!("cannot read {}", file.display()))?;
        let text = String::from_utf8_lossy(&bytes);
        for (program, packages) in PROGRAMS {
            if has_word(&text, program) {
                needs.packages.extend(packages.iter());
            }
        }
        needs.name_spaces |= NAME_SPACES.iter().any(|program| has_word(&text, program));
        if is_template_file {
            of_template_file(&text, &mut needs);
        }
    }
    Ok(needs)
}

fn of_template_file(text: &str, needs: &mut Needs) {
    needs.plugins |= text.contains("required_plugins");
    needs.base_image |= has_word(text, "base_image");
    for builder in builders(text) {
        needs.cloud |= CLOUDS.iter().any(|cloud| builder.starts_with(cloud));
        needs.qemu |= builder == "qemu";
    }
}

/// `qemu` of `source "qemu" "web" {`, and of `"qemu": {` where the template is JSON and says `source`.
fn builders(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.trim_start().strip_prefix("source ") {
            found.extend(rest.split('"').nth(1));
        } else if let Some(rest) = line.trim_start().strip_prefix('"') {
            found.extend(rest.split_once('"').map(|(key, _)| key));
        }
    }
    found
}

fn text_files(folder: &Path, deeper: bool) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for name in names(&folder)? {
            let path = folder.join(&name);
            let found =
                fs::symlink_metadata(&path).with_context(|| format!("cannot look at {}", path.display()))?;
            if found.is_file() && files.len() < MOST_FILES {
                files.push(path);
            } else if found.is_dir() && deeper && !name.starts_with('.') && !NOT_HERE.contains(&name.as_str())
            {
                waiting.push(path);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn repository(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("golden");
        fs::create_dir(&root).unwrap();
        for (name, text) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        (folder, root)
    }

    #[test]
    fn the_only_template_is_found() {
        for (files, path, name) in [
            (&["packer/web/web.pkr.hcl"][..], "packer/web", "web"),
            (&["packer/web/a.pkr.hcl", "packer/web/b.pkr.json"], "packer/web", "web"),
            (&["web.pkr.hcl"], "web.pkr.hcl", "web"),
            (&["web.pkr.json", "README.md"], "web.pkr.json", "web"),
            (&["a.pkr.hcl", "b.pkr.hcl"], ".", "golden"),
            (&["x/x.pkr.hcl", ".git/y.pkr.hcl", "node_modules/z/z.pkr.hcl", "vars.pkrvars.hcl"], "x", "x"),
        ] {
            let files: Vec<_> = files.iter().map(|file| (*file, "")).collect();
            let (_folder, root) = repository(&files);
            let found = Template::find(&root, None).unwrap();
            assert_eq!((found.path.as_str(), found.name.as_str()), (path, name), "{files:?}");
        }
    }

    #[test]
    fn none_and_several_are_told() {
        for (files, says) in [
            (&[][..], "there is no Packer template"),
            (&["main.tf"], "packer/: debian-base"),
            (&["a/a.pkr.hcl", "b/b.pkr.json"], "say by `template` which one:\n  a\n  b"),
            (&["a.pkr.hcl", "b/b.pkr.hcl"], "which one:\n  a.pkr.hcl\n  b"),
        ] {
            let files: Vec<_> = files.iter().map(|file| (*file, "")).collect();
            let (_folder, root) = repository(&files);
            let error = Template::find(&root, None).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn a_named_template_lies_in_the_repository() {
        let (folder, root) = repository(&[("a/a.pkr.hcl", ""), ("b/b.pkr.hcl", ""), ("empty/x", "")]);
        fs::write(folder.path().join("out.pkr.hcl"), "").unwrap();
        symlink(folder.path(), root.join("link")).unwrap();
        symlink("a", root.join("inner")).unwrap();
        let whole = root.join("b").to_string_lossy().into_owned();
        for (named, expected) in [
            ("a", Ok("a")),
            ("./b/", Ok("b")),
            ("a/../b", Ok("b")),
            ("a/a.pkr.hcl", Ok("a/a.pkr.hcl")),
            ("inner", Ok("a")),
            (whole.as_str(), Ok("b")),
            ("c", Err("is not there")),
            ("../out.pkr.hcl", Err("outside the repository")),
            ("link/out.pkr.hcl", Err("outside the repository")),
            ("empty", Err("holds no .pkr.hcl")),
            ("empty/x", Err("neither a folder nor")),
        ] {
            let found = Template::find(&root, Some(named))
                .map(|found| found.path)
                .map_err(|error| format!("{error:#}"));
            match expected {
                Ok(path) => assert_eq!(found.as_deref(), Ok(path), "{named}"),
                Err(says) => {
                    assert!(found.as_ref().is_err_and(|error| error.contains(says)), "{named}: {found:?}")
                }
            }
        }
    }

    #[test]
    fn what_a_template_calls_is_seen() {
        let (_folder, root) = repository(&[
            ("q/q.pkr.hcl", "packer {\n  required_plugins {}\n}\nsource \"qemu\" \"q\" {}\n"),
            ("s/s.pkr.hcl", "variable \"base_image\" {}\n"),
            ("s/scripts/run.sh", "mmdebstrap x\nsfdisk-like my_mcopy\n"),
            ("c/c.pkr.hcl", "source \"amazon-ebs\" \"c\" {}\n"),
            ("j/j.pkr.json", "{\"source\": {\n  \"qemu\": {}\n}}\n"),
        ]);
        let needs = |named| Template::find(&root, Some(named)).unwrap().needs;
        assert_eq!(needs("q"), Needs { plugins: true, qemu: true, ..Needs::default() });
        assert_eq!(
            needs("s"),
            Needs {
                packages: BTreeSet::from(["debian-archive-keyring", "mmdebstrap", "uidmap"]),
                name_spaces: true,
                base_image: true,
                ..Needs::default()
            }
        );
        assert_eq!(needs("c"), Needs { cloud: true, ..Needs::default() });
        assert_eq!(needs("j"), Needs { qemu: true, ..Needs::default() });
    }
}
