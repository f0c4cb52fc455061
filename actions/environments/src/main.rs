//! The program `environments`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&environments::ACTION)
}
