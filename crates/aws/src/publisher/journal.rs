//! What was begun: written down under the lease, and struck out.

use std::path::PathBuf;

use provider::{Begun, Error, Intent, ReleaseId};

use super::{Aws, all, records, remote};

impl Aws {
    pub(super) async fn begun(&self, intent: &Intent) -> Result<Begun, Error> {
        self.lease.hold().await?;
        let key = records::intent_key(intent);
        let there = self.records.read::<records::Begun>(&key).await.map_err(remote)?;
        if let Some(there) = &there
            && !there.value.finished
        {
            return Ok(Begun::Before(there.value.intent.clone()));
        }
        let new = records::Begun { intent: intent.clone(), finished: false };
        match self.records.write(&key, &new, there.as_ref()).await.map_err(remote)? {
            Some(_) => Ok(Begun::New),
            None => Err(Error::Lost { what: self.records.place(&key) }),
        }
    }

    /// Keeps evidence beside the records: a runner's disk dies with it.
    pub(super) async fn kept(&self, release: &ReleaseId, files: &[PathBuf]) -> Result<(), Error> {
        all(files.iter().map(|path| async move {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let bytes = std::fs::read(path).map_err(|source| Error::Io {
                what: "read",
                path: path.clone(),
                source,
            })?;
            self.lease.hold().await?;
            self.records.keep(&format!("evidence/{release}/{name}"), &bytes).await.map_err(remote)
        }))
        .await
        .map(drop)
    }

    pub(super) async fn finished(&self, intent: &Intent) -> Result<(), Error> {
        self.lease.hold().await?;
        let key = records::intent_key(intent);
        let there = self.records.read::<records::Begun>(&key).await.map_err(remote)?;
        let Some(there) = there.filter(|there| !there.value.finished) else { return Ok(()) };
        let done = records::Begun { finished: true, ..there.value.clone() };
        match self.records.write(&key, &done, Some(&there)).await.map_err(remote)? {
            Some(_) => Ok(()),
            None => Err(Error::Lost { what: self.records.place(&key) }),
        }
    }
}
