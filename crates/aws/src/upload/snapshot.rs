//! A snapshot that is written: begun, completed, looked at.

use std::collections::BTreeMap;

use aws_sdk_ebs::types::{ChecksumAggregationMethod, ChecksumAlgorithm, Tag};
use aws_sdk_ec2::types::SnapshotState;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Sha256;

use crate::Place;
use crate::failure::{Answered, Failure, Fate, answer};

/// After so many minutes without a block AWS gives a snapshot up by itself: longer than a block is sent again and again,
/// and long enough to take up what was killed.
const GIVEN_UP_AFTER: i32 = 180;

/// A snapshot to be begun.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// The same token gives the same snapshot; with another request it is refused.
    pub token: &'a str,
    /// The size of the volume.
    pub gib: u64,
    /// The snapshot whose blocks it has but for those that are written. It inherits that one's encryption.
    pub parent: Option<&'a str>,
    /// The ARN of the key that it is encrypted with, if there is no parent.
    pub kms_key: Option<&'a str>,
    /// What it is.
    pub description: &'a str,
    /// Its tags, from its birth.
    pub tags: &'a BTreeMap<String, String>,
}

/// What became of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is not there, or is not seen yet.
    Absent,
    /// It is being written, or was written and is being completed.
    Pending,
    /// It can be used. The ARN of its key, if it is encrypted.
    Completed {
        /// That key.
        kms_key: Option<String>,
    },
    /// Nothing will come of it any more, and why.
    Failed(String),
}

/// Begins a snapshot, or finds it begun; gives its id.
///
/// # Errors
/// The call fails.
pub async fn start(place: &Place, start: &Start<'_>) -> Answered<String> {
    let tags = start.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    let about = format!("a snapshot of {} GiB", start.gib);
    let gib = i64::try_from(start.gib).unwrap_or(i64::MAX);
    let key = start.kms_key.filter(|_| start.parent.is_none());
    let call = place
        .ebs
        .start_snapshot()
        .volume_size(gib)
        .client_token(start.token)
        .description(start.description)
        .set_tags(Some(tags))
        .set_parent_snapshot_id(start.parent.map(str::to_owned))
        .set_encrypted(key.map(|_| true))
        .set_kms_key_arn(key.map(str::to_owned))
        .timeout(GIVEN_UP_AFTER);
    let begun = answer(place.call("StartSnapshot", &about), call.send()).await?;
    begun.snapshot_id.filter(|id| !id.is_empty()).ok_or_else(|| {
        Box::new(Failure {
            call: "StartSnapshot",
            about,
            region: place.region.clone(),
            account: place.account.clone(),
            code: String::new(),
            message: "the answer names no snapshot".into(),
            request_id: None,
            fate: Fate::Unknown,
        })
    })
}

/// Says that all blocks were written, how many they were and what they are. AWS refuses it if it has others.
///
/// # Errors
/// The call fails.
pub async fn complete(place: &Place, snapshot: &str, written: u32, checksum: &Sha256) -> Answered<()> {
    let count = i32::try_from(written).unwrap_or(i32::MAX);
    let mut call = place.ebs.complete_snapshot().snapshot_id(snapshot).changed_blocks_count(count);
    // A checksum of nothing is none.
    if written > 0 {
        call = call
            .checksum(STANDARD.encode(checksum.as_bytes()))
            .checksum_algorithm(ChecksumAlgorithm::ChecksumAlgorithmSha256)
            .checksum_aggregation_method(ChecksumAggregationMethod::ChecksumAggregationLinear);
    }
    answer(place.call("CompleteSnapshot", snapshot), call.send()).await.map(drop)
}

/// What became of a snapshot.
///
/// # Errors
/// The call fails.
pub async fn state(place: &Place, snapshot: &str) -> Answered<State> {
    let call = place.ec2.describe_snapshots().snapshot_ids(snapshot);
    let found = match answer(place.call("DescribeSnapshots", snapshot), call.send()).await {
        Ok(found) => found,
        Err(failure) if failure.code == "InvalidSnapshot.NotFound" => return Ok(State::Absent),
        Err(failure) => return Err(failure),
    };
    let Some(found) = found.snapshots().first() else { return Ok(State::Absent) };
    Ok(match found.state() {
        Some(SnapshotState::Completed) => State::Completed { kms_key: found.kms_key_id().map(str::to_owned) },
        Some(SnapshotState::Pending) => State::Pending,
        other => {
            let state = other.map_or("in no state", |state| state.as_str());
            let why = found.state_message().filter(|why| !why.is_empty());
            State::Failed(format!("{state}: {}", why.unwrap_or("AWS does not say why")))
        }
    })
}
