//! Hashes one snapshot and prints `{"digest", "blocks"}`: the row that `make bench` reads.
//!
//! usage: read SNAPSHOT

use std::process::ExitCode;

use aws::snapshots::{Pace, read_snapshot};
use aws::{Account, LIMITS};

type Failed = Box<dyn std::error::Error>;

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measuring program of its own, with no context around it"
)]
fn main() -> ExitCode {
    let Some(snapshot) = std::env::args().nth(1) else {
        eprintln!("usage: read SNAPSHOT");
        return ExitCode::from(2);
    };
    let env = |name: &str| std::env::var(name).ok();
    let ran = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failed::from)
        .and_then(|runtime| runtime.block_on(run(&env, &snapshot)));
    match ran {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

async fn run(env: &dyn Fn(&str) -> Option<String>, snapshot: &str) -> Result<String, Failed> {
    let region = env("AWS_REGION").unwrap_or_else(|| "us-east-1".into());
    let place = Account::open(&env, &region, &LIMITS).await?.place(&region);
    let digested = read_snapshot(&place, snapshot, Pace::default()).await?.digested;
    Ok(format!(r#"{{"digest": "{}", "blocks": {}}}"#, digested.content_digest, digested.data_blocks))
}
