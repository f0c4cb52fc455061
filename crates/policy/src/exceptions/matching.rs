//! Whether an exception is about a finding.

use model::Finding;
use versions::Ecosystem;

use super::Exception;
use crate::policy::{Scope, fits};

/// Where a beginning of a purl may end.
const BORDERS: [char; 4] = ['@', '?', '#', '/'];

impl Exception {
    /// Everything that the exception says must fit. What the finding or the scope does not say fits nothing that
    /// the exception says about it.
    #[must_use]
    pub fn matches(&self, finding: &Finding, scope: &Scope<'_>) -> bool {
        self.class == finding.class
            && self.fits_id(finding)
            && self.fits_package(finding)
            && self.fits_version(finding)
            && self.fits_path(finding)
            && fits(&self.images, scope.family)
            && fits(&self.environments, scope.environment)
    }

    /// Every id that it covers: its own and the other ones of the same vulnerability.
    pub(super) fn ids(&self) -> impl Iterator<Item = &String> {
        self.id.iter().chain(&self.aliases)
    }

    fn fits_id(&self, finding: &Finding) -> bool {
        let same = |ours: &String, theirs: &String| ours.eq_ignore_ascii_case(theirs);
        self.id.is_none()
            || self
                .ids()
                .any(|ours| same(ours, &finding.id) || finding.aliases.iter().any(|id| same(ours, id)))
    }

    fn fits_package(&self, finding: &Finding) -> bool {
        let package = &finding.package;
        let named = self
            .package
            .as_ref()
            .is_none_or(|wanted| *wanted == package.name || package.source.as_ref() == Some(wanted));
        let purl = || {
            self.purl
                .as_ref()
                .is_none_or(|wanted| package.purl.as_deref().is_some_and(|purl| begins(purl, wanted)))
        };
        named && purl()
    }

    /// A version that does not read lies in no range, not even in that of every version: nobody can say.
    fn fits_version(&self, finding: &Finding) -> bool {
        let package = &finding.package;
        let exactly = self.version.as_ref().is_none_or(|wanted| *wanted == package.version);
        let within = || {
            self.versions.as_ref().is_none_or(|range| {
                let ecosystem = package.purl.as_deref().and_then(Ecosystem::of_purl);
                ecosystem.is_some_and(|ecosystem| range.ecosystem().covers(ecosystem))
                    && range.contains(&package.version).unwrap_or(false)
            })
        };
        exactly && within()
    }

    fn fits_path(&self, finding: &Finding) -> bool {
        let path = finding.package.path.as_deref();
        self.paths.as_ref().is_none_or(|paths| path.is_some_and(|path| paths.matches(path)))
    }
}

/// A beginning counts only up to a border: `pkg:deb/debian/open` is not one of `…/openssl`.
fn begins(purl: &str, beginning: &str) -> bool {
    purl.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with(BORDERS))
}

/// Everything that [`begins`] a purl, as far as `longest` bytes.
pub(super) fn beginnings(purl: &str, longest: usize) -> impl Iterator<Item = &str> {
    let whole = (purl.len() <= longest).then_some(purl);
    purl.bytes()
        .enumerate()
        .take(longest.saturating_add(1))
        .filter(|(_, byte)| BORDERS.contains(&char::from(*byte)))
        .map(|(at, _)| &purl[..at])
        .chain(whole)
}

#[cfg(test)]
mod tests;
