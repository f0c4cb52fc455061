//! AWS behind plain types. The SDK's client of EC2 is the longest build of all: nobody but this crate knows it.
//!
//! [`Caller`] is who asks, [`Account`] who is asked, [`Failure`] what is told when a call fails.

mod account;
mod block_map;
mod caller;
pub mod distribution;
mod failure;
mod limiter;
mod machine_image;
mod publisher;
pub mod reaper;
pub mod snapshots;
mod trouble;
pub mod upload;
mod web_identity;

/// Credentials that are asked for again before they expire.
pub use aws_credential_types::provider::SharedCredentialsProvider as Credentials;

pub use account::{Account, Env, LIMITS, Limits, Place};
pub use block_map::BlockMap;
pub use caller::{BUILD_REGION, Caller, REGION, ROLE};
pub use failure::{Answered, Call, Failure, Fate, answer};
pub use machine_image::{Described, ImageError, MachineImage, Volume, describe, tagged};
pub use publisher::{Aws, CONTENT_TAG, Clock, Holder, REJECTED_TAG, RELEASE_TAG, Say, Settings};
pub use web_identity::Role;
