//! Certificates, logs and timestamps: what is accepted, and what each forgery is called.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod attacks;
mod forgeries;
mod identities;
mod keys;
mod legacy;
mod recorded;
mod support;
