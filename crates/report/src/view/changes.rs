//! What is different from the image before.

use model::Severity;
use serde::Serialize;

use super::Package;

/// What is different from the image before: the one that the channel has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// What the image before is called.
    pub since: String,
    /// Findings that the image before did not have, worst first.
    pub new: Vec<Changed>,
    /// Findings that only the image before had, worst first.
    pub fixed: Vec<Changed>,
    /// How many findings both have.
    pub unchanged: usize,
    /// Packages that only this image has.
    pub added: Vec<Package>,
    /// Packages that only the image before had.
    pub removed: Vec<Package>,
    /// Packages that both have, in different versions.
    pub upgraded: Vec<Upgrade>,
}

/// A finding that one of the two images has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// What it is about, as [`super::Finding::class`].
    pub class: String,
    /// The vulnerability, or the rule, the licence, the check.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// The package; empty where it is about a file.
    pub package: String,
    /// The installed version.
    pub version: String,
    /// The path in the image, where it was found by file.
    pub path: Option<String>,
    /// The version that mends it.
    pub fixed: Option<String>,
}

/// A package in the version before, and in the one that took its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Upgrade {
    /// Its name.
    pub name: String,
    /// The version before.
    pub before: String,
    /// The version now.
    pub now: String,
}

impl Changes {
    /// Whether the two images have the same findings and packages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.new.is_empty()
            && self.fixed.is_empty()
            && self.added.is_empty()
            && self.removed.is_empty()
            && self.upgraded.is_empty()
    }
}
