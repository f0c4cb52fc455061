//! Lock files as uv writes them for pip, and wheels held against them.
//! <https://pip.pypa.io/en/stable/reference/requirements-file-format/>

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use model::Sha256;

use crate::cache::sha256_of;

/// One package of a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// Without a condition on Python or the platform. What has one may be absent: where it is needed after all, the
    /// program does not start.
    pub(super) always: bool,
    /// Its wheels' digests (and that of its source, which is never taken).
    hashes: BTreeSet<Sha256>,
}

/// A wheel of the cache that the lock names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wheel {
    pub(super) path: PathBuf,
    pub(super) sha256: Sha256,
}

/// Reads a lock. Whatever is not a package with its version and digests is an error.
pub(super) fn parse(text: &str) -> Result<Vec<Package>, String> {
    let mut packages: Vec<Package> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let bad = || format!("line {}: `{line}` is neither a package nor a digest", number + 1);
        let content = line.trim_end_matches('\\').trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if let Some(hash) = content.strip_prefix("--hash=sha256:") {
            let hash = hash.parse().map_err(|_| bad())?;
            packages.last_mut().ok_or_else(bad)?.hashes.insert(hash);
            continue;
        }
        let (package, condition) = match content.split_once(" ; ") {
            Some((package, condition)) => (package, Some(condition)),
            None => (content, None),
        };
        let (name, version) = package.split_once("==").ok_or_else(bad)?;
        // `pyjwt[crypto]` is pyjwt; what more it needs then is named by itself.
        let name = match name.split_once('[') {
            Some((name, extras)) if extras.ends_with(']') => name,
            _ => name,
        };
        let word = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'))
        };
        if !word(name) || !word(version) || line.starts_with(' ') {
            return Err(bad());
        }
        packages.push(Package {
            name: name.to_owned(),
            version: version.to_owned(),
            always: condition.is_none(),
            hashes: BTreeSet::new(),
        });
    }
    match packages.iter().find(|package| package.hashes.is_empty()) {
        Some(package) => Err(format!("{} has no digest", package.name)),
        None if packages.is_empty() => Err("it has no package".to_owned()),
        None => Ok(packages),
    }
}

/// The wheels in a folder: each one of the lock's, one a package, and none missing.
pub(super) fn verified(folder: &Path, packages: &[Package]) -> Result<Vec<Wheel>, String> {
    let mut wheels = Vec::new();
    let mut here = BTreeSet::new();
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| format!("{}: {error}", folder.display()))?.path();
        let found = sha256_of(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let known = found.and_then(|sha256| {
            let at = packages.iter().position(|package| package.hashes.contains(&sha256))?;
            Some((at, sha256))
        });
        let Some((at, sha256)) = known else {
            return Err(format!("{} is none of the wheels that the lock names", path.display()));
        };
        if !here.insert(at) {
            return Err(format!("{} is a second wheel of its package", path.display()));
        }
        wheels.push(Wheel { path, sha256 });
    }
    let missing = packages.iter().enumerate().find(|(at, package)| package.always && !here.contains(at));
    if let Some((_, package)) = missing {
        return Err(format!("there is no wheel of {} in {}", package.name, folder.display()));
    }
    wheels.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(wheels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_packages_and_digests_and_nothing_else() {
        let (one, two) = (Sha256::of(b"one"), Sha256::of(b"two"));
        let text = format!(
            "# a comment\na-b==1.0 \\\n    --hash=sha256:{one} \\\n    --hash=sha256:{two}\n\
             c[d,e]==2 ; sys_platform == 'win32' \\\n    --hash=sha256:{two}\n"
        );
        let packages = parse(&text).unwrap();
        assert_eq!(packages.len(), 2);
        assert_eq!((packages[0].name.as_str(), packages[0].version.as_str()), ("a-b", "1.0"));
        assert_eq!(packages[1].name, "c");
        assert!(packages[0].always && !packages[1].always);
        assert_eq!(packages[0].hashes, [one, two].into());
        for bad in [
            "",
            "# nothing\n",
            "a==1\n",
            "a==1 \\\n    --hash=sha256:12\n",
            "a==1 \\\n    --hash=md5:12\n",
            "a>=1\n",
            "a @ https://x.example/a.whl\n",
            "--index-url https://x.example\n",
            "-r other.txt\n",
            "a==1 b\n",
            "a[b==1\n",
            "==1\n",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&format!("    --hash=sha256:{one}\na==1 \\\n")).is_err());
    }

    #[test]
    fn a_folder_has_one_wheel_of_each_package_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let hash = |bytes: &[u8]| format!("--hash=sha256:{}", Sha256::of(bytes));
        let text = format!(
            "a==1 \\\n    {} \\\n    {}\nb==2 ; x == 'y' \\\n    {}\n",
            hash(b"a1"),
            hash(b"a2"),
            hash(b"b")
        );
        let packages = parse(&text).unwrap();
        let why = || verified(folder.path(), &packages).unwrap_err();
        assert!(why().contains("no wheel of a"), "{}", why());
        fs::write(folder.path().join("b.whl"), "b").unwrap();
        assert!(why().contains("no wheel of a"), "{}", why());
        fs::write(folder.path().join("a.whl"), "a1").unwrap();
        assert_eq!(verified(folder.path(), &packages).unwrap().len(), 2);
        fs::write(folder.path().join("z.whl"), "a2").unwrap();
        assert!(why().contains("z.whl is a second wheel"), "{}", why());
        fs::write(folder.path().join("z.whl"), "x").unwrap();
        assert!(why().contains("z.whl is none of"), "{}", why());
        fs::remove_file(folder.path().join("z.whl")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("b.whl"), folder.path().join("y.whl")).unwrap();
        assert!(why().contains("y.whl is none of"), "{}", why());
    }
}
