//! An exception as far as a statement can tell of it.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::exceptions::{Exception, Vex};
use crate::problem::At;

/// What an exception says.
#[derive(Debug, Clone)]
pub(super) struct Accepted<'e> {
    pub(super) at: At,
    pub(super) id: Option<&'e str>,
    pub(super) aliases: &'e [String],
    pub(super) class: &'e str,
    pub(super) package: Option<&'e str>,
    pub(super) purl: Option<&'e str>,
    pub(super) version: Option<&'e str>,
    pub(super) has_range: bool,
    pub(super) paths: &'e [String],
    pub(super) images: &'e [String],
    pub(super) environments: &'e [String],
    pub(super) reason: &'e str,
    pub(super) created: Date,
    pub(super) expires: Date,
    pub(super) until_fixed: bool,
    pub(super) vex: Option<&'e Vex>,
}

impl<'e> Accepted<'e> {
    pub(super) fn of(exception: &'e Exception) -> Self {
        Self {
            at: exception.at,
            id: exception.id.as_deref(),
            aliases: &exception.aliases,
            class: exception.class.as_str(),
            package: exception.package.as_deref(),
            purl: exception.purl.as_deref(),
            version: exception.version.as_deref(),
            has_range: exception.versions.is_some(),
            paths: exception.paths.as_ref().map_or(&[], |paths| paths.patterns()),
            images: &exception.images,
            environments: &exception.environments,
            reason: &exception.reason,
            created: exception.created,
            expires: exception.expires,
            until_fixed: exception.until_fixed,
            vex: exception.vex.as_ref(),
        }
    }

    /// Whether it holds at this time, from its first day through its last.
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        self.created <= today && today <= self.expires
    }
}
