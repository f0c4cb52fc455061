//! Sending a SARIF file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Gzipped, NEEDS};
use crate::error::plain;
use crate::{Client, Commit, Error, Repository};

/// A SARIF file on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SarifUpload<'a> {
    /// The commit that was analysed.
    pub commit: &'a Commit,
    /// The ref it is of: `refs/heads/main`, `refs/pull/7/merge`, `refs/tags/v1`.
    pub reference: &'a str,
    /// Where the checkout lay, as `file:///…/`: GitHub takes it off addresses in the file that are absolute.
    pub checkout: Option<&'a str>,
    /// When the analysis began.
    pub started: Option<Timestamp>,
    /// The tool.
    pub tool: Option<&'a str>,
    /// Whether GitHub holds the file to its own rules, which github.com does. The description of Enterprise Server does
    /// not have the member, so that it is only sent where it is wanted.
    pub validate: bool,
    /// The file.
    pub gzipped: &'a Gzipped,
}

/// As GitHub describes it.
#[derive(Serialize)]
struct Body<'a> {
    commit_sha: &'a str,
    #[serde(rename = "ref")]
    reference: &'a str,
    sarif: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkout_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    validate: bool,
}

#[derive(Deserialize)]
struct TheirReceipt {
    id: String,
}

impl Client {
    /// Sends a SARIF file, again while the server is in trouble or asks to wait. Gives back the upload's id.
    ///
    /// # Errors
    /// See [`Error`]; [`Lacking`](super::Lacking) tells which of them mean that code scanning is not to be had.
    pub async fn upload_sarif(
        &self,
        repository: &Repository,
        upload: &SarifUpload<'_>,
    ) -> Result<String, Error> {
        let path = format!("/repos/{repository}/code-scanning/sarifs");
        let body = Body {
            commit_sha: upload.commit.as_str(),
            reference: upload.reference,
            sarif: STANDARD.encode(upload.gzipped.bytes()),
            checkout_uri: upload.checkout,
            started_at: upload.started.map(|at| at.to_string()),
            tool_name: upload.tool,
            validate: upload.validate,
        };
        let receipt: TheirReceipt = self.replaced(&path, NEEDS, &body).await?;
        Ok(plain(&receipt.id))
    }
}
