//! The program `archive`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&archive_action::ACTION)
}
