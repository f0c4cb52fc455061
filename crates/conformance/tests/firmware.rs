//! The shipped app image starts by itself: firmware, its own boot loader, its own kernel, up to the login prompt. The
//! booted tests start the kernel from outside, so that nothing else proves the way from the firmware on.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]
#![expect(clippy::disallowed_methods, reason = "this test starts the machine itself")]

mod common;

use std::fs;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Instant;

use common::{ENOUGH, home};

/// A machine that does not outlive its test.
struct Machine(Child);

impl Drop for Machine {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).unwrap();
    }
}

#[test]
fn the_image_boots_from_firmware_to_its_login_prompt() {
    let disk = home().join("images/debian-app/disk.raw");
    assert!(disk.is_file(), "{} is not there: `make test` bakes it", disk.display());
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let vars = folder.path().join("vars.fd");
    fs::copy("/usr/share/OVMF/OVMF_VARS_4M.fd", &vars)
        .unwrap_or_else(|error| panic!("the firmware (Debian's ovmf; `make test` installs it): {error}"));
    let mut machine = Command::new("qemu-system-x86_64");
    machine
        .args(["-accel", "tcg,thread=single", "-machine", "q35", "-cpu", "max", "-smp", "2", "-m", "768"])
        .args(["-nodefaults", "-no-reboot", "-display", "none", "-monitor", "none", "-serial", "stdio"])
        .args(["-drive", "if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd"])
        .args(["-drive", &format!("if=pflash,format=raw,unit=1,file={}", vars.display())])
        // Whatever the guest writes is thrown away: the disk is only read.
        .args(["-drive", &format!("if=none,id=disk,format=raw,snapshot=on,file={}", disk.display())])
        .args(["-device", "virtio-blk-pci,drive=disk"])
        .env("TMPDIR", folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let before = disk.metadata().unwrap().modified().unwrap();
    let begun = Instant::now();
    let mut machine = Machine(machine.spawn().unwrap());
    let mut serial = machine.0.stdout.take().unwrap();
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = serial.read(&mut bytes) {
            if send.send(bytes[..length].to_vec()).is_err() {
                break;
            }
        }
    });

    let mut console = Vec::new();
    let shown = |console: &[u8], wanted: &str| console.windows(wanted.len()).any(|w| w == wanted.as_bytes());
    while !shown(&console, "login:") {
        assert!(!shown(&console, "Kernel panic"), "the kernel panicked: {}", end(&console));
        match receive.recv_timeout(ENOUGH.saturating_sub(begun.elapsed())) {
            Ok(bytes) => console.extend(bytes),
            Err(RecvTimeoutError::Timeout) => panic!("no login prompt in {ENOUGH:?}: {}", end(&console)),
            Err(RecvTimeoutError::Disconnected) => panic!("the machine ended: {}", end(&console)),
        }
    }
    assert!(!shown(&console, "Failed to start"), "a unit failed: {}", end(&console));
    drop(machine);
    assert_eq!(disk.metadata().unwrap().modified().unwrap(), before, "the disk was written to");
}

/// The last of what the console showed.
fn end(console: &[u8]) -> String {
    String::from_utf8_lossy(&console[console.len().saturating_sub(4000)..]).into_owned()
}
