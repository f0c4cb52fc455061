//! Whether an exception is about a finding.

use model::Finding;

use super::Exception;

impl Exception {
    /// Everything that the exception says must fit: id or alias, package, purl, version, family.
    #[must_use]
    pub fn matches(&self, finding: &Finding, family: &str) -> bool {
        let package = &finding.package;
        let id =
            std::iter::once(&finding.id).chain(&finding.aliases).any(|id| id.eq_ignore_ascii_case(&self.id));
        let name = self
            .package
            .as_ref()
            .is_none_or(|wanted| *wanted == package.name || package.source.as_ref() == Some(wanted));
        let purl = self
            .purl
            .as_ref()
            .is_none_or(|prefix| package.purl.as_deref().is_some_and(|purl| purl_starts_with(purl, prefix)));
        let version = self.version.as_ref().is_none_or(|wanted| *wanted == package.version);
        let image = self.images.is_empty() || self.images.iter().any(|image| image == family);
        id && name && purl && version && image
    }
}

/// A prefix counts only up to a border: `pkg:deb/debian/open` is not a beginning of `…/openssl`.
fn purl_starts_with(purl: &str, prefix: &str) -> bool {
    purl.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['@', '?', '#', '/']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exceptions::Exceptions;
    use crate::policy::ExceptionLimits;
    use jiff::SignedDuration;
    use model::{Package, Severity};

    fn finding() -> Finding {
        Finding {
            id: "CVE-2026-1".into(),
            aliases: vec!["GHSA-aaaa".into(), "DSA-5-1".into()],
            package: Package {
                name: "libssl3".into(),
                source: Some("openssl".into()),
                version: "3.0.1".into(),
                purl: Some("pkg:deb/debian/libssl3@3.0.1?arch=amd64".into()),
                ..Package::default()
            },
            severity: Severity::High,
            severities: std::collections::BTreeMap::new(),
            fixed_version: None,
            status: None,
            title: String::new(),
            description: String::new(),
            cvss: None,
            links: vec![],
            published: None,
            scanner: "s".into(),
            record: None,
        }
    }

    fn exception(text: &str) -> Exception {
        let day = SignedDuration::from_hours(24);
        let limits = ExceptionLimits { max_lifetime: day * 90, warn_before: day };
        let text = format!(
            "version: 1\nexceptions:\n  - {{{text}, reason: r, owner: o, created: 2026-01-01, expires: 2026-02-01}}\n"
        );
        Exceptions::parse("e", &text, limits).unwrap().list()[0].clone()
    }

    #[test]
    fn truth_table() {
        for (text, fits) in [
            ("id: CVE-2026-1", true),
            ("id: cve-2026-1", true),
            ("id: GHSA-aaaa", true),
            ("id: DSA-5-1", true),
            ("id: CVE-2026-11", false),
            ("id: CVE-2026-1, package: libssl3", true),
            ("id: CVE-2026-1, package: openssl", true),
            ("id: CVE-2026-1, package: libssl", false),
            ("id: CVE-2026-1, purl: 'pkg:deb/debian/libssl3'", true),
            ("id: CVE-2026-1, purl: 'pkg:deb/debian/libssl3@3.0.1'", true),
            ("id: CVE-2026-1, purl: 'pkg:deb/debian/libssl'", false),
            ("id: CVE-2026-1, package: libssl3, version: '3.0.1'", true),
            ("id: CVE-2026-1, package: libssl3, version: '3.0'", false),
            ("id: CVE-2026-1, images: [a, family]", true),
            ("id: CVE-2026-1, images: family", true),
            ("id: CVE-2026-1, images: [a]", false),
            ("id: CVE-2026-1, package: libssl3, images: [a]", false),
        ] {
            assert_eq!(exception(text).matches(&finding(), "family"), fits, "{text}");
        }
        let mut without = finding();
        without.package.purl = None;
        assert!(!exception("id: CVE-2026-1, purl: 'pkg:deb/debian/libssl3'").matches(&without, "family"));
    }
}
