//! Each way in which a proof fails, with a stable code.

use signers::Identity;
use sigstore_types::Bundle;
use sigstore_verify::{CertificateError, Error, TimestampError, TransparencyLogError};

use crate::trust::TrustRoot;

/// Why a bundle proves nothing about a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It does not read as a bundle, or contradicts itself.
    #[error("this is not a Sigstore bundle: {0}")]
    Malformed(String),
    /// A form that is not read.
    #[error("the bundle carries {0}, which is not read")]
    Unsupported(String),
    /// The signature needs the whole file in memory, and the file is too long or was not read for that.
    #[error(
        "the signature is over the file itself or by another digest than SHA-256, which needs the whole file in memory"
    )]
    NeedsWhole,
    /// A kind of signer of which nobody is trusted.
    #[error("it is signed by {0}")]
    UnknownSigner(String),
    /// A genuine certificate of somebody else.
    #[error("it is signed by {identity}, who is not meant: {differs}")]
    UnknownIdentity {
        /// Who signed.
        identity: Box<Identity>,
        /// In what this is another one than the nearest rule says.
        differs: String,
    },
    /// The certificate names nobody, or no issuer.
    #[error("the certificate does not say whom it was issued to, or by whose word")]
    EmptyIdentity,
    /// The signature was not made by the key over these bytes.
    #[error("the signature was not made by that signer over these bytes")]
    BadSignature,
    /// It is about another file.
    #[error("the bundle is about another file: {0}")]
    OtherArtifact(String),
    /// The certificate does not chain to the root, or is no code-signing certificate.
    #[error("the certificate is refused: {0}")]
    Certificate(String),
    /// The certificate was not valid when the signature was made.
    #[error("the certificate was not valid when it was signed: {0}")]
    CertificateTime(String),
    /// The root had stopped to vouch for anybody when the signature was made.
    #[error("the trusted root {root} has expired: {what}")]
    ExpiredRoot {
        /// The root's name.
        root: String,
        /// What had ended.
        what: String,
    },
    /// No proof that the certificate was logged, or a wrong one.
    #[error("the certificate's log timestamp (SCT) is missing or wrong: {0}")]
    CertificateLog(String),
    /// There is no entry of a transparency log.
    #[error(
        "there is no entry of a transparency log, so nobody else can have seen that this was signed; where an instance keeps none, the identity says so by `waive: [transparency-log]`"
    )]
    NoLogEntry,
    /// The entry is of a log that is not trusted.
    #[error("the log entry is of a log that the trusted root does not name: {0}")]
    UnknownLog(String),
    /// The entry is not proven to be in the log.
    #[error("the log's inclusion proof is wrong or missing: {0}")]
    InclusionProof(String),
    /// The log's state is not signed by the log.
    #[error("the log's checkpoint is wrong or missing: {0}")]
    Checkpoint(String),
    /// The log's promise is not signed by the log.
    #[error("the log's inclusion promise (SET) is wrong or missing: {0}")]
    InclusionPromise(String),
    /// The entry is about something else.
    #[error("the log entry is about another signature: {0}")]
    LogEntry(String),
    /// The log's time is impossible.
    #[error("the log's integrated time is refused: {0}")]
    IntegratedTime(String),
    /// A timestamp is not by an authority that is trusted, or not over this signature.
    #[error("the timestamp is refused: {0}")]
    Timestamp(String),
    /// Nothing says when it was signed.
    #[error("neither a log nor a timestamp authority says when it was signed")]
    NoTime,
}

impl ProofError {
    /// A stable name for reasons and tests.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed-bundle",
            Self::Unsupported(_) => "unsupported-bundle",
            Self::NeedsWhole => "too-long",
            Self::UnknownSigner(_) => "unknown-signer",
            Self::UnknownIdentity { .. } => "unknown-identity",
            Self::EmptyIdentity => "empty-identity",
            Self::BadSignature => "bad-signature",
            Self::OtherArtifact(_) => "other-artifact",
            Self::Certificate(_) => "bad-certificate",
            Self::CertificateTime(_) => "certificate-not-valid",
            Self::ExpiredRoot { .. } => "expired-trust-root",
            Self::CertificateLog(_) => "bad-certificate-log",
            Self::NoLogEntry => "no-log-entry",
            Self::UnknownLog(_) => "unknown-log",
            Self::InclusionProof(_) => "bad-inclusion-proof",
            Self::Checkpoint(_) => "bad-checkpoint",
            Self::InclusionPromise(_) => "bad-inclusion-promise",
            Self::LogEntry(_) => "other-log-entry",
            Self::IntegratedTime(_) => "bad-integrated-time",
            Self::Timestamp(_) => "bad-timestamp",
            Self::NoTime => "no-signing-time",
        }
    }

    /// How far verifying came: of several errors the one that came furthest says most.
    #[must_use]
    pub const fn phase(&self) -> u8 {
        match self {
            Self::Malformed(_) => 0,
            Self::Unsupported(_) | Self::NeedsWhole => 1,
            Self::UnknownSigner(_) => 2,
            Self::Certificate(_) | Self::UnknownLog(_) => 3,
            Self::CertificateTime(_)
            | Self::ExpiredRoot { .. }
            | Self::CertificateLog(_)
            | Self::NoLogEntry
            | Self::InclusionProof(_)
            | Self::Checkpoint(_)
            | Self::InclusionPromise(_)
            | Self::IntegratedTime(_)
            | Self::Timestamp(_)
            | Self::NoTime => 4,
            Self::BadSignature => 5,
            Self::OtherArtifact(_) | Self::LogEntry(_) => 6,
            Self::EmptyIdentity | Self::UnknownIdentity { .. } => 7,
        }
    }

    /// The library's error in the house's words.
    pub(crate) fn of(error: Error, root: &TrustRoot) -> Self {
        match error {
            Error::IdentityMismatch { .. } | Error::IssuerMismatch { .. } => Self::EmptyIdentity,
            Error::SignatureInvalid(_) => Self::BadSignature,
            Error::ArtifactMismatch(what) => Self::OtherArtifact(what),
            Error::UnsupportedArtifact(_) => Self::NeedsWhole,
            Error::Certificate(error) => Self::of_certificate(error, root),
            Error::TransparencyLog(error) => Self::of_log(error),
            Error::Timestamp(TimestampError::OutsideAuthorityValidity { time }) => Self::ExpiredRoot {
                root: root.name().to_owned(),
                what: format!("it does not vouch for the timestamp authority at {time}"),
            },
            Error::Timestamp(TimestampError::Invalid(what)) => Self::Timestamp(what),
            Error::Timestamp(_) => Self::NoTime,
            Error::Bundle(error) => Self::of_bundle(error),
            Error::InvalidBundle(what) => Self::Malformed(what),
            Error::UnsupportedBundle(what) => Self::Unsupported(what),
            other => Self::Malformed(other.to_string()),
        }
    }

    fn of_certificate(error: CertificateError, root: &TrustRoot) -> Self {
        match error {
            CertificateError::NoValidAuthority { time } if root.had_ended(time) => Self::ExpiredRoot {
                root: root.name().to_owned(),
                what: format!("it names no certificate authority for {time}"),
            },
            error @ (CertificateError::NotYetValid { .. } | CertificateError::Expired { .. }) => {
                Self::CertificateTime(error.to_string())
            }
            // The library's chain verifier says so before the library's own check does.
            CertificateError::ChainInvalid(what)
                if ["CertExpired", "CertNotValidYet"].iter().any(|name| what.contains(name)) =>
            {
                Self::CertificateTime(what)
            }
            CertificateError::Sct(what) => Self::CertificateLog(what),
            other => Self::Certificate(other.to_string()),
        }
    }

    fn of_log(error: TransparencyLogError) -> Self {
        match error {
            TransparencyLogError::UnknownLog { log_id } => Self::UnknownLog(log_id),
            TransparencyLogError::InclusionProof(what) => Self::InclusionProof(what),
            TransparencyLogError::Checkpoint(what) => Self::Checkpoint(what),
            TransparencyLogError::InclusionPromise(what) => Self::InclusionPromise(what),
            TransparencyLogError::EntryMismatch(what) => Self::LogEntry(what),
            TransparencyLogError::IntegratedTime(what) => Self::IntegratedTime(what),
            other => Self::LogEntry(other.to_string()),
        }
    }

    fn of_bundle(error: sigstore_verify::bundle::Error) -> Self {
        use sigstore_verify::bundle::Error as Structure;
        let what = error.to_string();
        match error {
            Structure::MissingInclusionPromise(_) => Self::InclusionPromise(what),
            Structure::MissingInclusionProof(_) | Structure::LogIndexOutOfRange { .. } => {
                Self::InclusionProof(what)
            }
            Structure::MissingCheckpoint | Structure::CheckpointRootMismatch => Self::Checkpoint(what),
            Structure::MissingSigningTimeEvidence | Structure::MissingTimestamp => Self::NoTime,
            _ => Self::Malformed(what),
        }
    }
}

/// Whether the certificate carries signed certificate timestamps (RFC 6962), whatever they are worth.
pub(super) fn has_sct(bundle: &Bundle) -> bool {
    // The extension's object identifier, 1.3.6.1.4.1.11129.2.4.2, as DER.
    const OID: [u8; 12] = [0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];
    bundle
        .signing_certificate()
        .is_none_or(|certificate| certificate.as_bytes().windows(OID.len()).any(|window| window == OID))
}
