//! The program `close`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&close::ACTION)
}
