//! Hashes one disk and prints `{"digest", "bytes", "seconds", "GB/s", …}`: the row that `make bench` reads.
//!
//! usage: digest DISK [THREADS]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measuring program of its own, with no context around it"
)]
fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let Some(disk) = args.next().map(PathBuf::from) else {
        eprintln!("usage: digest DISK [THREADS]");
        return ExitCode::from(2);
    };
    let threads = args.next().and_then(|text| text.to_str()?.parse().ok());
    let start = Instant::now();
    let digested = match blocks::digest_file(&disk, &blocks::Options { threads }) {
        Ok(digested) => digested,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    // Speed is over what was read: holes cost nothing and count for nothing.
    let read = digested.size_bytes - digested.hole_bytes;
    println!(
        r#"{{"digest": "{}", "bytes": {}, "read_bytes": {read}, "seconds": {seconds:.6}, "GB/s": {:.3}}}"#,
        digested.content_digest,
        digested.size_bytes,
        read as f64 / seconds / 1e9,
    );
    ExitCode::SUCCESS
}
