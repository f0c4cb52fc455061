//! A message in each service's shape. Every text of a message is somebody else's, and each shape makes it inert in its own way.

pub(crate) mod generic;
pub(crate) mod plain;
pub(crate) mod slack;
pub(crate) mod teams;
