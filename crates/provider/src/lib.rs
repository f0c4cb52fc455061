//! Where images are kept and published: the seam [`Provider`], and [`Local`], a directory that behaves like one.
//!
//! What a caller can rely on, whichever provider it is: an image is found by its release before it is created;
//! creating twice creates once; a channel is repointed in one step and remembers what it showed before; and an
//! operation that was killed at any point can be run again and ends in the same state.

mod error;
mod id;
mod local;
mod name;
mod provider;

pub use error::{BoxError, Error};
pub use id::{Distribution, ImageId, Release, ReleaseId};
pub use local::{Digester, Local, Settings};
pub use name::{ChannelName, Name, NameError};
pub use provider::{
    Answer, Begun, Capabilities, Change, Channel, Created, Entry, Image, Intent, Move, NewImage, Operation,
    Provider, Published, RawDisk, Reader, Repointed, Source, State, Step,
};
