//! The JSON Schemas of the files that people write, for editors: made from the tables by which the reader
//! goes. They say what a file may be made of; what its parts mean together only the reader knows.

mod exceptions;
mod parts;
mod policy;
mod rules;

pub use exceptions::exceptions;
pub use policy::policy;
