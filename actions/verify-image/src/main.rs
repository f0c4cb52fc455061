//! The program `verify-image`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&verify_image::ACTION)
}
