//! What these tests share: the real program as a runner starts it, a copy of the real result, and the keys to forge
//! evidence with.
#![allow(dead_code, unused_imports, reason = "each file of tests uses a part of it")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]
#![expect(
    clippy::disallowed_methods,
    reason = "these tests start programs, and are told where the real result is"
)]

pub(crate) mod browser;
pub(crate) mod devtools;
mod forge;
pub(crate) mod hostile;
pub(crate) mod markup;
mod program;
pub(crate) mod tree;
mod world;

pub(crate) use forge::{key, now};
pub(crate) use program::{ENOUGH, Ran, Step, cache, outputs};
pub(crate) use world::{VERIFIER, World, home};
