//! The program `register-ami`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&register_ami::ACTION)
}
