//! KVM, where it really works.
//!
//! On some machines `/dev/kvm` opens and guests hang, so it is tried: the image's own kernel is
//! started with nothing to mount. It panics, the machine resets, and QEMU ends, in a second or two.

use std::cell::Cell;
use std::future::poll_fn;
use std::path::Path;
use std::task::Poll;
use std::time::Duration;

use anyhow::{Result, bail};
use model::Architecture;
use process::{Line, Processes, Spec};

use crate::qemu::{self, Accelerator, Machine};

/// A kernel that has not panicked by then hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the input says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Auto,
    Tcg,
    Kvm,
}

/// What is known of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kvm {
    /// There is no device, or it is another processor's, or we may not open it.
    Absent,
    /// It opens, and a guest hangs or fails.
    Broken,
    /// A guest ran.
    Works,
}

/// Decides, and says why for the log.
pub(crate) fn choose(wanted: Wanted, kvm: Kvm) -> Result<(Accelerator, &'static str)> {
    Ok(match (wanted, kvm) {
        (Wanted::Tcg, _) => (Accelerator::Tcg, "TCG, as asked"),
        (_, Kvm::Works) => (Accelerator::Kvm, "KVM, which was tried and works"),
        (Wanted::Auto, Kvm::Absent) => (Accelerator::Tcg, "TCG, as there is no KVM for this processor"),
        (Wanted::Auto, Kvm::Broken) => (Accelerator::Tcg, "TCG, as a guest under KVM did not run"),
        (Wanted::Kvm, Kvm::Absent) => {
            bail!("accelerator is kvm, but /dev/kvm cannot be opened here; auto takes TCG")
        }
        (Wanted::Kvm, Kvm::Broken) => {
            bail!("accelerator is kvm, but a guest under it did not run; auto takes TCG")
        }
    })
}

/// Tries KVM, if it can be there at all.
pub(crate) async fn probe(
    processes: &dyn Processes,
    env: &[(String, String)],
    architecture: Architecture,
    kernel: &Path,
    note: &Path,
) -> Result<Kvm> {
    let ours = match std::env::consts::ARCH {
        "x86_64" => Some(Architecture::Amd64),
        "aarch64" => Some(Architecture::Arm64),
        _ => None,
    };
    let opens = std::fs::OpenOptions::new().read(true).write(true).open("/dev/kvm").is_ok();
    if ours != Some(architecture) || !opens {
        return Ok(Kvm::Absent);
    }
    let machine = Machine {
        architecture,
        accelerator: Accelerator::Kvm,
        memory_mib: 256,
        cpus: 2,
        kernel: kernel.to_owned(),
        initrd: None,
        command_line: format!("console={} panic=-1", qemu::console(architecture)),
        overlays: Vec::new(),
        tests: None,
        results: None,
    };
    let spec = Spec::new(qemu::program(architecture))
        .args(qemu::arguments(&machine)?)
        .base_env(env)
        .timeout(PATIENCE)
        .kill_grace(Duration::from_millis(500))
        .note(note);
    let (panicked, broken) = (Cell::new(false), Cell::new(false));
    let mut on_line = |line: Line| match line {
        Line::Stdout(line) => panicked.set(panicked.get() || holds(&line, "Kernel panic")),
        // QEMU then stops the guest and waits for somebody to look at it.
        Line::Stderr(line) => broken.set(broken.get() || holds(&line, "KVM internal error")),
    };
    let mut running = processes.run(spec, &mut on_line);
    let exit = poll_fn(|context| {
        let polled = running.as_mut().poll(context);
        if broken.get() { Poll::Ready(Ok(None)) } else { polled.map_ok(Some) }
    })
    .await?;
    Ok(match exit {
        Some(exit) if exit.cancelled => bail!("cancelled while KVM was tried"),
        Some(exit) if exit.success() && panicked.get() => Kvm::Works,
        _ => Kvm::Broken,
    })
}

fn holds(line: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(line).contains(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truth_table() {
        let tcg = Some(Accelerator::Tcg);
        let with_kvm = Some(Accelerator::Kvm);
        for (wanted, kvm, expected) in [
            (Wanted::Auto, Kvm::Absent, tcg),
            (Wanted::Auto, Kvm::Broken, tcg),
            (Wanted::Auto, Kvm::Works, with_kvm),
            (Wanted::Tcg, Kvm::Absent, tcg),
            (Wanted::Tcg, Kvm::Broken, tcg),
            (Wanted::Tcg, Kvm::Works, tcg),
            (Wanted::Kvm, Kvm::Absent, None),
            (Wanted::Kvm, Kvm::Broken, None),
            (Wanted::Kvm, Kvm::Works, with_kvm),
        ] {
            let chosen = choose(wanted, kvm).ok().map(|(accelerator, _)| accelerator);
            assert_eq!(chosen, expected, "{wanted:?} {kvm:?}");
        }
    }
}
