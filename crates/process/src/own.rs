//! This process by more than its number, so that a later one can end it: whoever starts us can be killed
//! over our heads, and then nobody tells us to stop.

use std::time::Duration;

/// This process, for [`end_process`]: when the machine was started, when we were, and our number.
#[must_use]
pub fn this_process() -> String {
    let pid = std::process::id();
    format!("{}-{pid}", table::birthmark(pid).unwrap_or_else(|| "unknown-0".to_owned()))
}

/// Ends the process that called [`this_process`], if it still runs, and runs the same program as we do:
/// SIGTERM, by which it ends what it runs, and SIGKILL after `grace`. Says whether it was there.
pub async fn end_process(process: &str, grace: Duration) -> bool {
    table::end(process, grace).await
}

#[cfg(target_os = "linux")]
mod table {
    use super::Duration;
    use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};
    use std::{fs, io, os::unix::fs::MetadataExt as _};
    use tokio::time::{Instant, sleep};

    /// How often we look whether it has ended.
    const LOOK: Duration = Duration::from_millis(5);

    /// How long it may take to die of SIGKILL before we stop looking.
    const LAST_LOOK: Duration = Duration::from_secs(2);

    /// Tells this start of the machine, and of a process, from all others. None if it has ended.
    pub(super) fn birthmark(pid: u32) -> Option<String> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        let after = stat.iter().rposition(|&byte| byte == b')')?;
        let rest = std::str::from_utf8(&stat[after + 1..]).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?;
        let start = fields.nth(18)?;
        let ended = matches!(state, "Z" | "X") && !has_threads(pid);
        (!ended).then(|| format!("{}-{start}", boot.get(..8).unwrap_or("unknown")))
    }

    /// The first thread can have ended before the others, which until then hold the process's files and locks.
    fn has_threads(pid: u32) -> bool {
        fs::read_dir(format!("/proc/{pid}/task")).is_ok_and(|threads| threads.count() > 1)
    }

    pub(super) async fn end(process: &str, grace: Duration) -> bool {
        let Some((wanted, pid)) = process.rsplit_once('-') else { return false };
        let Ok(pid) = pid.parse::<u32>() else { return false };
        let Some(number) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
        let lives = || birthmark(pid).is_some_and(|found| found == wanted);
        // Whoever has this number now is held by it first, and asked who it is then. Linux before 5.3 cannot.
        let held = pidfd_open(number, PidfdFlags::empty()).ok();
        let signal = |signal| match &held {
            Some(held) => pidfd_send_signal(held, signal),
            None => kill_process(number, signal),
        };
        if pid == std::process::id() || !lives() {
            return false;
        }
        match runs_our_program(pid) {
            Ok(true) => {
                signal(Signal::TERM).ok();
            }
            // Its first thread has ended: the others are about to.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            _ => return false,
        }
        let kill_at = Instant::now() + grace;
        while lives() && Instant::now() < kill_at + LAST_LOOK {
            if Instant::now() >= kill_at {
                signal(Signal::KILL).ok();
            }
            sleep(LOOK).await;
        }
        true
    }

    /// Who was told a wrong number ends nobody else's program.
    fn runs_our_program(pid: u32) -> io::Result<bool> {
        let program =
            |pid: &str| fs::metadata(format!("/proc/{pid}/exe")).map(|file| (file.dev(), file.ino()));
        Ok(program(&pid.to_string())? == program("self")?)
    }
}

#[cfg(not(target_os = "linux"))]
mod table {
    //! Without /proc nobody is known by more than a number, so nobody is ended.
    use super::Duration;

    pub(super) fn birthmark(_pid: u32) -> Option<String> {
        None
    }

    pub(super) async fn end(_process: &str, _grace: Duration) -> bool {
        false
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(20);

    #[test]
    fn a_process_is_the_same_as_long_as_it_runs() {
        assert_eq!(this_process(), this_process());
        assert!(this_process().ends_with(&format!("-{}", std::process::id())), "{}", this_process());
        assert!(!this_process().contains("unknown"), "{}", this_process());
    }

    #[tokio::test]
    async fn what_names_nobody_ends_nobody() {
        // This machine's first process, if we may see it: it is there, and another program.
        let init = table::birthmark(1).map_or_else(String::new, |mark| format!("{mark}-1"));
        for process in ["", "-", "x", "a-b-c", "00000000-1-1", "00000000-1--1", "0-0-4294967295", &init] {
            assert!(!end_process(process, GRACE).await, "{process:?}");
        }
        // Nor ourselves.
        assert!(!end_process(&this_process(), GRACE).await);
    }
}
