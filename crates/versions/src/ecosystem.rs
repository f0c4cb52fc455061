//! Whose versions they are.

use std::fmt;

/// Who decides which of two versions is the newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ecosystem {
    /// Debian and what is built on it.
    Deb,
    /// Red Hat, SUSE and all others with rpm.
    Rpm,
    /// Alpine and Wolfi.
    Apk,
    /// Semantic versions, whoever uses them.
    Semver,
    /// Node's packages.
    Npm,
    /// Rust's crates.
    Cargo,
    /// Python's packages (PEP 440).
    Pypi,
    /// Go's modules.
    Golang,
    /// Java's artifacts.
    Maven,
}

impl Ecosystem {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Deb,
        Self::Rpm,
        Self::Apk,
        Self::Semver,
        Self::Npm,
        Self::Cargo,
        Self::Pypi,
        Self::Golang,
        Self::Maven,
    ];

    /// As `vers:` ranges write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Rpm => "rpm",
            Self::Apk => "apk",
            Self::Semver => "semver",
            Self::Npm => "npm",
            Self::Cargo => "cargo",
            Self::Pypi => "pypi",
            Self::Golang => "golang",
            Self::Maven => "maven",
        }
    }

    /// The one that a `vers:` range names.
    #[must_use]
    pub fn from_vers_scheme(scheme: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == scheme || (scheme == "alpine" && *one == Self::Apk))
    }

    /// The one whose package a purl (or the beginning of one) names.
    #[must_use]
    pub fn of_purl(purl: &str) -> Option<Self> {
        let kind = purl.strip_prefix("pkg:")?.split('/').next()?;
        Self::from_vers_scheme(kind).filter(|one| *one != Self::Semver)
    }

    /// Whether a range of this ecosystem says something about packages of another: only of its own, and
    /// a semantic version's of those ecosystems that have no other versions.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self == other || (self == Self::Semver && matches!(other, Self::Npm | Self::Cargo))
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_purls() {
        for one in Ecosystem::ALL {
            assert_eq!(Ecosystem::from_vers_scheme(one.as_str()), Some(one));
        }
        for (purl, wanted) in [
            ("pkg:deb/debian/openssl@3", Some(Ecosystem::Deb)),
            ("pkg:apk/alpine/musl", Some(Ecosystem::Apk)),
            ("pkg:alpine/musl", Some(Ecosystem::Apk)),
            ("pkg:npm/%40scope/name", Some(Ecosystem::Npm)),
            ("pkg:semver/x", None),
            ("pkg:DEB/debian/openssl", None),
            ("pkg:generic/openssl", None),
            ("deb/debian/openssl", None),
            ("pkg:", None),
            ("", None),
        ] {
            assert_eq!(Ecosystem::of_purl(purl), wanted, "{purl}");
        }
    }

    #[test]
    fn a_range_covers_its_own_ecosystem() {
        for a in Ecosystem::ALL {
            for b in Ecosystem::ALL {
                let covered =
                    a == b || (a == Ecosystem::Semver && [Ecosystem::Npm, Ecosystem::Cargo].contains(&b));
                assert_eq!(a.covers(b), covered, "{a} {b}");
            }
        }
    }
}
