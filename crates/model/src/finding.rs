//! What scanners find, in one shape for all of them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CvssScore, Epss, Kev, Record, Region, Severity, Sha256, Shared, Text};

/// A package as it is installed in the image.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// The binary package's name.
    pub name: String,
    /// The source package it was built from, where the ecosystem has such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The installed version, in the ecosystem's own spelling.
    pub version: String,
    /// The package URL, with version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// The path in the image, for packages that are found by file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The layer of the image that brought it; of a file in a repository's history the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
}

impl Package {
    /// `deb`, `npm` …: one name may be a package in each. Empty where there is no purl.
    #[must_use]
    pub fn ecosystem(&self) -> &str {
        let rest = self.purl.as_deref().and_then(|purl| purl.strip_prefix("pkg:")).unwrap_or_default();
        rest.split_once('/').map_or("", |(kind, _)| kind)
    }

    /// Which package it is, whatever its version: the purl without version and qualifiers, else the name.
    #[must_use]
    pub fn identity(&self) -> &str {
        self.purl.as_deref().map_or(&self.name, purl_without_version)
    }
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// A known vulnerability of a package.
    #[default]
    Vulnerability,
    /// Something secret in a file.
    Secret,
    /// A licence of a package or file.
    License,
    /// A setting that a check speaks against.
    Misconfiguration,
    /// A flaw in code that a rule speaks against (CWE calls it a weakness).
    Weakness,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 5] =
        [Self::Vulnerability, Self::Secret, Self::License, Self::Misconfiguration, Self::Weakness];

    /// As it is written in policies, outputs and evidence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vulnerability => "vulnerability",
            Self::Secret => "secret",
            Self::License => "license",
            Self::Misconfiguration => "misconfiguration",
            Self::Weakness => "weakness",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    const fn is_vulnerability(&self) -> bool {
        matches!(self, Self::Vulnerability)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that one scanner found: a vulnerability of a package, or what else its class says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is about.
    #[serde(default, skip_serializing_if = "Class::is_vulnerability")]
    pub class: Class,
    /// The id the scanner used: `CVE-…`, `GHSA-…`, `DSA-…`; of a secret its rule, of a licence its
    /// name, of a misconfiguration its check.
    pub id: String,
    /// Other ids of the same vulnerability.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The package it was found in. What is found in a file has the file's path here, and may have
    /// no package's name.
    pub package: Package,
    /// The severity that decisions use, chosen by the scanner's stated rule.
    pub severity: Severity,
    /// Who set it, where the report says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity_source: Option<String>,
    /// What each source said.
    #[serde(default, skip_serializing_if = "none_said")]
    pub severities: Shared<BTreeMap<String, Severity>>,
    /// The version that mends it in this distribution; none known, none written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_version: Option<String>,
    /// The distribution's word on it: `affected`, `will_not_fix`, `fix_deferred` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// One line. Hostile text.
    pub title: Text,
    /// Some lines. Hostile text.
    pub description: Text,
    /// The highest CVSS base score among the sources (0.0 to 10.0).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cvss: Option<f64>,
    /// The CVSS scores of all sources.
    #[serde(default, skip_serializing_if = "none_of")]
    pub scores: Shared<Vec<CvssScore>>,
    /// How likely it is to be exploited, where the report says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epss: Option<Epss>,
    /// That it is known to be exploited, where the report says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kev: Option<Kev>,
    /// The lines of the file, of what is found in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// Where to read more. Hostile text.
    #[serde(default, skip_serializing_if = "none_of")]
    pub links: Shared<Vec<String>>,
    /// When it was published (RFC 3339), where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// The scanner that said so.
    pub scanner: String,
    /// Where the scanner's own record lies in its report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
}

/// What stays the same about a finding over rebuilds, new package versions and renamed images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub Sha256);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Finding {
    /// A finding of which nothing is known yet but what it is and who found it.
    #[must_use]
    pub fn new(class: Class, id: impl Into<String>, scanner: impl Into<String>) -> Self {
        Self {
            class,
            id: id.into(),
            aliases: Vec::new(),
            package: Package::default(),
            severity: Severity::Unknown,
            severity_source: None,
            severities: Shared::default(),
            fixed_version: None,
            status: None,
            title: Text::default(),
            description: Text::default(),
            cvss: None,
            scores: Shared::default(),
            epss: None,
            kev: None,
            region: None,
            links: Shared::default(),
            published: None,
            scanner: scanner.into(),
            record: None,
        }
    }

    /// Takes the CVSS scores, of which the highest decides. What is no score between 0 and 10 is left out.
    #[must_use]
    pub fn scored(mut self, scores: impl Into<Shared<Vec<CvssScore>>>) -> Self {
        let within = |one: &CvssScore| (0.0..=10.0).contains(&one.score);
        self.scores = scores.into();
        if !self.scores.iter().all(within) {
            self.scores.retain(within);
        }
        self.cvss = self.scores.iter().map(|one| one.score).reduce(f64::max);
        self
    }

    /// Whether it is a vulnerability with a fixed version that is known for this distribution.
    #[must_use]
    pub const fn fixable(&self) -> bool {
        self.class.is_vulnerability() && self.fixed_version.is_some()
    }

    /// The id, the package without its version, the path in the image, the image family; and the
    /// class, where it is no vulnerability.
    #[must_use]
    pub fn fingerprint(&self, family: &str) -> Fingerprint {
        let package = self.package.identity();
        let path = self.package.path.as_deref().unwrap_or_default();
        // Each part carries its length, so that no two lists of parts give the same bytes.
        let mut bytes = Vec::with_capacity(256);
        let class = (!self.class.is_vulnerability()).then_some(self.class.as_str());
        let parts = ["hallmark-fingerprint-1", &self.id, package, path, family].into_iter().chain(class);
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        Fingerprint(Sha256::of(&bytes))
    }
}

fn none_of<T>(list: &[T]) -> bool {
    list.is_empty()
}

fn none_said(said: &BTreeMap<String, Severity>) -> bool {
    said.is_empty()
}

/// A purl up to its version: qualifiers and subpath follow the version and go with it.
fn purl_without_version(purl: &str) -> &str {
    let end = purl.find(['?', '#']).unwrap_or(purl.len());
    let purl = &purl[..end];
    // An `@` in a namespace is written `%40`, so the last one begins the version.
    purl.rfind('@').map_or(purl, |at| &purl[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(purl: &str) -> Finding {
        let package = Package { name: "p".into(), purl: Some(purl.into()), ..Package::default() };
        Finding {
            package,
            severity: Severity::Low,
            ..Finding::new(Class::Vulnerability, "CVE-2026-1", "trivy")
        }
    }

    #[test]
    fn a_fingerprint_outlives_versions_and_nothing_else() {
        let base = finding("pkg:deb/debian/p@1.0?arch=amd64&distro=debian-13").fingerprint("web");
        assert_eq!(base, finding("pkg:deb/debian/p@2.0-1?arch=arm64").fingerprint("web"));
        assert_eq!(base, finding("pkg:deb/debian/p").fingerprint("web"));
        assert_ne!(base, finding("pkg:deb/debian/q@1.0").fingerprint("web"));
        assert_ne!(base, finding("pkg:deb/debian/p@1.0").fingerprint("db"));
        let mut other = finding("pkg:deb/debian/p@1.0");
        other.package.path = Some("/usr/bin/p".into());
        assert_ne!(base, other.fingerprint("web"));
    }

    #[test]
    fn a_fingerprint_tells_classes_apart_and_of_a_vulnerability_stays_what_it_was() {
        let finding = finding("pkg:deb/debian/p@1.0");
        let parts: [&str; 5] = ["hallmark-fingerprint-1", "CVE-2026-1", "pkg:deb/debian/p", "", "web"];
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        assert_eq!(finding.fingerprint("web"), Fingerprint(Sha256::of(&bytes)));
        let all: std::collections::BTreeSet<_> =
            Class::ALL.map(|class| Finding { class, ..finding.clone() }.fingerprint("web")).into();
        assert_eq!(all.len(), Class::ALL.len());
    }

    #[test]
    fn a_class_is_written_where_it_is_no_vulnerability_and_only_those_can_be_fixed() {
        for class in Class::ALL {
            let fixed = Some("2".to_owned());
            let one = Finding { class, fixed_version: fixed, ..finding("pkg:deb/debian/p@1.0") };
            let written = serde_json::to_value(&one).unwrap();
            let vulnerability = class == Class::Vulnerability;
            assert_eq!(written.get("class").is_none(), vulnerability, "{class}");
            assert!(vulnerability || written["class"] == class.as_str());
            assert_eq!(serde_json::from_value::<Finding>(written).unwrap(), one);
            assert_eq!(one.fixable(), vulnerability, "{class}");
        }
    }

    #[test]
    fn a_scoped_package_keeps_its_namespace() {
        assert_eq!(purl_without_version("pkg:npm/%40scope/name@1.2#sub/dir"), "pkg:npm/%40scope/name");
        assert_eq!(purl_without_version(""), "");
    }
}
