//! The program of one action: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&sign::ACTION)
}
