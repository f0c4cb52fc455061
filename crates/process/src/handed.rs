//! A program that is handed over to a person: a browser, which stays when we are gone.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::{Error, Spec};

/// Starts a program and leaves it to itself: without our streams, in a group of its own, without our mark, so that
/// nothing of ours ends it. Says whether it still ran after `patience`, or had ended well by then. Of the spec, input,
/// limits and notes have no meaning here.
///
/// # Errors
/// It cannot be started.
#[expect(clippy::disallowed_methods, reason = "this crate is the one that spawns")]
pub async fn hand_over(spec: &Spec, patience: Duration) -> Result<bool, Error> {
    let failed = |source| Error::Start { program: spec.program().to_owned(), source };
    let mut command = Command::new(spec.program());
    command
        .args(spec.arguments())
        .env_clear()
        .envs(spec.environment())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    let mut child = command.spawn().map_err(failed)?;
    match tokio::time::timeout(patience, child.wait()).await {
        Err(_) => Ok(true),
        Ok(status) => status.map(|status| status.success()).map_err(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_handed_over_stays() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        let script = format!("(sleep 0.4; echo yes > '{}') & sleep 0.1", kept.display());
        let spec = |script: &str| Spec::new("/bin/sh").args(["-c", script]).env("PATH", "/usr/bin:/bin");
        assert!(hand_over(&spec(&script), Duration::from_secs(20)).await.unwrap());
        for _ in 0..600 {
            if kept.exists() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(kept.exists(), "what it left behind was ended");
        assert!(hand_over(&spec("sleep 5"), Duration::from_millis(50)).await.unwrap());
        assert!(!hand_over(&spec("exit 3"), Duration::from_secs(20)).await.unwrap());
        assert!(hand_over(&Spec::new("/nowhere/at-all"), Duration::from_secs(1)).await.is_err());
    }
}
