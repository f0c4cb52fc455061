//! `hallmark <action>`: the one executable that a release carries.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main_many("hallmark", hallmark::ABOUT, hallmark::ACTIONS)
}
