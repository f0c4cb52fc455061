//! The program `fetch-image`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&fetch_image::ACTION)
}
