//! What is recorded: a signature-verification statement whose subjects are the files.

use std::collections::BTreeSet;

use attest::Statement;
use attest::predicate::ResourceDescriptor;
use attest::predicate::signature_verification::{
    ListedIn, Predicate, SignatureFile, Signer, TrustedRoot, VerifiedFile, VerifiedSignature, Verifier,
};
use model::{Sha256, Subject};

use crate::check::{Checked, Good, Signed};

/// Names this program in evidence.
const VERIFIER: &str = "https://hallmark.dev/verify-signatures";

/// The statement about files that were all good.
pub(crate) fn statement(
    manifest: (&str, Sha256),
    checked: &Checked,
    now: jiff::Timestamp,
) -> Result<Statement, attest::StatementError> {
    let root = |root: &std::sync::Arc<attest::TrustRoot>| TrustedRoot {
        name: root.name().to_owned(),
        digest: root.digest().into(),
        as_of: root.as_of(),
    };
    let predicate = Predicate {
        verifier: Verifier { id: VERIFIER.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        verified_on: now,
        manifest: ResourceDescriptor::file(manifest.0, manifest.1),
        trusted_roots: checked.roots.iter().map(root).collect(),
        files: checked.good.iter().map(verified_file).collect(),
    };
    Statement::of(subjects(&checked.good), &predicate)
}

/// Each file once, though several entries may have asked for it.
fn subjects(good: &[Good]) -> Vec<Subject> {
    let unique: BTreeSet<_> = good.iter().map(|good| (good.path.as_str(), good.sha256)).collect();
    unique.into_iter().map(|(name, sha256)| Subject::file(name, sha256)).collect()
}

fn verified_file(good: &Good) -> VerifiedFile {
    let listed = good.listed.as_ref();
    VerifiedFile {
        name: good.path.to_string(),
        digest: good.sha256.into(),
        size: good.size,
        listed_in: listed.map(|list| ListedIn { name: list.path.to_string(), digest: list.sha256.into() }),
        signatures: good.signed.iter().map(signature).collect(),
        provenance: good.provenance.clone(),
    }
}

fn signature(signed: &Signed) -> VerifiedSignature {
    let proof = &signed.proof;
    let (key_id, identity) = match &proof.signer {
        attest::Signer::KeyId(id) => (Some(*id), None),
        attest::Signer::Identity(identity) => (None, Some(identity.clone())),
    };
    let algorithm = signed.algorithm.map(|algorithm| algorithm.as_str().to_owned());
    VerifiedSignature {
        file: SignatureFile { name: signed.file.to_string(), digest: signed.file_sha256.into() },
        signer: Signer { name: signed.name.clone(), key_id, algorithm, identity },
        times: proof.times.clone(),
        log_index: proof.log_index,
        trusted_root: proof.root.as_ref().map(|(_, digest)| *digest),
    }
}
