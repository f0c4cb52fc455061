//! `hallmark doctor` on throw-away repositories: one row a fault, with its id, level and line.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]

mod division;
mod files;
mod fixture;
mod hostile;
mod identities;
mod machine;
mod permissions;
mod server;
mod started;
mod told;
mod uses;
mod workflows;
