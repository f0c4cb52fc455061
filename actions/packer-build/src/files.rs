//! The files that a template is made of, by digest.

use anyhow::{Context as _, Result, bail, ensure};
use model::{Sha256, Sha256Hasher};
use std::{
    fs::{self, File},
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// More files than this are somebody's home folder, not a template.
const MAX_FILES: usize = 20_000;

/// What tools leave beside a template; none of it goes into an image.
const NOT_SOURCES: &[&str] = &[".git", ".hallmark", "packer_cache", "crash.log"];

/// One file of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceFile {
    /// Relative to the folder it was found in; empty for the one file that was asked for.
    pub(crate) relative: String,
    pub(crate) content: Content,
}

/// What a file is to a bake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// Bytes, and whether they are a program.
    File { digest: Sha256, executable: bool },
    /// A symbolic link, by what it says.
    Link(String),
}

impl Content {
    /// As an ingredient.
    pub(crate) fn ingredient(&self) -> String {
        match self {
            Self::File { digest, executable: false } => digest.to_string(),
            Self::File { digest, executable: true } => format!("{digest} executable"),
            Self::Link(target) => format!("link to {target}"),
        }
    }
}

/// All files at and below `root`, by name, but for those at and below `except`.
pub(crate) fn all(root: &Path, except: &[&Path]) -> Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(relative) = waiting.pop() {
        let path = if relative.as_os_str().is_empty() { root.to_owned() } else { root.join(&relative) };
        let metadata =
            if relative.as_os_str().is_empty() { fs::metadata(&path) } else { fs::symlink_metadata(&path) };
        let kind = metadata.with_context(|| format!("cannot look at {}", path.display()))?;
        if kind.is_dir() {
            for name in names(&path)? {
                let inner = relative.join(name);
                if !except.contains(&root.join(&inner).as_path()) {
                    waiting.push(inner);
                }
            }
            continue;
        }
        let name =
            relative.to_str().with_context(|| format!("the name of {} is not UTF-8", path.display()))?;
        files.push(SourceFile { relative: name.to_owned(), content: content(&path, &kind)? });
        ensure!(
            files.len() <= MAX_FILES,
            "{} holds more than {MAX_FILES} files: give the template a folder of its own",
            root.display()
        );
    }
    files.sort_unstable_by(|a, b| a.relative.cmp(&b.relative));
    Ok(files)
}

fn names(folder: &Path) -> Result<Vec<std::ffi::OsString>> {
    let list =
        || -> std::io::Result<Vec<_>> { fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect() };
    let mut names = list().with_context(|| format!("cannot list {}", folder.display()))?;
    names.retain(|name| NOT_SOURCES.iter().all(|not| name != not));
    Ok(names)
}

fn content(path: &Path, kind: &fs::Metadata) -> Result<Content> {
    if kind.is_symlink() {
        let target =
            fs::read_link(path).with_context(|| format!("cannot read the link {}", path.display()))?;
        return Ok(Content::Link(target.to_string_lossy().into_owned()));
    }
    if !kind.is_file() {
        bail!("{} is neither a file, a folder nor a link: a template cannot hold it", path.display());
    }
    Ok(Content::File { digest: digest(path)?, executable: kind.permissions().mode() & 0o100 != 0 })
}

/// The SHA-256 of a file.
pub(crate) fn digest(path: &Path) -> Result<Sha256> {
    let read = || -> std::io::Result<Sha256> {
        let mut file = File::open(path)?;
        let mut hasher = Sha256Hasher::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hasher.finish()),
                size => hasher.update(&buffer[..size]),
            }
        }
    };
    read().with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn everything_but_what_tools_leave() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in
            ["b.pkr.hcl", "a/z.sh", "a/.hidden", ".git/HEAD", "packer_cache/x", "out/disk.raw", "crash.log"]
        {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), name).unwrap();
        }
        fs::set_permissions(root.join("a/z.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink("../elsewhere", root.join("link")).unwrap();
        let found = all(root, &[&root.join("out")]).unwrap();
        let file = |name: &str, executable| SourceFile {
            relative: name.to_owned(),
            content: Content::File { digest: Sha256::of(name.as_bytes()), executable },
        };
        let link =
            SourceFile { relative: "link".to_owned(), content: Content::Link("../elsewhere".to_owned()) };
        assert_eq!(found, [file("a/.hidden", false), file("a/z.sh", true), file("b.pkr.hcl", false), link]);
    }

    #[test]
    fn one_file_and_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one");
        assert!(all(&path, &[]).is_err());
        fs::write(&path, "x").unwrap();
        assert_eq!(all(&path, &[]).unwrap()[0].relative, "");
        assert_eq!(
            all(&folder.path().join("two"), &[]).unwrap_err().to_string().split(' ').next(),
            Some("cannot")
        );
    }
}
