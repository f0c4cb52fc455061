//! The program `expire`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&expire::ACTION)
}
