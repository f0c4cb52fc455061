//! `grype-scan`, one program for runners and people. Everything is in `lib.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&grype_scan::ACTION)
}
