//! The doorbell of the gate.

fn main() -> std::process::ExitCode {
    runner::main(&gate::ACTION)
}
