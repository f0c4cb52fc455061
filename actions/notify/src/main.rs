//! The program `notify`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&notify::ACTION)
}
