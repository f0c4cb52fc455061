//! What goes into the throw-away machine and what comes out of it, without a mount and without a
//! file system of the guest's making: it gets a disk it cannot write, and writes to a raw one.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use process::{Processes, Spec, output};

use crate::specs::Specs;

const SCRIPT: &str = include_str!("guest.sh");
/// Where the test disk is mounted in the guest, as the script knows.
const HERE: &str = "/run/hallmark";
/// Most that a run of Goss may say. The file is sparse.
pub(crate) const RESULTS_BYTES: u64 = 64 << 20;

/// How the image is brought up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bring {
    /// As a machine: its services run.
    Booted,
    /// Only its kernel: a shell instead of an init, the root file system read-only, no service.
    Disk,
}

/// How Goss is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    pub(crate) retry_timeout: Duration,
    pub(crate) sleep: Duration,
    /// How long services may take to start.
    pub(crate) start: Duration,
}

/// The kernel's command line: the image's own, then ours.
pub(crate) fn command_line(own: &[String], console: &str, bring: Bring, patience: Patience) -> String {
    let mode = match bring {
        Bring::Booted => "booted",
        Bring::Disk => "disk",
    };
    // Only numbers of ours go into the script's arguments.
    let run = format!(
        "mkdir {HERE} && mount -o ro /dev/disk/by-id/virtio-hallmark-tests {HERE} && sh {HERE}/run.sh {mode} {}ms {}ms {}",
        patience.retry_timeout.as_millis(),
        patience.sleep.as_millis(),
        patience.start.as_secs().max(1)
    );
    let ours = match bring {
        Bring::Booted => format!(
            "systemd.run=\"/bin/sh -c '{run}'\" systemd.run_success_action=poweroff-force systemd.run_failure_action=poweroff-force"
        ),
        // What follows `--` are init's arguments. The sleep is for the power to go off meanwhile.
        Bring::Disk => format!("init=/bin/sh -- -c \"{run}; sync; echo o > /proc/sysrq-trigger; sleep 60\""),
    };
    let own: Vec<String> = own.iter().filter(|word| !is_ours(word)).map(|word| quoted(word)).collect();
    format!("{} console={console} panic=-1{} {ours}", own.join(" "), timer(console))
}

/// An emulated PC on a busy host can miss the ticks by which Linux tries whether its timer works, and Linux
/// then gives up ("IO-APIC + timer doesn't work"). The timer does work: it is told not to try.
fn timer(console: &str) -> &'static str {
    if console == "ttyS0" { " no_timer_check" } else { "" }
}

/// What the machine decides, not the image.
fn is_ours(word: &str) -> bool {
    ["init=", "panic=", "systemd.run"].iter().any(|prefix| word.starts_with(prefix)) || word == "--"
}

fn quoted(word: &str) -> String {
    let word = word.replace('"', "");
    if word.contains(char::is_whitespace) { format!("\"{word}\"") } else { word }
}

/// Writes what the guest gets into a folder.
pub(crate) fn stage(folder: &Path, goss: &Path, specs: &Specs, vars: Option<&Path>) -> Result<()> {
    specs.stage(folder)?;
    fs::write(folder.join("run.sh"), SCRIPT)?;
    fs::copy(goss, folder.join("goss")).with_context(|| format!("cannot copy {}", goss.display()))?;
    fs::set_permissions(folder.join("goss"), fs::Permissions::from_mode(0o755))?;
    if let Some(vars) = vars {
        fs::copy(vars, folder.join("vars.yaml"))
            .with_context(|| format!("cannot read the variables in {}", vars.display()))?;
    }
    Ok(())
}

/// Makes a disk of a folder, as an ext4 file system without a journal, and without a mount.
pub(crate) async fn make_disk(
    processes: &dyn Processes,
    env: &[(String, String)],
    folder: &Path,
    disk: &Path,
) -> Result<()> {
    let mut bytes = 0;
    size(folder, &mut bytes)?;
    // Twice the content and some more: room for the file system's own tables.
    let mib = ((bytes * 2) >> 20) + 16;
    let spec = Spec::new("mke2fs")
        .args(["-q", "-F", "-t", "ext4", "-O", "^has_journal", "-E", "root_owner=0:0", "-d"])
        .arg(folder)
        .arg(disk)
        .arg(format!("{mib}M"))
        .base_env(env)
        .timeout(Duration::from_secs(120));
    let made = output(processes, spec, 1 << 20)
        .await
        .context("mke2fs makes the test disk: install e2fsprogs (1.43 or newer)")?;
    if !made.exit.success() {
        bail!("mke2fs {}: {}", made.exit, String::from_utf8_lossy(&made.stderr).trim());
    }
    Ok(())
}

fn size(folder: &Path, bytes: &mut u64) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        if found.is_dir() {
            size(&entry.path(), bytes)?;
        } else {
            // A block each, at least.
            *bytes += found.len().max(4096);
        }
    }
    Ok(())
}

/// What one run of Goss wrote in the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Results {
    pub(crate) exit_code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// Reads the results disk; `None` if the guest never wrote it.
pub(crate) fn results(disk: &Path) -> Result<Option<Vec<Results>>> {
    let file = File::open(disk).with_context(|| format!("cannot read {}", disk.display()))?;
    let mut bytes = Vec::new();
    file.take(RESULTS_BYTES).read_to_end(&mut bytes)?;
    parse_results(&bytes)
}

const CUT: &str = "the results that the guest wrote are cut off";

fn parse_results(bytes: &[u8]) -> Result<Option<Vec<Results>>> {
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let (mut runs, mut rest) = (Vec::new(), bytes);
    loop {
        let end = rest.iter().take(100).position(|byte| *byte == b'\n').context(CUT)?;
        let header = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        let mut words = header.split(' ');
        let kind = words.next().unwrap_or_default();
        let numbers: Option<Vec<usize>> = words.map(|word| word.parse().ok()).collect();
        match (kind, numbers.as_deref()) {
            ("hallmark-results-1", Some([code, out, err])) => {
                runs.push(Results {
                    exit_code: i32::try_from(*code)?,
                    stdout: take(&mut rest, *out)?,
                    stderr: take(&mut rest, *err)?,
                });
            }
            ("hallmark-end", Some([count])) if *count == runs.len() => return Ok(Some(runs)),
            _ => bail!("the results that the guest wrote have {header:?} where a run was expected"),
        }
    }
}

fn take(rest: &mut &[u8], length: usize) -> Result<Vec<u8>> {
    let (taken, left) = rest.split_at_checked(length).context(CUT)?;
    *rest = left;
    Ok(taken.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        retry_timeout: Duration::from_secs(60),
        sleep: Duration::from_millis(500),
        start: Duration::from_secs(300),
    };

    #[test]
    fn command_lines_exact_bytes() {
        let own = ["root=UUID=x", "ro", "init=/evil", "panic=10", "dyndbg=file a +p", "--", "systemd.run=x"]
            .map(str::to_owned);
        assert_eq!(
            command_line(&own, "ttyS0", Bring::Booted, PATIENCE),
            "root=UUID=x ro \"dyndbg=file a +p\" console=ttyS0 panic=-1 no_timer_check systemd.run=\"/bin/sh -c 'mkdir /run/hallmark \
             && mount -o ro /dev/disk/by-id/virtio-hallmark-tests /run/hallmark && sh /run/hallmark/run.sh booted \
             60000ms 500ms 300'\" systemd.run_success_action=poweroff-force systemd.run_failure_action=poweroff-force"
        );
        assert_eq!(
            command_line(&[], "ttyAMA0", Bring::Disk, PATIENCE),
            " console=ttyAMA0 panic=-1 init=/bin/sh -- -c \"mkdir /run/hallmark && mount -o ro \
             /dev/disk/by-id/virtio-hallmark-tests /run/hallmark && sh /run/hallmark/run.sh disk 60000ms 500ms 300; \
             sync; echo o > /proc/sysrq-trigger; sleep 60\""
        );
        assert_eq!(quoted("a\" init=/x \"b"), "\"a init=/x b\"");
    }

    #[test]
    fn results_are_whole_or_nothing() {
        let run =
            |code, out: &str, err: &str| Results { exit_code: code, stdout: out.into(), stderr: err.into() };
        for (bytes, expected) in [
            (&b""[..], Ok(None)),
            (&[0; 4096], Ok(None)),
            (b"hallmark-end 0\n\0\0", Ok(Some(vec![]))),
            (b"hallmark-results-1 0 2 0\n{}hallmark-end 1\n\0\0", Ok(Some(vec![run(0, "{}", "")]))),
            (
                b"hallmark-results-1 1 2 3\n{}errhallmark-results-1 0 0 0\nhallmark-end 2\nmore",
                Ok(Some(vec![run(1, "{}", "err"), run(0, "", "")])),
            ),
            (b"hallmark-results-1 1 2 3\n{}errhallmark-end 2\n", Err("where a run was expected")),
            (b"hallmark-results-1 1 2 3\n{}err", Err("cut off")),
            (b"hallmark-results-1 1 2 3\n{}err\0\0\n", Err("where a run was expected")),
            (b"hallmark-results-1 1 2 3\n{}er", Err("cut off")),
            (b"hallmark-results-1 1 2 3", Err("cut off")),
            (b"hallmark-results-1 1 2\n{}", Err("where a run was expected")),
            (b"hallmark-results-1 1 2 3 4\n{}", Err("where a run was expected")),
            (b"hallmark-results-1 1 -2 3\n{}", Err("where a run was expected")),
            (b"hallmark-results-2 1 2 3\n{}", Err("where a run was expected")),
            (b"\x1b[31m\n", Err("where a run was expected")),
            (b"hallmark-results-1 0 18446744073709551615 18446744073709551615\n{}", Err("cut off")),
            (b"hallmark-results-1 99999999999 0 0\n", Err("out of range")),
        ] {
            match (parse_results(bytes), expected) {
                (Ok(got), Ok(expected)) => assert_eq!(got, expected),
                (Err(error), Err(part)) => assert!(format!("{error:#}").contains(part), "{error:#}"),
                (got, _) => panic!("{:?}: {got:?}", String::from_utf8_lossy(bytes)),
            }
        }
    }
}
