//! Who belongs to a run: the program's process group, and whatever carries the run's mark in its
//! environment. How they are told to stop, and how a later run finds what a killed one left behind.

use crate::{Error, Spec, own::this_process};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// How often we look whether processes that were told to end have ended.
const LOOK: Duration = Duration::from_millis(5);

/// How long a process may take to die of SIGKILL before we stop looking.
const LAST_LOOK: Duration = Duration::from_secs(2);

/// The processes of one run. Dropped before [`Group::disarm`], it kills them all.
pub(crate) struct Group {
    leader: Pid,
    mark: String,
    armed: bool,
}

impl Group {
    pub(crate) fn new(leader: Pid, mark: String) -> Self {
        Self { leader, mark, armed: true }
    }

    /// Signals everybody. That somebody has ended meanwhile is no failure.
    pub(crate) fn signal(&self, signal: Signal) {
        // `kill` of a group reaches all its members at once, before any of them can fork away.
        kill_process_group(self.leader, signal).ok();
        for process in self.members() {
            if process.group != self.leader {
                kill_process(process.pid, signal).ok();
            }
        }
    }

    fn members(&self) -> Vec<table::Process> {
        table::processes(&self.mark, &[self.leader])
    }

    /// Ends what the leader left behind: SIGTERM, and SIGKILL after `grace` or when `hurry` is done.
    /// Says how many there were.
    pub(crate) async fn sweep(&self, grace: Duration, hurry: impl Future<Output = ()>) -> usize {
        let left_behind = self.members().len();
        if left_behind == 0 {
            return 0;
        }
        self.signal(Signal::TERM);
        tokio::select! {
            () = self.gone() => {}
            () = sleep(grace) => {}
            () = hurry => {}
        }
        let deadline = Instant::now() + LAST_LOOK;
        while !self.members().is_empty() && Instant::now() < deadline {
            self.signal(Signal::KILL);
            sleep(LOOK).await;
        }
        left_behind
    }

    async fn gone(&self) {
        while !self.members().is_empty() {
            sleep(LOOK).await;
        }
    }

    /// Everything has been ended in order: nothing to do on drop.
    pub(crate) fn disarm(&mut self) {
        self.armed = false;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.armed {
            // Twice, for what was being forked while the first pass looked.
            self.signal(Signal::KILL);
            self.signal(Signal::KILL);
        }
    }
}

/// A mark that no other run has had since this machine started.
pub(crate) fn new_mark() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{count}", this_process())
}

/// A file that names a running run by its mark. Removed on drop, that is: not when we are killed.
#[derive(Debug)]
pub struct Note {
    path: PathBuf,
}

impl Note {
    pub(crate) fn write(path: &Path, mark: &str) -> Result<Self, Error> {
        let failed = |source| Error::Note { path: path.to_owned(), source };
        let fresh = unfinished(path);
        fs::write(&fresh, format!("{}={mark}\n", Spec::MARK)).map_err(failed)?;
        fs::rename(&fresh, path).map_err(failed)?;
        Ok(Self { path: path.to_owned() })
    }
}

/// Where a note is until it is whole.
fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("tmp")
}

impl Drop for Note {
    fn drop(&mut self) {
        fs::remove_file(&self.path).ok();
    }
}

/// Ends the processes of the run that left the note at `path` (see [`Spec::note`]), if any still
/// run, and removes the note. Says how many there were.
///
/// Processes are told by the mark in their environment, never by a number that another process may
/// have by now.
pub async fn end_left_behind(path: &Path, grace: Duration) -> Result<usize, Error> {
    let failed = |source| Error::Note { path: path.to_owned(), source };
    // Of a note that was being written: no program had been started yet.
    fs::remove_file(unfinished(path)).ok();
    let note = match fs::read_to_string(path) {
        Ok(note) => note,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(source) => return Err(failed(source)),
    };
    let mark = note
        .strip_prefix(Spec::MARK)
        .and_then(|rest| rest.strip_prefix('=')?.strip_suffix('\n'))
        .filter(|mark| !mark.is_empty())
        .ok_or_else(|| failed(io::Error::new(io::ErrorKind::InvalidData, "it names no run")))?;
    let left_behind = end_marked(mark, grace).await;
    fs::remove_file(path).map_err(failed)?;
    Ok(left_behind)
}

async fn end_marked(mark: &str, grace: Duration) -> usize {
    let marked = table::processes(mark, &[]);
    // Whoever shares a group with a marked process was started by the run too: each group that a
    // marked process is in was made by the run.
    let mut groups: Vec<Pid> = marked.iter().map(|process| process.group).collect();
    groups.sort_unstable_by_key(|group| group.as_raw_nonzero());
    groups.dedup();
    let everybody = || table::processes(mark, &groups);
    let left_behind = everybody().len();
    let signal = |signal| {
        for process in everybody() {
            kill_process(process.pid, signal).ok();
        }
    };
    signal(Signal::TERM);
    let kill_at = Instant::now() + grace;
    while !everybody().is_empty() && Instant::now() < kill_at + LAST_LOOK {
        if Instant::now() >= kill_at {
            signal(Signal::KILL);
        }
        sleep(LOOK).await;
    }
    left_behind
}

#[cfg(target_os = "linux")]
mod table {
    //! The process table, from /proc.
    use super::{Pid, Spec, fs};

    pub(super) struct Process {
        pub(super) pid: Pid,
        pub(super) group: Pid,
    }

    /// Processes that have not ended (one that is only waiting to be reaped has), and are in one of
    /// `groups` or carry `mark`.
    pub(super) fn processes(mark: &str, groups: &[Pid]) -> Vec<Process> {
        let mark = format!("{}={mark}", Spec::MARK);
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        entries
            .filter_map(|entry| Pid::from_raw(entry.ok()?.file_name().to_str()?.parse().ok()?))
            .filter_map(|pid| Some(Process { pid, group: live_group(pid)? }))
            .filter(|process| groups.contains(&process.group) || carries(process.pid, mark.as_bytes()))
            .collect()
    }

    /// The group of a process that has not ended.
    fn live_group(pid: Pid) -> Option<Pid> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        let (state, group) = parse_stat(&stat)?;
        (!matches!(state, b'Z' | b'X')).then_some(group)
    }

    /// State and group of `pid (name) state ppid pgrp …`; the name may hold anything, `)` too.
    pub(super) fn parse_stat(stat: &[u8]) -> Option<(u8, Pid)> {
        let after = stat.iter().rposition(|&byte| byte == b')')?;
        let rest = std::str::from_utf8(&stat[after + 1..]).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        let state = *fields.next()?.as_bytes().first()?;
        // -1 stands for a process that is all but gone.
        let group = fields.nth(1)?.parse().ok().filter(|group| *group > 0)?;
        Some((state, Pid::from_raw(group)?))
    }

    fn carries(pid: Pid, mark: &[u8]) -> bool {
        // Other users' processes cannot be read: they are not ours to end either.
        fs::read(format!("/proc/{pid}/environ"))
            .is_ok_and(|environment| environment.split(|&byte| byte == 0).any(|variable| variable == mark))
    }
}

#[cfg(not(target_os = "linux"))]
mod table {
    //! Without /proc: the group is known, marks are not.
    use super::Pid;
    use rustix::process::test_kill_process_group;

    pub(super) struct Process {
        pub(super) pid: Pid,
        pub(super) group: Pid,
    }

    pub(super) fn processes(_mark: &str, groups: &[Pid]) -> Vec<Process> {
        let live = groups.iter().filter(|group| test_kill_process_group(**group).is_ok());
        live.map(|&group| Process { pid: group, group }).collect()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn stat_lines() {
        type Row = (&'static [u8], Option<(u8, i32)>);
        let table: &[Row] = &[
            (b"", None),
            (b"12 (sh", None),
            (b"12 (sh) S", None),
            (b"12 (sh) S 1 7 7 0", Some((b'S', 7))),
            (b"12 (a) Z 3 4) R 1 9 9 0", Some((b'R', 9))),
            (b"12 (\xff) Z 1 8 8 0", Some((b'Z', 8))),
            (b"12 (kthread) I 2 0 0 0", None),
            (b"12 (going) X 2 -1 -1 0", None),
            (b"12 (odd) S 1 99999999999 0 0", None),
        ];
        for (stat, expected) in table {
            let parsed = table::parse_stat(stat).map(|(state, group)| (state, group.as_raw_nonzero().get()));
            assert_eq!(parsed, *expected, "{}", stat.escape_ascii());
        }
    }

    #[test]
    fn marks_differ() {
        assert_ne!(new_mark(), new_mark());
    }
}
