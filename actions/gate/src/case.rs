//! Everything that one verdict depends on, as bytes: nothing else may have a say in it.

use std::collections::BTreeMap;

use attest::Signer;
use attest::predicate::verdict::Sources;
use attest::{EvidenceFile, Form};
use jiff::Timestamp;
use model::Sha256;
use serde::{Deserialize, Serialize};

/// One decision's inputs.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// The clock.
    pub(crate) now: Timestamp,
    /// Who decides.
    pub(crate) gate: Gate,
    /// The resolved policy's canonical JSON.
    pub(crate) policy: Vec<u8>,
    /// The trusted roots that its identities need, by what the policy calls them.
    pub(crate) roots: Vec<Item>,
    /// The exceptions file.
    pub(crate) exceptions: Option<Vec<u8>>,
    /// Where policy and exceptions came from.
    pub(crate) sources: Sources,
    /// What the image is for: `prod`.
    pub(crate) environment: Option<String>,
    /// FIRST's scores.
    pub(crate) epss: Option<Vec<u8>>,
    /// CISA's catalog.
    pub(crate) kev: Option<Vec<u8>>,
    /// `image.json`.
    pub(crate) image: Vec<u8>,
    /// The files of the evidence folder.
    pub(crate) evidence: Vec<Item>,
    /// What lies in the folder and is no evidence: name, and why.
    pub(crate) strays: Vec<(String, String)>,
    /// Verification summaries and scans of the base image.
    pub(crate) base: Vec<Item>,
    /// The image that this one is compared with.
    pub(crate) previous: Option<Previous>,
    /// Full reports by the digest that statements give, of the image, its base and the one before; none
    /// where there is none.
    pub(crate) reports: BTreeMap<Sha256, Option<Vec<u8>>>,
    /// What GitHub says of the run in which a verdict is resumed: canonical JSON.
    pub(crate) click: Option<Vec<u8>>,
    /// The approval that a verdict is resumed with.
    pub(crate) approval: Option<Item>,
    /// The verdict that the approval names, where it was found.
    pub(crate) prior: Option<Item>,
}

/// The image in the channel, as far as it was found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Previous {
    /// Its `image.json`; none where it could not be read.
    pub(crate) image: Option<Vec<u8>>,
    /// Its scans.
    pub(crate) evidence: Vec<Item>,
}

/// The program that decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Gate {
    /// What it calls itself in summaries.
    pub(crate) verifier_id: String,
    /// Its version.
    pub(crate) version: String,
    /// The SHA-256 of its executable.
    pub(crate) sha256: Sha256,
    /// As whom it signs.
    pub(crate) signer: Option<Signer>,
}

/// A statement's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Its name.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) bytes: Vec<u8>,
}

impl Item {
    /// What its name promises; the approval's name is the caller's, so anything else counts as signed.
    pub(crate) fn form(&self) -> Form {
        if self.name.ends_with(".intoto.json") { Form::Unsigned } else { Form::Signed }
    }
}

impl From<EvidenceFile> for Item {
    fn from(file: EvidenceFile) -> Self {
        Self { name: file.name, bytes: file.bytes }
    }
}
