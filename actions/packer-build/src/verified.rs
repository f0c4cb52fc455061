//! Files that `verify-signatures` has verified: checked again, so that what was verified is what is
//! built with.

use crate::files;
use anyhow::{Context as _, Result, bail, ensure};
use attest::{EvidenceDir, Kind, Statement, Trust, predicate::signature_verification, read_unsigned, verify};
use model::Sha256;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file that was verified, and still has the verified bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VerifiedFile {
    pub(crate) name: String,
    pub(crate) digest: Sha256,
    /// The statement that says so.
    pub(crate) statement: Sha256,
}

/// Reads the evidence at these paths and checks each file that it names. Where this job signs, the evidence has to
/// be signed by it: it is the same job that verifies and bakes, and what it says here, it signs.
pub(crate) fn files(paths: &[PathBuf], own: Option<&Trust>, cwd: &Path) -> Result<Vec<VerifiedFile>> {
    let mut files: Vec<VerifiedFile> = Vec::new();
    for path in paths {
        let before = files.len();
        for (file, bytes) in evidence(path)? {
            let read =
                || statement(&bytes, &file, own).and_then(|(statement, id)| check(&statement, id, cwd));
            files.extend(read().with_context(|| format!("the evidence {}", file.display()))?);
        }
        ensure!(
            files.len() > before,
            "{} holds no evidence of verify-signatures: run it first, with the same `evidence`",
            path.display()
        );
    }
    files.sort_unstable_by(|a, b| (&a.name, a.digest).cmp(&(&b.name, b.digest)));
    files.dedup_by(|a, b| a.name == b.name && a.digest == b.digest);
    Ok(files)
}

fn evidence(path: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    if !path.is_dir() {
        let bytes = fs::read(path).with_context(|| format!("cannot read the evidence {}", path.display()))?;
        return Ok(vec![(path.to_owned(), bytes)]);
    }
    let prefix = format!("{}.", Kind::SignatureVerification.slug());
    let listing = EvidenceDir::new(path).list()?;
    let wanted = listing.files.into_iter().filter(|file| file.name.starts_with(&prefix));
    Ok(wanted.map(|file| (file.path, file.bytes)).collect())
}

fn statement(bytes: &[u8], file: &Path, own: Option<&Trust>) -> Result<(Statement, Sha256)> {
    let signed = file.to_string_lossy().ends_with(".sigstore.json");
    let (statement, kind, id) = match (signed, own) {
        (true, Some(own)) => {
            let verified = verify(bytes, own).context("is not signed by this job's `signing-key`")?;
            (verified.statement, verified.kind, verified.payload_digest)
        }
        (true, None) => {
            bail!("is signed, and there is no `signing-key` to check it with: give the job's key")
        }
        (false, Some(_)) => {
            bail!("is not signed, and this job signs what it says: verify with its `signing-key` too")
        }
        (false, None) => {
            let unsigned = read_unsigned(bytes)?;
            (unsigned.statement, unsigned.kind, unsigned.payload_digest)
        }
    };
    ensure!(kind == Kind::SignatureVerification, "is of the kind {}, not of verify-signatures", kind.slug());
    Ok((statement, id))
}

fn check(statement: &Statement, id: Sha256, cwd: &Path) -> Result<Vec<VerifiedFile>> {
    let predicate: signature_verification::Predicate = statement.predicate()?;
    let manifest = predicate.manifest.name.as_deref().unwrap_or_default();
    // Names are relative to the manifest's folder, whose own name is relative to the working folder.
    let folder = Path::new(manifest).parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    for file in &predicate.files {
        let path = [cwd.join(folder).join(&file.name), cwd.join(&file.name)]
            .into_iter()
            .find(|path| path.is_file())
            .with_context(|| format!("names {}, which is not there any more", file.name))?;
        let found = files::digest(&path)?;
        ensure!(
            found == file.digest.sha256,
            "verified {} with SHA-256 {}, but it has {found} now: it was changed in between",
            file.name,
            file.digest.sha256
        );
        files.push(VerifiedFile { name: file.name.clone(), digest: found, statement: id });
    }
    Ok(files)
}
