//! The machine that this runs on: tools, programs, room. Nothing is fetched.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use process::{Processes, Spec, output};
use runner::Context;
use tools::{Lock, Settings, Tools};

use super::facts::Looked;
use crate::programs::PROGRAMS;

/// What this machine has.
pub(super) struct Machine {
    pub(super) tools: Looked<Vec<Tool>>,
    /// Where each program of [`PROGRAMS`] is.
    pub(super) programs: BTreeMap<&'static str, Option<PathBuf>>,
    pub(super) mke2fs: Option<(u32, u32, u32)>,
    pub(super) kvm: Kvm,
    /// Bytes that are free where the images are made.
    pub(super) free: Looked<u64>,
    pub(super) root: bool,
    /// Whether this user may have a user name space with many users in it.
    pub(super) subordinate_ids: bool,
}

/// One of the pinned tools.
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) version: String,
    /// Where it is, if it is here.
    pub(super) found: Looked<Option<PathBuf>>,
    /// How it would be got.
    pub(super) url: String,
}

/// The kernel's virtual machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kvm {
    Opens,
    Refused,
    Absent,
}

/// Long enough for a program to say its version.
const SOON: Duration = Duration::from_secs(10);

impl Machine {
    pub(super) async fn look(cx: &mut Context, processes: &dyn Processes) -> Self {
        let path = cx.env("PATH").unwrap_or_default().to_owned();
        let programs: BTreeMap<_, _> =
            PROGRAMS.iter().map(|program| (program.name, find(&path, program.name))).collect();
        let mke2fs = match programs.get("mke2fs").and_then(Option::as_ref) {
            Some(program) => mke2fs_version(processes, program).await,
            None => None,
        };
        let root = rustix::process::geteuid().is_root();
        Self {
            tools: tools(cx, processes).await,
            programs,
            mke2fs,
            kvm: kvm(Path::new("/dev/kvm")),
            free: free(cx.cwd()),
            root,
            subordinate_ids: cx.env("USER").or_else(|| cx.env("LOGNAME")).is_some_and(has_subordinate_ids),
        }
    }
}

async fn tools(cx: &mut Context, processes: &dyn Processes) -> Looked<Vec<Tool>> {
    let settings =
        Settings::from_env(|name| cx.env(name).map(str::to_owned)).map_err(|error| error.to_string())?;
    let (platform, mirror) = (settings.platform, settings.mirror.is_some());
    let lock = Lock::embedded().map_err(|error| error.to_string())?;
    let tools = Tools::new(lock, settings.clone(), processes);
    let listed = tools.list();
    let progress = cx.progress("looking at the tools");
    let checked = tools.verify(&mut |event| progress.message(&event.to_string())).await;
    let python =
        tools::python_verify(&settings, processes, &mut |event| progress.message(&event.to_string())).await;
    progress.finish();
    let python = python.map_err(|error| error.to_string())?.into_iter().map(|tool| Tool {
        url: "the index that pip is told".to_owned(),
        found: tool.found.map(|found| found.map(|tool| tool.folder)).map_err(|error| error.to_string()),
        name: tool.name.to_owned(),
        version: tool.version,
    });
    let url = |name: &str| {
        let asset = listed.iter().find(|asset| asset.name == name && asset.platform == platform)?;
        Some(if mirror { format!("HALLMARK_MIRROR/{}", asset.mirror_path) } else { asset.url.clone() })
    };
    let made = checked.into_iter().map(|tool| Tool {
        url: url(&tool.name).unwrap_or_default(),
        found: tool.found.map(|found| found.map(|tool| tool.path)).map_err(|error| error.to_string()),
        name: tool.name,
        version: tool.version,
    });
    Ok(made.chain(python).collect())
}

/// A program on PATH, or where root's programs are, which shells of other users leave out of PATH.
fn find(path: &str, name: &str) -> Option<PathBuf> {
    let folders = path.split(':').filter(|folder| folder.starts_with('/')).chain(["/usr/sbin", "/sbin"]);
    let runs = |file: &PathBuf| {
        fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    folders.map(|folder| Path::new(folder).join(name)).find(runs)
}

async fn mke2fs_version(processes: &dyn Processes, program: &Path) -> Option<(u32, u32, u32)> {
    let spec = Spec::new(program).arg("-V").env("LC_ALL", "C").timeout(SOON);
    let said = output(processes, spec, 64 << 10).await.ok()?;
    version(&String::from_utf8_lossy(&said.stderr))
}

/// `1.47.2` of `mke2fs 1.47.2 (1-Jan-2025)`; the last part may be missing.
fn version(text: &str) -> Option<(u32, u32, u32)> {
    let word = text.split_whitespace().nth(1)?;
    let mut parts = word.split(['.', '-']).map(|part| part.parse::<u32>().ok());
    Some((parts.next()??, parts.next()??, parts.next().flatten().unwrap_or(0)))
}

fn kvm(device: &Path) -> Kvm {
    match fs::OpenOptions::new().read(true).write(true).open(device) {
        Ok(_) => Kvm::Opens,
        Err(_) if device.exists() => Kvm::Refused,
        Err(_) => Kvm::Absent,
    }
}

fn free(folder: &Path) -> Looked<u64> {
    let found = rustix::fs::statvfs(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

fn has_subordinate_ids(user: &str) -> bool {
    let listed = |file: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        text.lines().any(|line| line.split(':').next() == Some(user))
    };
    listed("/etc/subuid") && listed("/etc/subgid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, expected) in [
            ("mke2fs 1.47.2 (1-Jan-2025)\n\tUsing EXT2FS Library version 1.47.2\n", Some((1, 47, 2))),
            ("mke2fs 1.46.5 (30-Dec-2021)", Some((1, 46, 5))),
            ("mke2fs 1.47 (x)", Some((1, 47, 0))),
            ("mke2fs 1.48-WIP (x)", Some((1, 48, 0))),
            ("mke2fs: not found", None),
            ("", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }

    #[test]
    fn a_program_is_found_on_path_only_where_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        for (place, mode) in [(&one, 0o644), (&two, 0o755)] {
            fs::create_dir(place).unwrap();
            fs::write(place.join("hm-no-such-program"), "").unwrap();
            fs::set_permissions(place.join("hm-no-such-program"), fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = format!("relative:{}:{}", one.display(), two.display());
        assert_eq!(find(&path, "hm-no-such-program"), Some(two.join("hm-no-such-program")));
        assert_eq!(find("", "hm-no-such-program"), None);
    }

    #[test]
    fn kvm_is_there_or_not() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(kvm(&folder.path().join("kvm")), Kvm::Absent);
        fs::write(folder.path().join("kvm"), "").unwrap();
        assert_eq!(kvm(&folder.path().join("kvm")), Kvm::Opens);
        // A folder cannot be opened for writing, by root neither.
        assert_eq!(kvm(folder.path()), Kvm::Refused);
    }
}
