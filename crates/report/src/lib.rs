//! Rendering only: what was found and decided, as SARIF, Markdown and one HTML page.
//!
//! Nothing here decides. Everything that comes from a package, an advisory, an image or a person
//! is hostile text, and each renderer makes it inert at its own boundary.

pub mod html;
pub mod markdown;
pub mod sarif;
mod view;

pub use view::{Evidence, Exception, Finding, Image, Package, Policy, View, Waived};
