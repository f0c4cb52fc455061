//! Putting files into somebody's repository: looking first, never overwriting, never through a
//! symbolic link, each file whole or not at all.

use std::fs::{self, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::starter::Starter;

/// More than any file that is written here has.
const LONGEST: u64 = 1 << 20;

/// How things stand at a file's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// There is nothing.
    New,
    /// Exactly this is there already.
    Same,
    /// Something else is; why it stays.
    InTheWay(&'static str),
}

impl State {
    /// As a list of files says it.
    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Same => "already there",
            Self::InTheWay(_) => "in the way",
        }
    }
}

/// One file's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: &'static str,
    pub(super) state: State,
}

/// Looks at every file's place.
pub(super) fn compare(root: &Path, files: &[Starter]) -> Result<Vec<Found>> {
    files.iter().map(|file| Ok(Found { path: file.path, state: look(root, file)? })).collect()
}

fn look(root: &Path, file: &Starter) -> Result<State> {
    if let Some(why) = blocked(root, file.path)? {
        return Ok(State::InTheWay(why));
    }
    Ok(match read(root, file.path)? {
        None => State::New,
        Some(text) if text == file.text => State::Same,
        Some(_) => State::InTheWay("is there and differs"),
    })
}

/// What keeps a plain file below plain folders from being at this place.
fn blocked(root: &Path, path: &str) -> Result<Option<&'static str>> {
    let mut at = root.to_owned();
    let mut parts = Path::new(path).components().peekable();
    while let Some(part) = parts.next() {
        at.push(part);
        let found = match fs::symlink_metadata(&at) {
            Ok(found) => found.file_type(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot look at {}", at.display())),
        };
        let last = parts.peek().is_none();
        if found.is_symlink() {
            return Ok(Some("a symbolic link is on its way, and none is followed"));
        } else if last && !found.is_file() {
            return Ok(Some("something is there that is no file"));
        } else if !last && !found.is_dir() {
            return Ok(Some("a file is where its folder would be"));
        }
    }
    Ok(None)
}

/// The text of a file that is there already; what is too long or no text is text of another kind.
pub(super) fn read(root: &Path, path: &str) -> Result<Option<String>> {
    if blocked(root, path)?.is_some() {
        return Ok(None);
    }
    let path = root.join(path);
    let mut bytes = Vec::new();
    match fs::File::open(&path) {
        Ok(file) => file.take(LONGEST).read_to_end(&mut bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => Err(error),
    }
    .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Writes a new file. One that appeared meanwhile is left alone, and that is an error.
pub(super) fn create(root: &Path, file: &Starter) -> Result<()> {
    let path = root.join(file.path);
    if let Some(why) = blocked(root, file.path)? {
        bail!("cannot write {}: {why}", path.display());
    }
    let folder = path.parent().unwrap_or(root);
    let write = || -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut fresh = tempfile::Builder::new()
            .prefix(".hallmark-init-")
            .permissions(Permissions::from_mode(0o644))
            .tempfile_in(folder)?;
        fresh.write_all(file.text.as_bytes())?;
        fresh.as_file().sync_all()?;
        fresh.persist_noclobber(&path).map(drop).map_err(|error| error.error)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn starter(path: &'static str) -> Starter {
        Starter { path, text: "text\n".to_owned() }
    }

    #[test]
    fn how_things_stand() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let outside = folder.path().join("outside");
        fs::create_dir_all(root.join("folder/is")).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("file"), "text\n").unwrap();
        fs::write(root.join("same"), "text\n").unwrap();
        fs::write(root.join("longer"), "text\n\n").unwrap();
        fs::write(root.join("bytes"), b"\xff").unwrap();
        fs::write(root.join("empty"), "").unwrap();
        symlink(&outside, root.join("out")).unwrap();
        symlink("folder", root.join("within")).unwrap();
        symlink("same", root.join("link")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        let way = State::InTheWay("");
        for (path, expected) in [
            ("new", State::New),
            ("fresh/deep/er", State::New),
            ("folder/new", State::New),
            ("same", State::Same),
            ("longer", way.clone()),
            ("bytes", way.clone()),
            ("empty", way.clone()),
            ("folder/is", way.clone()),
            ("same/new", way.clone()),
            ("out/file", way.clone()),
            ("out/new", way.clone()),
            ("within/new", way.clone()),
            ("link", way.clone()),
            ("dangling", way.clone()),
        ] {
            let state = look(&root, &starter(path)).unwrap();
            assert_eq!(
                std::mem::discriminant(&state),
                std::mem::discriminant(&expected),
                "{path}: {state:?}"
            );
            let created = create(&root, &starter(path));
            assert_eq!(created.is_ok(), state == State::New, "{path}: {created:?}");
        }
        let left: Vec<_> = fs::read_dir(&outside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["file"], "nothing was written outside");
        assert_eq!(fs::read_to_string(root.join("fresh/deep/er")).unwrap(), "text\n");
        assert_eq!(fs::read_to_string(root.join("folder/new")).unwrap(), "text\n");
        assert_eq!(fs::metadata(root.join("new")).unwrap().permissions().mode() & 0o133, 0);
        let half_made = |folder: &Path| {
            fs::read_dir(folder)
                .unwrap()
                .filter(|entry| {
                    entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".hallmark")
                })
                .count()
        };
        assert_eq!(half_made(&root) + half_made(&root.join("folder")), 0);
    }
}
