//! The kinds of evidence there are: one variant each, and exhaustive matches show the rest.

use std::fmt;
use std::str::FromStr;

/// What a statement is evidence of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Files were checked against detached signatures (our own predicate).
    SignatureVerification,
    /// How an image was built (SLSA provenance v1).
    Provenance,
    /// What tests found (in-toto test-result v0.1).
    TestResult,
    /// What is in an image: a CycloneDX document.
    Sbom,
    /// The same as an SPDX document.
    SpdxSbom,
    /// What a vulnerability scan found (in-toto vulns v0.2).
    Vulns,
    /// What the policy decided, with reasons (our own predicate).
    Verdict,
    /// The same decision in the form that other tools read (SLSA verification summary v1).
    Vsa,
    /// What a person decided (our own predicate).
    Approval,
    /// What was published (in-toto release v0.1).
    Release,
    /// That a run ended without publishing, and how (our own predicate).
    Closure,
}

impl Kind {
    /// Every kind, in the order of the chain.
    pub const ALL: [Self; 11] = [
        Self::SignatureVerification,
        Self::Provenance,
        Self::TestResult,
        Self::Sbom,
        Self::SpdxSbom,
        Self::Vulns,
        Self::Verdict,
        Self::Vsa,
        Self::Approval,
        Self::Release,
        Self::Closure,
    ];

    /// The name in file names, policies and outputs.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::SignatureVerification => "signature-verification",
            Self::Provenance => "provenance",
            Self::TestResult => "test-result",
            Self::Sbom => "sbom",
            Self::SpdxSbom => "spdx-sbom",
            Self::Vulns => "vulns",
            Self::Verdict => "verdict",
            Self::Vsa => "vsa",
            Self::Approval => "approval",
            Self::Release => "release",
            Self::Closure => "closure",
        }
    }

    /// The predicate type that a statement of this kind carries.
    #[must_use]
    pub const fn predicate_type(self) -> &'static str {
        match self {
            Self::SignatureVerification => "https://hallmark.dev/signature-verification/v1",
            Self::Provenance => "https://slsa.dev/provenance/v1",
            Self::TestResult => "https://in-toto.io/attestation/test-result/v0.1",
            Self::Sbom => "https://cyclonedx.org/bom",
            Self::SpdxSbom => "https://spdx.dev/Document",
            Self::Vulns => "https://in-toto.io/attestation/vulns/v0.2",
            Self::Verdict => "https://hallmark.dev/verdict/v1",
            Self::Vsa => "https://slsa.dev/verification_summary/v1",
            Self::Approval => "https://hallmark.dev/approval/v1",
            Self::Release => "https://in-toto.io/attestation/release/v0.1",
            Self::Closure => "https://hallmark.dev/closure/v1",
        }
    }

    /// The kind with this predicate type, spelled exactly so.
    #[must_use]
    pub fn from_predicate_type(predicate_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.predicate_type() == predicate_type)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

/// A word that names no kind of evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of evidence: {wanted} is wanted", wanted = slugs())]
pub struct UnknownKind(pub String);

fn slugs() -> String {
    let slugs: Vec<_> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
    slugs.join(", ")
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.slug() == text)
            .ok_or_else(|| UnknownKind(text.chars().take(80).collect()))
    }
}

impl serde::Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.slug())
    }
}

impl<'de> serde::Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_and_predicate_types_name_one_kind_each() {
        for kind in Kind::ALL {
            assert_eq!(kind.slug().parse(), Ok(kind));
            assert_eq!(Kind::from_predicate_type(kind.predicate_type()), Some(kind));
        }
        let mut slugs: Vec<_> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), Kind::ALL.len());
    }

    #[test]
    fn only_the_exact_spelling_reads() {
        for word in ["", "Vulns", "vuln", "vulns "] {
            assert!(word.parse::<Kind>().is_err(), "{word}");
        }
        assert_eq!(Kind::from_predicate_type("https://in-toto.io/attestation/vulns/v0.1"), None);
        assert_eq!(Kind::from_predicate_type(""), None);
    }
}
