//! Where a bake works: its folders, its lock, and cleaning up after one that was killed.
//!
//! ```text
//! <output>/.lock     held while a bake runs
//! <output>/.running  names the processes of a running Packer
//! <output>/.bake/    what the template is told to write into; gone when the bake has ended
//! <output>/.aws-run  says which run makes things in AWS; gone when it has finished (amazon/run.rs)
//! <output>/.keeping  lists what is being put into the output folder; gone when its record stands
//! <temp>/hallmark-bake-<12 hex>/   Packer's temporary files, or in /tmp where <temp> is too long for its sockets
//! ```

use crate::keeping;
use anyhow::{Context as _, Result, bail};
use attest::EvidenceDir;
use model::Sha256;
use runner::Context;
use rustix::fs::{FlockOperation, OFlags, flock};
use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::{ffi::OsStrExt as _, fs::DirBuilderExt as _, fs::OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

/// How long what a killed bake left running may take to end.
const GRACE: Duration = Duration::from_secs(4);

/// How long a bake that goes on although its step is over may take to end by itself: it gives its Packer
/// one grace after SIGINT and another after SIGTERM.
const LONG_GRACE: Duration = Duration::from_secs(12);

/// The state that `post` finds the workshop by.
const STATE: &str = "output";
/// The evidence folder, where a writer may have been killed.
const EVIDENCE: &str = "bake-evidence";
/// The process that baked: it lives on if the one that started it was killed alone.
const PROCESS: &str = "bake-process";

/// A bake's place of work, locked.
pub(crate) struct Workshop {
    output: PathBuf,
    temp: PathBuf,
    _lock: File,
}

impl Workshop {
    /// Locks the output folder, and cleans up after a bake that was killed in it.
    pub(crate) async fn open(output: &Path, temp: &Path) -> Result<Self> {
        let Some(workshop) = Self::try_open(output, temp).await? else {
            bail!("another bake is at work in {}: let it end, or give another `output`", output.display())
        };
        Ok(workshop)
    }

    /// The same; none if another bake is at work there.
    async fn try_open(output: &Path, temp: &Path) -> Result<Option<Self>> {
        fs::create_dir_all(output).with_context(|| format!("cannot make the folder {}", output.display()))?;
        let output = output.canonicalize().with_context(|| format!("cannot find {}", output.display()))?;
        // Neither emptied nor followed: a link that was left here would be emptied instead.
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(output.join(".lock"))
            .with_context(|| format!("cannot write into the folder {}", output.display()))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot lock {}", output.display())),
        }
        // One name for one output folder, so that whoever cleans up knows it.
        let name = format!("hallmark-bake-{}", Sha256::of(output.as_os_str().as_bytes()).short());
        let workshop = Self { temp: place(temp, &name), output, _lock: lock };
        workshop.clean().await?;
        Ok(Some(workshop))
    }

    /// Makes the folders of a bake.
    pub(crate) fn begin(&self) -> Result<()> {
        let mut private = DirBuilder::new();
        private.mode(0o700);
        // `create` fails on whatever is there already: nobody else's folder is ever used.
        private
            .create(&self.temp)
            .with_context(|| format!("cannot make the folder {}", self.temp.display()))?;
        let work = self.work();
        if !work.is_dir() {
            fs::create_dir(&work).with_context(|| format!("cannot make the folder {}", work.display()))?;
        }
        Ok(())
    }

    /// Where the image goes.
    pub(crate) fn output(&self) -> &Path {
        &self.output
    }

    /// Where the template is told to write.
    pub(crate) fn work(&self) -> PathBuf {
        self.output.join(".bake")
    }

    /// Packer's temporary files: short, because it puts sockets there.
    pub(crate) fn temp(&self) -> &Path {
        &self.temp
    }

    /// The note of the running Packer.
    pub(crate) fn note(&self) -> PathBuf {
        self.output.join(".running")
    }

    /// Ends what still runs and removes what is half made. Says how many processes there were.
    pub(crate) async fn clean(&self) -> Result<usize> {
        let ended = process::end_left_behind(&self.note(), GRACE).await?;
        keeping::undo(&self.output)?;
        remove(&self.temp)?;
        // A template may work as another user id (of a user name space) whose files we cannot remove:
        // it can, and does when it runs again.
        remove(&self.work()).ok();
        Ok(ended)
    }
}

/// Where Packer's temporary files go. Its sockets, `packer-plugin` and a number, have to fit into 107 bytes with
/// their folder, and some runners are installed deep.
fn place(temp: &Path, name: &str) -> PathBuf {
    const LONGEST: usize = 107;
    const SOCKET: usize = "/packer-plugin4294967295".len();
    let place = temp.join(name);
    if place.as_os_str().len() + SOCKET <= LONGEST { place } else { Path::new("/tmp").join(name) }
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Keeps for `post` where the bake works and who bakes: before anything else, because the state is read when
/// the step ends, and we can outlive it.
pub(crate) fn remember(ctx: &mut Context, output: &Path, evidence: &Path) -> Result<()> {
    ctx.state(STATE, output.to_str().context("the path of `output` is not UTF-8")?)?;
    ctx.state(EVIDENCE, evidence.to_str().context("the path of `evidence` is not UTF-8")?)?;
    ctx.state(PROCESS, process::this_process())
}

/// After the job, however it ended: nothing of the bake runs on, nothing half made stays. Gives the workshop, if there is
/// one and nobody else is at work there.
pub(crate) async fn post(ctx: &mut Context) -> Result<Option<Workshop>> {
    let lived_on = match ctx.saved_state(PROCESS) {
        Some(process) => process::end_process(process, LONG_GRACE).await,
        None => false,
    };
    if let Some(evidence) = ctx.saved_state(EVIDENCE) {
        EvidenceDir::new(evidence).sweep();
    }
    let Some(output) = ctx.saved_state(STATE).map(PathBuf::from) else {
        return Ok(None);
    };
    if !output.is_dir() {
        return Ok(None);
    }
    let temp = ctx.temp().to_owned();
    // Opening it cleans up. Told before how many there were, it is said.
    let running = lived_on || output.join(".running").exists();
    let opened = Workshop::try_open(&output, &temp).await?;
    if opened.is_none() {
        ctx.info(&format!("another bake is at work in {}: it is left alone", output.display()));
    } else if running {
        ctx.notice(
            "A bake had been cancelled: what it left running was ended, and what was half made removed.",
        );
    }
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_short_enough_for_a_socket() {
        let name = "hallmark-bake-0123456789ab";
        for (temp, expected) in [
            (
                "/home/runner/work/_temp".to_owned(),
                "/home/runner/work/_temp/hallmark-bake-0123456789ab".to_owned(),
            ),
            (format!("/{}", "d".repeat(55)), format!("/{}/{name}", "d".repeat(55))),
            (format!("/{}", "d".repeat(56)), format!("/tmp/{name}")),
        ] {
            let found = place(Path::new(&temp), name);
            assert_eq!(found, Path::new(&expected));
            assert!(found.join("packer-plugin4294967295").as_os_str().len() <= 107);
        }
    }
}
