//! `https://hallmark.dev/signature-verification/v1`: these files (the subjects) were signed by these
//! keys. Ours, because no standard predicate says that a consumer verified detached signatures. It
//! joins an image through the provenance's `resolvedDependencies`.

use jiff::Timestamp;
use model::Sha256;
use serde::{Deserialize, Serialize};

use super::{FileDigest, ResourceDescriptor};

/// The predicate. Its files are the statement's subjects; a file that was asked for twice is one
/// subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// Who verified.
    pub verifier: Verifier,
    /// When.
    pub verified_on: Timestamp,
    /// The manifest that said which key each file needs.
    pub manifest: ResourceDescriptor,
    /// Each file and its proof.
    pub files: Vec<VerifiedFile>,
}

/// The program that verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    /// A URI that names it.
    pub id: String,
    /// Its version.
    pub version: String,
}

/// One file whose signature was good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedFile {
    /// The file's path, relative to the manifest's folder; also its subject's name.
    pub name: String,
    /// What it is.
    pub digest: FileDigest,
    /// How many bytes it has.
    pub size: u64,
    /// The signature that was verified.
    pub signature: SignatureFile,
    /// The key that made it.
    pub signer: Signer,
}

/// Where the signature was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureFile {
    /// Its path, relative to the manifest's folder.
    pub name: String,
    /// The SHA-256 of the signature file.
    pub digest: FileDigest,
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signer {
    /// The manifest's name for the key.
    pub key: String,
    /// The SHA-256 of the public key as DER.
    pub key_id: Sha256,
    /// What kind of key it is: `ecdsa-p256`, `ecdsa-p384`, `ed25519`, `rsa`.
    pub algorithm: String,
}
