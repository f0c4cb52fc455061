//! The doorbell.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&goss_test::ACTION)
}
