//! The history as gitleaks gets it: a repository of this run's own, which has the checkout's commits and none of its
//! settings.
//!
//! What a merge changed itself is known by making it once more. Git asks a repository's settings how to merge, and they
//! may name programs; it also writes while it does so.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use git::{Checkout, History};
use runner::Result;

/// The history is listed as gitleaks does it, but with what each merge changed itself, and without what a configuration
/// could put in between. gitleaks takes one folder from the head of a name, and none where a merge had a conflict.
pub(crate) const LOG: &str = "--log-opts=--full-history --all --diff-filter=tuxdb --diff-merges=remerge \
                              --src-prefix=./ --dst-prefix=./ --no-textconv --no-ext-diff";

/// Makes the repository in a folder that is not there yet.
pub(crate) fn apart(checkout: &Checkout, history: &History, folder: PathBuf) -> Result<PathBuf> {
    let objects = history.objects.as_os_str().as_bytes();
    if objects.contains(&b'\n') || objects.starts_with(b"\"") {
        bail!("git could not be told of the folder {}: check out into another", history.objects.display());
    }
    let write = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
        fs::write(path, content)
    };
    let made = || -> std::io::Result<()> {
        fs::create_dir_all(folder.join("refs"))?;
        write("objects/info/alternates", &[objects, b"\n"].concat())?;
        write("packed-refs", &history.refs)?;
        write("HEAD", format!("{}\n", history.head.as_deref().unwrap_or("ref: refs/heads/none")).as_bytes())?;
        let format = checkout.object_format();
        let settings = format!(
            "[core]\nrepositoryformatversion = 1\nbare = true\n[extensions]\nobjectformat = {format}\n"
        );
        write("config", settings.as_bytes())
    };
    made().context("the history could not be prepared")?;
    Ok(folder)
}
