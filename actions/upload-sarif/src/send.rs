//! A file on its way, and what became of it.

use std::time::Duration;

use github::{Client, Error, Processing, Repository, SarifUpload};

use crate::log::Log;
use crate::place::Place;

/// A file that went up.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) results: usize,
    pub(crate) cut: u64,
    pub(crate) runs: Vec<(String, String)>,
    pub(crate) status: Status,
}

/// How far GitHub is with it, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Complete,
    Pending,
    /// What GitHub says, or what kept it from being asked.
    Failed(String),
}

impl Status {
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Pending => "pending",
            Self::Failed(_) => "failed",
        }
    }
}

/// What is the same for every file.
pub(crate) struct Sender<'a> {
    pub(crate) client: &'a Client,
    pub(crate) repository: &'a Repository,
    pub(crate) place: &'a Place,
    pub(crate) checkout: Option<String>,
    pub(crate) validate: bool,
}

impl Sender<'_> {
    pub(crate) async fn send(&self, log: &Log) -> Result<Sent, Error> {
        let upload = SarifUpload {
            commit: &self.place.commit,
            reference: &self.place.reference,
            checkout: self.checkout.as_deref(),
            started: log.started,
            tool: log.tool(),
            validate: self.validate,
            gzipped: &log.gzipped,
        };
        let id = self.client.upload_sarif(self.repository, &upload).await?;
        let name = log.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (results, cut, runs) = (log.results, log.cut, log.runs.clone());
        Ok(Sent { id, name, results, cut, runs, status: Status::Pending })
    }

    /// Until GitHub is done with it, or the time is up.
    pub(crate) async fn wait(&self, sent: &mut Sent, within: Duration) {
        let found = self.client.sarif_processed(self.repository, &sent.id, within).await;
        sent.status = match found {
            Ok(Processing::Pending) => Status::Pending,
            Ok(Processing::Complete) => Status::Complete,
            Ok(Processing::Failed(errors)) if errors.is_empty() => {
                Status::Failed("GitHub did not take it in, without a reason".to_owned())
            }
            Ok(Processing::Failed(errors)) => {
                Status::Failed(format!("GitHub did not take it in: {}", errors.join("; ")))
            }
            Err(error) => Status::Failed(format!("what became of it is not known: {error}")),
        };
    }
}
