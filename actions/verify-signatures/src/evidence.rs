//! What is recorded: a signature-verification statement whose subjects are the files.

use std::collections::BTreeSet;

use attest::Statement;
use attest::predicate::ResourceDescriptor;
use attest::predicate::signature_verification::{Predicate, SignatureFile, Signer, VerifiedFile, Verifier};
use model::{Sha256, Subject};

use crate::check::Good;

/// Names this program in evidence.
const VERIFIER: &str = "https://hallmark.dev/verify-signatures";

/// The statement about files that were all good.
pub(crate) fn statement(
    manifest: (&str, Sha256),
    good: &[Good],
    now: jiff::Timestamp,
) -> Result<Statement, attest::StatementError> {
    let files = good.iter().map(verified_file).collect();
    let predicate = Predicate {
        verifier: Verifier { id: VERIFIER.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        verified_on: now,
        manifest: ResourceDescriptor::file(manifest.0, manifest.1),
        files,
    };
    Statement::of(subjects(good), &predicate)
}

/// Each file once, though several entries may have asked for it.
fn subjects(good: &[Good]) -> Vec<Subject> {
    let unique: BTreeSet<_> = good.iter().map(|good| (good.path.as_str(), good.sha256)).collect();
    unique.into_iter().map(|(name, sha256)| Subject::file(name, sha256)).collect()
}

fn verified_file(good: &Good) -> VerifiedFile {
    VerifiedFile {
        name: good.path.to_string(),
        digest: good.sha256.into(),
        size: good.size,
        signature: SignatureFile { name: good.signature.to_string(), digest: good.signature_sha256.into() },
        signer: Signer {
            key: good.key_name.clone(),
            key_id: good.key.key_id(),
            algorithm: good.key.algorithm().as_str().to_owned(),
        },
    }
}
