//! QEMU's command line: what the throw-away machine consists of.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use model::Architecture;

/// What runs the guest's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accelerator {
    /// QEMU itself, anywhere.
    Tcg,
    /// The processor, where the kernel lets us and it really works.
    Kvm,
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Machine {
    pub(crate) architecture: Architecture,
    pub(crate) accelerator: Accelerator,
    pub(crate) memory_mib: u64,
    pub(crate) cpus: u64,
    pub(crate) kernel: PathBuf,
    pub(crate) initrd: Option<PathBuf>,
    pub(crate) command_line: String,
    /// Overlays of the disks under test, the root disk first.
    pub(crate) overlays: Vec<PathBuf>,
    /// Goss and the specifications, read-only.
    pub(crate) tests: Option<PathBuf>,
    /// What Goss found, raw.
    pub(crate) results: Option<PathBuf>,
}

/// The program that emulates a processor.
pub(crate) const fn program(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::Amd64 => "qemu-system-x86_64",
        Architecture::Arm64 => "qemu-system-aarch64",
    }
}

/// The first serial port, as the guest's kernel calls it.
pub(crate) const fn console(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::Amd64 => "ttyS0",
        Architecture::Arm64 => "ttyAMA0",
    }
}

/// The arguments of [`program`]. Nothing of this machine is in it but what is named: no default
/// devices, no configuration of the user's, a network that leads nowhere.
pub(crate) fn arguments(machine: &Machine) -> Result<Vec<OsString>> {
    let kind = match machine.architecture {
        Architecture::Amd64 => "q35",
        Architecture::Arm64 => "virt",
    };
    let (accelerator, cpu) = match machine.accelerator {
        // One thread for all processors: with one each, a guest's kernel that patches its own code while another
        // processor runs it dies now and then, on a breakpoint of its own that is no longer there.
        Accelerator::Tcg => ("tcg,thread=single", "max"),
        Accelerator::Kvm => ("kvm", "host"),
    };
    let mut arguments: Vec<OsString> = Vec::new();
    let mut add = |flag: &str, value: &str| arguments.extend([flag.into(), value.into()]);
    add("-machine", kind);
    add("-accel", accelerator);
    add("-cpu", cpu);
    add("-m", &format!("{}M", machine.memory_mib));
    add("-smp", &machine.cpus.to_string());
    add("-display", "none");
    add("-chardev", "stdio,id=console,signal=off");
    add("-serial", "chardev:console");
    add("-monitor", "none");
    add("-parallel", "none");
    add("-nic", "user,restrict=on,model=virtio-net-pci");
    add("-device", "virtio-rng-pci");
    if cfg!(target_os = "linux") {
        add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    }
    for (number, overlay) in machine.overlays.iter().enumerate() {
        drive(&mut add, &format!("image{number}"), overlay, "qcow2", "")?;
    }
    if let Some(tests) = &machine.tests {
        drive(&mut add, "tests", tests, "raw", ",readonly=on")?;
    }
    if let Some(results) = &machine.results {
        drive(&mut add, "results", results, "raw", "")?;
    }
    add("-kernel", text(&machine.kernel)?);
    if let Some(initrd) = &machine.initrd {
        add("-initrd", text(initrd)?);
    }
    add("-append", &machine.command_line);
    for flag in ["-nodefaults", "-no-user-config", "-no-reboot"] {
        arguments.push(flag.into());
    }
    Ok(arguments)
}

/// A virtio disk; its serial number is the name by which the guest finds it.
fn drive(add: &mut impl FnMut(&str, &str), id: &str, path: &Path, format: &str, more: &str) -> Result<()> {
    // A comma ends an option's value, unless it is doubled.
    let path = text(path)?.replace(',', ",,");
    add("-drive", &format!("if=none,id={id},format={format}{more},file={path}"));
    add("-device", &format!("virtio-blk-pci,drive={id},serial=hallmark-{id}"));
    Ok(())
}

/// QEMU takes what begins with a scheme (`nbd:`) for a protocol: only absolute paths go in.
fn text(path: &Path) -> Result<&str> {
    match path.to_str() {
        Some(text) if path.is_absolute() => Ok(text),
        _ => bail!("{} cannot be passed to QEMU: an absolute path in UTF-8 is needed", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(architecture: Architecture, accelerator: Accelerator) -> Machine {
        Machine {
            architecture,
            accelerator,
            memory_mib: 512,
            cpus: 2,
            kernel: "/w/kernel".into(),
            initrd: Some("/w/initrd".into()),
            command_line: "root=/dev/vda1 ro".into(),
            overlays: vec!["/w/a,b.qcow2".into()],
            tests: Some("/w/tests.img".into()),
            results: Some("/w/results.img".into()),
        }
    }

    fn words(machine: &Machine) -> String {
        let words = arguments(machine).unwrap();
        words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_whole_command_line() {
        let rest = "-m 512M -smp 2 -display none -chardev stdio,id=console,signal=off -serial chardev:console \
            -monitor none -parallel none -nic user,restrict=on,model=virtio-net-pci -device virtio-rng-pci \
            -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny \
            -drive if=none,id=image0,format=qcow2,file=/w/a,,b.qcow2 -device virtio-blk-pci,drive=image0,serial=hallmark-image0 \
            -drive if=none,id=tests,format=raw,readonly=on,file=/w/tests.img -device virtio-blk-pci,drive=tests,serial=hallmark-tests \
            -drive if=none,id=results,format=raw,file=/w/results.img -device virtio-blk-pci,drive=results,serial=hallmark-results \
            -kernel /w/kernel -initrd /w/initrd -append root=/dev/vda1 ro -nodefaults -no-user-config -no-reboot";
        for (architecture, accelerator, expected, program_name, console_name) in [
            (
                Architecture::Amd64,
                Accelerator::Tcg,
                "-machine q35 -accel tcg,thread=single -cpu max",
                "qemu-system-x86_64",
                "ttyS0",
            ),
            (
                Architecture::Amd64,
                Accelerator::Kvm,
                "-machine q35 -accel kvm -cpu host",
                "qemu-system-x86_64",
                "ttyS0",
            ),
            (
                Architecture::Arm64,
                Accelerator::Tcg,
                "-machine virt -accel tcg,thread=single -cpu max",
                "qemu-system-aarch64",
                "ttyAMA0",
            ),
            (
                Architecture::Arm64,
                Accelerator::Kvm,
                "-machine virt -accel kvm -cpu host",
                "qemu-system-aarch64",
                "ttyAMA0",
            ),
        ] {
            assert_eq!(words(&machine(architecture, accelerator)), format!("{expected} {rest}"));
            assert_eq!((program(architecture), console(architecture)), (program_name, console_name));
        }
    }

    #[test]
    fn what_is_left_out_is_left_out() {
        let mut bare = machine(Architecture::Amd64, Accelerator::Tcg);
        (bare.initrd, bare.tests, bare.results, bare.overlays) = (None, None, None, vec![]);
        let words = words(&bare);
        assert!(!words.contains("-drive") && !words.contains("-initrd"), "{words}");
    }

    #[test]
    fn a_path_that_qemu_would_take_for_something_else_is_refused() {
        for path in ["nbd:localhost:1", "disk.raw", ""] {
            let mut odd = machine(Architecture::Amd64, Accelerator::Tcg);
            odd.overlays = vec![path.into()];
            assert!(arguments(&odd).is_err(), "{path:?}");
        }
    }
}
