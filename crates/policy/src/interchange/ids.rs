//! What kind of thing an id names, as far as its spelling tells.

/// Names of single vulnerabilities.
const VULNERABILITIES: [&str; 18] = [
    "CVE-", "GHSA-", "TEMP-", "GMS-", "NSWG-", "PYSEC-", "RUSTSEC-", "GO-", "OSV-", "MAL-", "PRISMA-",
    "SNYK-", "CGA-", "BIT-", "AZL-", "PSF-", "HSEC-", "EUVD-",
];

/// Notices of vendors: one may be about several vulnerabilities.
const ADVISORIES: [&str; 17] = [
    "DSA-",
    "DLA-",
    "DTSA-",
    "RHSA-",
    "RHBA-",
    "RHEA-",
    "ELSA-",
    "ALAS",
    "ALSA-",
    "RLSA-",
    "USN-",
    "SUSE-",
    "openSUSE-",
    "FEDORA-",
    "MGASA-",
    "PHSA-",
    "CESA-",
];

/// Checks of configurations.
const CHECKS: [&str; 10] = ["AVD-", "KSV", "KCV", "DS-", "DS0", "AWS-", "AZU-", "GCP-", "OPNSTK-", "CLDSTK-"];

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// One vulnerability.
    Vulnerability,
    /// A vendor's notice, which may be about several.
    Advisory,
    /// A check of a configuration.
    Check,
    /// Its spelling does not tell.
    Unknown,
}

/// What an id names. Letters count: scanners compare ids letter by letter.
pub(super) fn names(id: &str) -> Names {
    let begins = |table: &[&str]| table.iter().any(|prefix| id.starts_with(prefix));
    if begins(&VULNERABILITIES) {
        Names::Vulnerability
    } else if begins(&ADVISORIES) {
        Names::Advisory
    } else if begins(&CHECKS) {
        Names::Check
    } else {
        Names::Unknown
    }
}

/// Whether it would be a known id with other capitals: the scanner finds nothing by it, and ours,
/// which does not look at capitals, would.
pub(super) fn is_misspelt(id: &str) -> bool {
    let all = VULNERABILITIES.iter().chain(&ADVISORIES);
    names(id) == Names::Unknown
        && all
            .into_iter()
            .any(|prefix| id.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix)))
}

/// Whether it can stand as an id in our format: without wildcards, blanks and other surprises.
pub(super) fn is_plain(id: &str, class: Option<&str>) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.:".contains(&b);
    !id.trim().is_empty()
        && match class {
            None => id.bytes().all(plain) && id.contains('-'),
            // Scanners write licences as they find them.
            Some("license") => !id.contains(['*', '\n', '\r']),
            Some(_) => id.bytes().all(|b| plain(b) || b == b'/'),
        }
}
