//! Writes one disk to a snapshot and prints `{"snapshot", "written", "digest"}`: the row that `make bench` reads. Nothing is
//! registered.
//!
//! usage: upload DISK MAP [PARENT_MAP]        MAP gets which blocks the disk has; with PARENT_MAP only what differs is sent

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aws::upload::{Gate, Pace, Start, State, complete, send, start, state};
use aws::{Account, BlockMap, LIMITS};
use blocks::{Disk, GIB};
use model::Sha256;

type Failed = Box<dyn std::error::Error>;

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measuring program of its own, with no context around it"
)]
fn main() -> ExitCode {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [disk, map, parent @ ..] = args.as_slice() else {
        eprintln!("usage: upload DISK MAP [PARENT_MAP]");
        return ExitCode::from(2);
    };
    let env = |name: &str| std::env::var(name).ok();
    let ran = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failed::from)
        .and_then(|runtime| runtime.block_on(run(&env, disk, map, parent.first().map(PathBuf::as_path))));
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

async fn run(
    env: &dyn Fn(&str) -> Option<String>,
    disk: &Path,
    map: &Path,
    parent: Option<&Path>,
) -> Result<String, Failed> {
    let region = env("AWS_REGION").unwrap_or_else(|| "us-east-1".into());
    let place = Account::open(&env, &region, &LIMITS).await?.place(&region);
    let parent: Option<(BlockMap, String)> = match parent {
        Some(path) => Some((
            serde_json::from_slice(&std::fs::read(path)?)?,
            std::fs::read_to_string(path.with_extension("snapshot"))?,
        )),
        None => None,
    };
    let file = Disk::open(disk)?;
    let about = (disk, file.size_bytes(), parent.as_ref().map(|(_, id)| id));
    let token = Sha256::of(format!("{about:?}").as_bytes()).to_string();
    let begin = Start {
        token: &token,
        gib: file.size_bytes().div_ceil(GIB),
        parent: parent.as_ref().map(|(_, id)| id.as_str()),
        kms_key: None,
        description: "bench",
        tags: &BTreeMap::new(),
    };
    let snapshot = start(&place, &begin).await?;
    let parent = parent.map(|(map, _)| map);
    let seen = send(&place, &snapshot, file, parent, &Gate::new(Pace::default()), &Cell::new(0)).await?;
    complete(&place, &snapshot, seen.written, &seen.checksum).await?;
    while state(&place, &snapshot).await? == State::Pending {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let known = seen.map.ok_or("the disk has too many blocks for a map")?;
    std::fs::write(map, serde_json::to_vec(&known)?)?;
    std::fs::write(map.with_extension("snapshot"), &snapshot)?;
    let digest = seen.digested.content_digest;
    Ok(format!(r#"{{"snapshot": "{snapshot}", "written": {}, "digest": "{digest}"}}"#, seen.written))
}
