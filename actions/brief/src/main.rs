//! The program `brief`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&brief::ACTION)
}
