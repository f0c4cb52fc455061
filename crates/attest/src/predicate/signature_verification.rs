//! `https://hallmark.dev/signature-verification/v1`: these files (the subjects) were signed by these
//! keys and identities. Ours, because no standard predicate says that a consumer verified signatures. It
//! joins an image through the provenance's `resolvedDependencies`.

use jiff::Timestamp;
use model::Sha256;
use serde::{Deserialize, Serialize};
use signers::Identity;

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
    /// The manifest that said whose signature each file needs.
    pub manifest: ResourceDescriptor,
    /// The trusted roots that proofs were verified against.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_roots: Vec<TrustedRoot>,
    /// Each file and its proofs.
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

/// A trusted root: whom certificates, logs and timestamps were believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrustedRoot {
    /// `public-good`, `github`, or the file it was read from.
    pub name: String,
    /// What it is.
    pub digest: FileDigest,
    /// The newest date in it: it is at least as old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
}

/// One file whose signatures were good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedFile {
    /// The file's path, relative to the manifest's folder; also its subject's name.
    pub name: String,
    /// What it is.
    pub digest: FileDigest,
    /// How many bytes it has.
    pub size: u64,
    /// The list of checksums that vouches for it, in place of signatures of its own; that list is a file here too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_in: Option<ListedIn>,
    /// Everybody who signed it, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<VerifiedSignature>,
    /// What its provenance says, where the manifest asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<BuiltBy>,
}

/// A list of checksums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedIn {
    /// Its path, relative to the manifest's folder.
    pub name: String,
    /// What it is.
    pub digest: FileDigest,
}

/// One signature over a file, and what vouches for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedSignature {
    /// The file that it was read from.
    pub file: SignatureFile,
    /// Who made it.
    pub signer: Signer,
    /// Every time that a log or timestamp authority vouches for, earliest first. The signature is not younger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<Timestamp>,
    /// Its index in a transparency log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_index: Option<u64>,
    /// The trusted root that vouches, by its digest: one of [`Predicate::trusted_roots`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_root: Option<Sha256>,
}

/// Where the signature was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureFile {
    /// Its path, relative to the manifest's folder.
    pub name: String,
    /// The SHA-256 of the signature file.
    pub digest: FileDigest,
}

/// Who signed: a key or an identity, under the name that the manifest has for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signer {
    /// The manifest's name for the key or identity.
    pub name: String,
    /// A key: the SHA-256 of the public key as DER.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<Sha256>,
    /// What kind of key it is: `ecdsa-p256`, `ecdsa-p384`, `ed25519`, `rsa`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// An identity: what its certificate says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Box<Identity>>,
}

/// What SLSA provenance says about a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuiltBy {
    /// The builder's id.
    pub builder: String,
    /// The source repository, without a scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The ref that was built.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
    /// The workflow file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
}
