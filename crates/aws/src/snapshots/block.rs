//! One block: asked for, held against its checksum, hashed, and handed on.

use std::sync::Arc;

use aws_sdk_ebs::primitives::ByteStream;
use aws_sdk_ebs::types::ChecksumAlgorithm;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blocks::{BLOCK, is_zero};
use model::Sha256;

use super::error::ReadError;
use super::sink::Sink;
use crate::failure::{Call, Failure};
use crate::machine_image::ImageError;
use crate::trouble::{Trouble, ask};

/// What the blocks of one snapshot have in common.
pub(super) struct Source {
    pub(super) ebs: aws_sdk_ebs::Client,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) snapshot: String,
    pub(super) sink: Arc<dyn Sink>,
}

/// What became of asking for a block.
pub(super) enum Outcome {
    /// It is in its sink; its SHA-256, none if it is all zero.
    Read(Option<Sha256>),
    /// AWS has enough.
    Throttled(Box<Failure>),
    /// It did not come, or not whole: the error, should it go on like that.
    Again(ReadError),
}

impl Source {
    /// Reads a block once.
    pub(super) async fn read(&self, index: u64, token: &str) -> Result<Outcome, ReadError> {
        let about = format!("{} block {index}", self.snapshot);
        let unusable = |why: String| {
            ReadError::Image(ImageError::Unusable { what: about.clone(), region: self.region.clone(), why })
        };
        let call =
            Call { name: "GetSnapshotBlock", account: &self.account, region: &self.region, about: &about };
        let number = i32::try_from(index).map_err(|_| unusable("has an index too large".to_owned()))?;
        let asked =
            self.ebs.get_snapshot_block().snapshot_id(&self.snapshot).block_index(number).block_token(token);
        let got = match ask(call, asked.send()).await {
            Ok(got) => got,
            Err(Trouble::Throttled(failure)) => return Ok(Outcome::Throttled(failure)),
            Err(Trouble::Passing(failure)) => {
                return Ok(Outcome::Again(ReadError::Image(ImageError::Call(failure))));
            }
            Err(Trouble::Refused(failure)) => return Err(ReadError::refused(&self.snapshot, failure)),
        };
        let said = match (&got.checksum_algorithm, got.checksum) {
            (Some(ChecksumAlgorithm::ChecksumAlgorithmSha256), Some(said)) => said,
            _ => return Err(unusable("came without a SHA-256 to hold it against".to_owned())),
        };
        let bytes = match whole(got.block_data).await {
            Ok(bytes) => bytes,
            Err(wrong) => return Ok(Outcome::Again(unusable(wrong))),
        };
        // On another thread: this one waits for the network.
        let (sink, expected) = (Arc::clone(&self.sink), said.clone());
        let work = tokio::task::spawn_blocking(move || -> Result<Option<Option<Sha256>>, ReadError> {
            let digest = Sha256::of(&bytes);
            if STANDARD.encode(digest.as_bytes()) != expected {
                return Ok(None);
            }
            if is_zero(&bytes) {
                return Ok(Some(None));
            }
            sink.put(index, &bytes)?;
            Ok(Some(Some(digest)))
        });
        let hashed = work.await.map_err(|error| unusable(format!("was not hashed: {error}")))??;
        Ok(match hashed {
            Some(digest) => Outcome::Read(digest),
            None => Outcome::Again(unusable(format!("has other bytes than its checksum {said} is of"))),
        })
    }
}

/// Exactly one block of bytes.
async fn whole(mut body: ByteStream) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(BLOCK);
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| format!("broke off after {} bytes: {error}", bytes.len()))?;
        if bytes.len() + chunk.len() > BLOCK {
            return Err(format!("is longer than {BLOCK} bytes"));
        }
        bytes.extend_from_slice(&chunk);
    }
    if bytes.len() < BLOCK {
        return Err(format!("has {} bytes, not {BLOCK}", bytes.len()));
    }
    Ok(bytes)
}
