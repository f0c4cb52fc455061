//! What every client of AWS is set up with, whichever service it asks: how long each part of a call may take ([`Limits`]),
//! in which region, where and by whose credentials ([`Setup`]); and what is told of a call that failed ([`Failure`]).

pub mod failure;
mod limits;
mod setup;

/// Credentials that are asked for again before they expire.
pub use aws_credential_types::provider::SharedCredentialsProvider as Credentials;

pub use failure::{Answered, Call, Failure, Fate, answer};
pub use limits::{LIMITS, Limits};
pub use setup::{CREDENTIALS, Env, REGIONS, Setup, endpoint};
