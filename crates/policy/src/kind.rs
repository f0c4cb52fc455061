//! The kinds of evidence a policy speaks about, and the ways an image can be seen.

use std::fmt;

/// A kind of evidence. One more variant, and the matches show what else it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvidenceKind {
    /// Files against detached signatures, before the bake.
    SignatureVerification,
    /// SLSA provenance: what went into the image.
    Provenance,
    /// What a test tool found.
    TestResult,
    /// What is in the image, as CycloneDX.
    Sbom,
    /// The same as SPDX.
    SpdxSbom,
    /// What a vulnerability scanner found.
    Vulns,
    /// A verification summary. As an input: that of the image this one was built on.
    Vsa,
    /// The gate's verdict. Never an input of a decision; the policy says who may sign it.
    Verdict,
    /// A person's approval of a `review` verdict.
    Approval,
    /// What was published. Never an input of a decision.
    Release,
    /// That a run ended without publishing. Never an input of a decision.
    Closure,
}

impl EvidenceKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::SignatureVerification,
        Self::Provenance,
        Self::TestResult,
        Self::Sbom,
        Self::SpdxSbom,
        Self::Vulns,
        Self::Vsa,
        Self::Verdict,
        Self::Approval,
        Self::Release,
        Self::Closure,
    ];

    /// As policies and file names write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignatureVerification => "signature-verification",
            Self::Provenance => "provenance",
            Self::TestResult => "test-result",
            Self::Sbom => "sbom",
            Self::SpdxSbom => "spdx-sbom",
            Self::Vulns => "vulns",
            Self::Vsa => "vsa",
            Self::Verdict => "verdict",
            Self::Approval => "approval",
            Self::Release => "release",
            Self::Closure => "closure",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether a policy can require it: the others come after the decision.
    #[must_use]
    pub const fn can_be_required(self) -> bool {
        match self {
            Self::SignatureVerification
            | Self::Provenance
            | Self::TestResult
            | Self::Sbom
            | Self::SpdxSbom
            | Self::Vulns
            | Self::Vsa => true,
            Self::Verdict | Self::Approval | Self::Release | Self::Closure => false,
        }
    }

    /// The ways of seeing that a policy can ask of it; empty where the question makes no sense.
    #[must_use]
    pub const fn ways_to_see(self) -> &'static [Seen] {
        match self {
            Self::TestResult => &[Seen::Booted, Seen::Disk],
            Self::Sbom => &[Seen::Disk, Seen::Rootfs],
            Self::Vulns => &[Seen::Disk, Seen::Rootfs, Seen::Source],
            Self::SignatureVerification
            | Self::Provenance
            | Self::SpdxSbom
            | Self::Vsa
            | Self::Verdict
            | Self::Approval
            | Self::Release
            | Self::Closure => &[],
        }
    }
}

impl fmt::Display for EvidenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a test or scan saw the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seen {
    /// Running, from a throw-away overlay of its disk.
    Booted,
    /// Its disk, not running.
    Disk,
    /// A root file system taken out of it.
    Rootfs,
    /// The sources that it was made from, and not the image.
    Source,
    /// From inside the build: can fail it fast, never satisfies a requirement.
    InBuild,
    /// Something else than the image: a list of its contents, a container, a report from elsewhere.
    Indirect,
}

impl Seen {
    /// As policies write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Booted => "booted",
            Self::Disk => "disk",
            Self::Rootfs => "rootfs",
            Self::Source => "source",
            Self::InBuild => "in-build",
            Self::Indirect => "indirect",
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_kind() {
        for kind in EvidenceKind::ALL {
            assert_eq!(EvidenceKind::from_name(kind.as_str()), Some(kind));
        }
        assert_eq!(EvidenceKind::from_name(""), None);
    }

    #[test]
    fn nothing_indirect_can_be_asked_for() {
        for kind in EvidenceKind::ALL {
            assert!(
                !kind.ways_to_see().iter().any(|s| matches!(s, Seen::InBuild | Seen::Indirect)),
                "{kind}"
            );
        }
    }
}
