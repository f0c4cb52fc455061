//! Why a file is refused: stable codes, each with a sentence and a line of the manifest.

use attest::ProofError;

use crate::manifest::Place;

macro_rules! codes {
    ($($code:ident = $text:literal,)*) => {
        /// What is wrong, under a name that stays. What each means, the README says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code {
            $($code,)*
        }

        impl Code {
            /// Every code.
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$code,)*];

            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $text,)*
                }
            }
        }
    };
}

codes! {
    // What there is.
    NoFiles = "no-files",
    MissingFile = "missing-file",
    MissingSignature = "missing-signature",
    MissingKey = "missing-key",
    MissingTrustRoot = "missing-trust-root",
    SymbolicLink = "symbolic-link",
    NotAFile = "not-a-file",
    TooLong = "too-long",
    UnsupportedName = "unsupported-name",
    // Who may sign.
    UnknownKey = "unknown-key",
    UnsupportedKey = "unsupported-key",
    WeakKey = "weak-key",
    KeyService = "key-service",
    BadTrustRoot = "bad-trust-root",
    ExpiredTrustRoot = "expired-trust-root",
    // Who signed.
    UnsupportedSignature = "unsupported-signature",
    BadSignature = "bad-signature",
    TooFewSigners = "too-few-signers",
    DigestMismatch = "digest-mismatch",
    // What a bundle proves.
    MalformedBundle = "malformed-bundle",
    UnsupportedBundle = "unsupported-bundle",
    OtherArtifact = "other-artifact",
    UnknownSigner = "unknown-signer",
    UnknownIdentity = "unknown-identity",
    EmptyIdentity = "empty-identity",
    BadCertificate = "bad-certificate",
    CertificateNotValid = "certificate-not-valid",
    BadCertificateLog = "bad-certificate-log",
    NoLogEntry = "no-log-entry",
    UnknownLog = "unknown-log",
    OtherLogEntry = "other-log-entry",
    BadInclusionProof = "bad-inclusion-proof",
    BadInclusionPromise = "bad-inclusion-promise",
    BadCheckpoint = "bad-checkpoint",
    BadIntegratedTime = "bad-integrated-time",
    BadTimestamp = "bad-timestamp",
    NoTimestamp = "no-timestamp",
    NoSigningTime = "no-signing-time",
    // What it says.
    OtherPredicate = "other-predicate",
    // How it was built.
    NoProvenance = "no-provenance",
    OtherProvenance = "other-provenance",
    // Lists of checksums.
    EmptyChecksums = "empty-checksums",
    MalformedChecksums = "malformed-checksums",
    UnsupportedChecksums = "unsupported-checksums",
    DuplicateName = "duplicate-name",
    OutsideFolder = "outside-folder",
}

impl From<&ProofError> for Code {
    fn from(error: &ProofError) -> Self {
        match error {
            ProofError::Malformed(_) => Self::MalformedBundle,
            ProofError::Unsupported(_) => Self::UnsupportedBundle,
            ProofError::NeedsWhole => Self::TooLong,
            ProofError::UnknownSigner(_) => Self::UnknownSigner,
            ProofError::UnknownIdentity { .. } => Self::UnknownIdentity,
            ProofError::EmptyIdentity => Self::EmptyIdentity,
            ProofError::BadSignature => Self::BadSignature,
            ProofError::OtherArtifact(_) => Self::OtherArtifact,
            ProofError::Certificate(_) => Self::BadCertificate,
            ProofError::CertificateTime(_) => Self::CertificateNotValid,
            ProofError::ExpiredRoot { .. } => Self::ExpiredTrustRoot,
            ProofError::CertificateLog(_) => Self::BadCertificateLog,
            ProofError::NoLogEntry => Self::NoLogEntry,
            ProofError::UnknownLog(_) => Self::UnknownLog,
            ProofError::InclusionProof(_) => Self::BadInclusionProof,
            ProofError::Checkpoint(_) => Self::BadCheckpoint,
            ProofError::InclusionPromise(_) => Self::BadInclusionPromise,
            ProofError::LogEntry(_) => Self::OtherLogEntry,
            ProofError::IntegratedTime(_) => Self::BadIntegratedTime,
            ProofError::Timestamp(_) => Self::BadTimestamp,
            ProofError::NoTime => Self::NoSigningTime,
        }
    }
}

/// One reason. Its message may hold hostile text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) place: Option<Place>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_readme_explains_every_reason_and_no_other() {
        let readme = include_str!("../README.md");
        let section = readme.split("## What it decides").nth(1).unwrap().split("\n## ").next().unwrap();
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        let explained: Vec<&str> =
            rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2)).collect();
        let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len(), "no two codes are one word");
        assert_eq!(explained.iter().copied().collect::<BTreeSet<_>>(), codes);
        assert_eq!(explained.len(), codes.len(), "a reason is explained once");
    }

    #[test]
    fn an_error_of_a_proof_keeps_its_code() {
        let text = || "x".to_owned();
        let identity = Box::default();
        for error in [
            ProofError::Malformed(text()),
            ProofError::Unsupported(text()),
            ProofError::NeedsWhole,
            ProofError::UnknownSigner(text()),
            ProofError::UnknownIdentity { identity, differs: "`subject` is another".into() },
            ProofError::EmptyIdentity,
            ProofError::BadSignature,
            ProofError::OtherArtifact(text()),
            ProofError::Certificate(text()),
            ProofError::CertificateTime(text()),
            ProofError::ExpiredRoot { root: text(), what: text() },
            ProofError::CertificateLog(text()),
            ProofError::NoLogEntry,
            ProofError::UnknownLog(text()),
            ProofError::InclusionProof(text()),
            ProofError::Checkpoint(text()),
            ProofError::InclusionPromise(text()),
            ProofError::LogEntry(text()),
            ProofError::IntegratedTime(text()),
            ProofError::Timestamp(text()),
            ProofError::NoTime,
        ] {
            assert_eq!(Code::from(&error).as_str(), error.code());
        }
    }
}
