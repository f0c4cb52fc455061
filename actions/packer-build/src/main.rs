//! The doorbell of `packer-build`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&packer_build::ACTION)
}
