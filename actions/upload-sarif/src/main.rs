//! The program `upload_sarif`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&upload_sarif::ACTION)
}
