//! What a decision rests on, in plain facts. Signatures, subjects and reports were looked at before:
//! what did not stand up comes as an [`Objection`], never as a statement.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use model::{Class, ContentDigest, Finding, Package, Sha256};

use crate::changes::Previous;
use crate::code::Code;
use crate::feeds::Feeds;
use crate::kind::{EvidenceKind, Seen};

/// Everything that was found about one image.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The image.
    pub image: Image,
    /// Statements that are genuine and about this image.
    pub statements: Vec<Statement>,
    /// What else was found.
    pub objections: Vec<Objection>,
    /// The environment that the image is for, where one is named.
    pub environment: Option<String>,
    /// What is known about vulnerabilities beyond the scans.
    pub feeds: Feeds,
    /// Every package that the scans saw.
    pub packages: BTreeSet<Package>,
    /// The packages of the image that this one was built on, where they are known.
    pub base_packages: Option<BTreeSet<Package>>,
    /// The image that this one is to take the place of.
    pub previous: Option<Previous>,
    /// When the image was published, where it is decided about again: the age of what was made once is counted
    /// to then. None where it is decided about for the first time.
    pub published: Option<Timestamp>,
}

impl Evidence {
    /// Nothing yet but the image itself.
    #[must_use]
    pub fn about(image: Image) -> Self {
        Self {
            image,
            statements: Vec::new(),
            objections: Vec::new(),
            environment: None,
            feeds: Feeds::default(),
            packages: BTreeSet::new(),
            base_packages: None,
            previous: None,
            published: None,
        }
    }
}

/// The image that is decided about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its name.
    pub name: String,
    /// Its family: exceptions are written for families.
    pub family: String,
    /// What it is.
    pub content_digest: ContentDigest,
    /// The image it was built on.
    pub base: Option<(String, ContentDigest)>,
}

/// A genuine statement about the image.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Its file's name: what reasons refer to.
    pub file: String,
    /// The SHA-256 of its payload.
    pub payload: Sha256,
    /// Who signed it.
    pub signed: Signed,
    /// When it was made, by its own word.
    pub issued: Option<Timestamp>,
    /// What it says.
    pub facts: Facts,
}

/// Who signed a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// Those of the policy's signers whose key it is.
    By(Vec<String>),
    /// Nobody.
    Unsigned,
}

/// What a statement says, as far as decisions need it.
#[derive(Debug, Clone)]
pub enum Facts {
    /// Files were verified, and the provenance names each.
    SignatureVerification,
    /// What went into the image is recorded.
    Provenance,
    /// Tests ran.
    TestResult {
        /// The tool.
        tool: String,
        /// How it saw the image.
        seen: Seen,
        /// What it said of the whole run.
        outcome: TestOutcome,
        /// Tests that passed.
        passed: u64,
        /// Tests that failed.
        failed: u64,
        /// Tests that did not run.
        skipped: u64,
    },
    /// What is in the image was listed.
    Sbom {
        /// The tool.
        tool: String,
        /// How it saw the image.
        seen: Seen,
        /// How many packages it lists.
        packages: u64,
    },
    /// What is in the image was listed, for readers of SPDX.
    SpdxSbom {
        /// How many packages it lists.
        packages: u64,
    },
    /// A scanner looked.
    Vulns {
        /// The scanner.
        scanner: String,
        /// How it saw the image.
        seen: Seen,
        /// How many packages it saw.
        packages: u64,
        /// The date of its database.
        database: Option<Timestamp>,
        /// Whether that was the sample database.
        sample: bool,
        /// What it looked for: of the other classes, its silence says nothing.
        looked_for: BTreeSet<Class>,
        /// Everything it found, from the full report.
        findings: Arc<Vec<Finding>>,
    },
    /// The verification of the image that this one was built on.
    BaseVsa {
        /// The verifier's id.
        verifier: String,
        /// Whether it passed.
        passed: bool,
        /// The levels that it says were reached: by which policy it passed.
        levels: Vec<String>,
    },
}

/// What a test tool says of a whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestOutcome {
    /// Everything passed.
    Passed,
    /// Everything passed, with warnings.
    Warned,
    /// Something failed.
    Failed,
}

impl Facts {
    /// The kind of evidence.
    #[must_use]
    pub const fn kind(&self) -> EvidenceKind {
        match self {
            Self::SignatureVerification => EvidenceKind::SignatureVerification,
            Self::Provenance => EvidenceKind::Provenance,
            Self::TestResult { .. } => EvidenceKind::TestResult,
            Self::Sbom { .. } => EvidenceKind::Sbom,
            Self::SpdxSbom { .. } => EvidenceKind::SpdxSbom,
            Self::Vulns { .. } => EvidenceKind::Vulns,
            Self::BaseVsa { .. } => EvidenceKind::Vsa,
        }
    }

    /// The tool that looked, and how it saw the image.
    pub(crate) fn view(&self) -> Option<(&str, Seen)> {
        match self {
            Self::TestResult { tool, seen, .. } | Self::Sbom { tool, seen, .. } => Some((tool, *seen)),
            Self::Vulns { scanner, seen, .. } => Some((scanner, *seen)),
            Self::BaseVsa { verifier, .. } => Some((verifier, Seen::Indirect)),
            Self::SignatureVerification | Self::Provenance | Self::SpdxSbom { .. } => None,
        }
    }
}

/// Something about the evidence that speaks against the image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Objection {
    /// Its code.
    pub code: Code,
    /// The file it is about.
    pub file: String,
    /// One sentence.
    pub message: String,
}
