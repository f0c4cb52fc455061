//! The program `sbom`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&sbom::ACTION)
}
