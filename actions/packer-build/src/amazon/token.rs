//! A web identity's token in a file that is kept fresh: it holds for some minutes, and a build takes hours. Whoever holds
//! it can be the role and nothing else; what it is asked for with never leaves this process.

use anyhow::{Context as _, Result};
use runner::{Context, Secret};
use services::AwsTokens;
use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::task::JoinHandle;

/// GitHub's tokens hold for five minutes or more.
const RENEW: Duration = Duration::from_secs(120);
/// After a try that failed.
const AGAIN: Duration = Duration::from_secs(10);

/// Keeps the file fresh until it is dropped.
pub(super) struct Keeper(JoinHandle<()>);

impl Keeper {
    /// Writes the first token, and goes on from there.
    pub(super) async fn start(ctx: &mut Context, tokens: AwsTokens, file: PathBuf) -> Result<Self> {
        let first = tokens.ask().await?;
        ctx.mask(&first);
        write(&file, &first)?;
        Ok(Self(tokio::spawn(async move {
            let mut pause = RENEW;
            loop {
                tokio::time::sleep(pause).await;
                let renewed = tokens.ask().await.and_then(|token| write(&file, &token));
                pause = if renewed.is_ok() { RENEW } else { AGAIN };
            }
        })))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A reader sees one token or the next, whole; nobody else can read either.
fn write(file: &Path, token: &Secret) -> Result<()> {
    let fresh = file.with_extension("new");
    let write = || -> std::io::Result<()> {
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut to = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        to.write_all(token.expose().as_bytes())?;
        fs::rename(&fresh, file)
    };
    write().with_context(|| format!("cannot write {}", file.display()))
}
