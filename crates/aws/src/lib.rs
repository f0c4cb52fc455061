//! AWS behind plain types. The SDK's client of EC2 is the longest build of all: nobody but this crate knows it.
//!
//! [`Caller`] is who asks, [`Account`] who is asked, [`Failure`] what is told when a call fails.

mod account;
mod block_map;
pub mod distribution;
mod gate;
mod limiter;
mod machine_image;
mod publisher;
pub mod reaper;
pub mod snapshots;
mod told;
mod trouble;
pub mod upload;

// Within this crate, as if it were here.
use aws_client::failure;

pub use account::{Account, Place};
pub use aws_client::{Answered, Call, Credentials, Env, Failure, Fate, LIMITS, Limits, answer};
pub use block_map::BlockMap;
pub use caller::{ARCHIVE_REGION, BUILD_REGION, Caller, REGION, ROLE, Role};
pub use gate::Gate;
pub use machine_image::{Described, ImageError, MachineImage, Volume, describe, tagged};
pub use publisher::abandoned;
pub use publisher::{Aws, CONTENT_TAG, Clock, Holder, REJECTED_TAG, RELEASE_TAG, Say, Settings};
pub use told::while_told;
