//! A page with as many findings as are wanted, for those who measure it: `page FINDINGS FILE`.
#![expect(clippy::disallowed_methods, reason = "a tool for developers reads its own command line")]

mod sample;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [findings, file] = &arguments[..] else { return ExitCode::from(2) };
    let Ok(findings) = findings.parse() else { return ExitCode::from(2) };
    let written = report::html::page(&sample::view(findings)).map(|page| std::fs::write(file, page));
    if matches!(written, Ok(Ok(()))) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
