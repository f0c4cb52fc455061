//! SLSA verification summary v1: the decision in the form that other tools read.
//! <https://slsa.dev/spec/v1.0/verification_summary>

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::DigestSet;
use serde::{Deserialize, Serialize};

use super::ResourceDescriptor;

/// The predicate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// Who decided.
    pub verifier: Verifier,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_verified: Option<Timestamp>,
    /// What was decided about.
    pub resource_uri: String,
    /// The policy that decided.
    pub policy: ResourceDescriptor,
    /// What it was decided from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_attestations: Vec<InputAttestation>,
    /// What was decided.
    pub verification_result: VerificationResult,
    /// The levels that were reached: our own names (`HALLMARK_…`), and never an unearned `SLSA_…`.
    pub verified_levels: Vec<String>,
    /// The version of the SLSA specification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slsa_version: Option<String>,
}

/// The verifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    /// A URI that names it.
    pub id: String,
    /// Its parts and their versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub version: BTreeMap<String, String>,
}

/// A statement that was taken into account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputAttestation {
    /// Where it is.
    pub uri: String,
    /// What it is.
    pub digest: DigestSet,
}

/// The decision, as SLSA knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum VerificationResult {
    /// The policy is met.
    Passed,
    /// It is not.
    Failed,
}
