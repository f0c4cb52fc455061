//! Rendering only: what was found and decided, as SARIF, Markdown, plain text and one HTML page.
//!
//! Nothing here decides. Everything that comes from a package, an advisory, an image or a person
//! is hostile text, and each renderer makes it inert at its own boundary.

pub mod html;
pub mod markdown;
pub mod sarif;
pub mod terminal;
mod view;
mod words;

pub use view::{
    AutoApproved, Changed, Changes, Evidence, Exception, Finding, Image, Layer, Package, Policy, Source,
    Upgrade, Vex, View, Waived,
};
