//! Environments as they are set up: all of a repository's, read whole, and changed one call at a time.
//!
//! [`Client::environment`] answers what a verdict needs. Here is what somebody needs who keeps environments
//! in a file: the ids of reviewers, the patterns of branches and tags, variables, the names of secrets.

mod patterns;
mod people;
mod settings;
mod variables;

pub use patterns::{Pattern, PatternId, Ref};
pub use people::{Person, PersonId};
pub use settings::{Protection, Settings};
pub use variables::Variable;
